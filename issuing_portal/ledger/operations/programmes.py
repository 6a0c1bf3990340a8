"""A programme's own money: its system accounts, and funding that was confirmed."""

from datetime import datetime
from uuid import UUID

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import NotFound
from issuing_portal.core.operations import operation
from issuing_portal.events.operations import record
from issuing_portal.ledger import queries
from issuing_portal.ledger.models import SYSTEM_KINDS, Account, AccountKind, EntryKind, JournalEntry
from issuing_portal.ledger.operations.booking import Leg, book
from issuing_portal.ledger.operations.four_eyes import refuse_staff_alone
from issuing_portal.partners import operations as partners
from issuing_portal.partners.models import Programme

TEST_FUNDING_MINOR = 10**11
"""What a programme in test mode is born with: a milliard pounds or euros, a tenth of that in dinars."""


@operation
def set_up_programme(*, partner_id: UUID, livemode: bool, spec: partners.ProgrammeSpec, by: Actor, now: datetime) -> Programme:
    """Create a programme (see partners.operations.create_programme) with its system accounts.

    In test mode it is born with TEST_FUNDING_MINOR of confirmed funding (DESIGN §6).
    """
    programme = partners.create_programme(partner_id=partner_id, livemode=livemode, spec=spec, by=by, now=now)
    open_programme_accounts(programme=programme, by=by, now=now)
    if not programme.livemode:
        confirm_funding(programme_id=programme.pk, amount=TEST_FUNDING_MINOR, reference="test funding", by=Actor.system("test funding"), now=now)
    return programme


@operation
def open_programme_accounts(*, programme: Programme, by: Actor, now: datetime) -> list[Account]:
    """Open the system accounts that the programme does not have yet in its currency; returns all of them."""
    Account.objects.bulk_create(
        [Account(partner_id=programme.partner_id, livemode=programme.livemode, programme=programme, kind=kind, currency=programme.currency,
                 created_at=now, updated_at=now) for kind in SYSTEM_KINDS], ignore_conflicts=True)
    return list(Account.objects.filter(programme=programme, currency=programme.currency).exclude(kind=AccountKind.CUSTOMER))


@operation
def confirm_funding(*, programme_id: UUID, amount: int, reference: str = "", by: Actor, now: datetime) -> JournalEntry:
    """Book money that has arrived: Dr safeguarded cash, Cr unallocated funding. Staff do it by four eyes.

    Raises: NotFound, FourEyesNeeded.
    """
    refuse_staff_alone(by, "Programme funding")
    return book_confirmed_funding(programme_id=programme_id, amount=amount, reference=reference, by=by, now=now)


@operation
def book_confirmed_funding(*, programme_id: UUID, amount: int, reference: str, by: Actor, now: datetime) -> JournalEntry:
    """confirm_funding without the question who asked: for the executor of an approved proposal."""
    programme = Programme.objects.filter(pk=programme_id).first()
    if programme is None:
        raise NotFound("programme")

    def account(kind: str) -> UUID:
        return queries.system_account_id(programme.pk, programme.currency, kind)

    entry = book(kind=EntryKind.FUNDING_CONFIRMED, programme=programme, reference=reference, by=by, now=now,
                 legs=[Leg(account(AccountKind.SAFEGUARDED_CASH), -amount), Leg(account(AccountKind.PROGRAMME_FUNDING), amount)])
    record("programme.funded", subject=programme, by=by, at=now,
           internal={"entry": entry.public_id, "amount": amount, "currency": programme.currency, "reference": reference})
    return entry
