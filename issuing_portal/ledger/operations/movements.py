"""Money between a programme's funding and its accounts, and between two accounts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import InvalidInput
from issuing_portal.core.ids import public_id
from issuing_portal.core.operations import operation
from issuing_portal.events.operations import record
from issuing_portal.ledger import queries
from issuing_portal.ledger.models import Account, AccountKind, EntryKind, JournalEntry
from issuing_portal.ledger.operations.booking import Leg, book
from issuing_portal.ledger.operations.four_eyes import refuse_staff_alone
from issuing_portal.ledger.wire import told


@operation
def fund_account(*, account_id: UUID, amount: int, reference: str = "", by: Actor, now: datetime) -> Account:
    """Move `amount` minor units of unallocated funding to an account; a restriction or block does not refuse a credit.

    Raises: NotFound, InsufficientFunding, AccountClosed, FourEyesNeeded (staff propose it).
    """
    refuse_staff_alone(by, "Funding")
    return book_fund(account_id=account_id, amount=amount, reference=reference, by=by, now=now)


@operation
def withdraw(*, account_id: UUID, amount: int, reference: str = "", by: Actor, now: datetime) -> Account:
    """Move `amount` minor units back to unallocated funding; holds are protected.

    Raises: NotFound, InsufficientFunds, AccountRestricted, AccountClosed, FourEyesNeeded (staff propose it).
    """
    refuse_staff_alone(by, "Withdrawal")
    return book_withdrawal(account_id=account_id, amount=amount, reference=reference, by=by, now=now)


@operation
def transfer(*, account_id: UUID, to_account_id: UUID, amount: int, reference: str = "", by: Actor, now: datetime) -> Account:
    """Move `amount` minor units to another account of the same partner, mode, programme and currency; gives the source.

    Raises: NotFound, InvalidInput (the target), InsufficientFunds, AccountRestricted, AccountClosed.
    """
    source = queries.account_for(by, account_id)
    by.require("accounts.transfer", source.programme_id)
    target = Account.objects.filter(pk=to_account_id, partner_id=source.partner_id, livemode=source.livemode, kind=AccountKind.CUSTOMER).first()
    if target is None:
        raise InvalidInput(("to", "not_found", "There is no such account."))
    if target.pk == source.pk:
        raise InvalidInput(("to", "same_account", "Money moves between two different accounts."))
    if (target.programme_id, target.currency) != (source.programme_id, source.currency):
        raise InvalidInput(("to", "other_programme", "Both accounts belong to one programme and have one currency."))
    entry = book(kind=EntryKind.TRANSFER, programme=source.programme, reference=reference, by=by, now=now,
                 legs=[Leg(source.pk, -amount), Leg(target.pk, amount)])
    _tell("account.transferred", target, entry, amount, by, now)
    return _tell("account.transferred", source, entry, -amount, by, now)


@operation
def book_fund(*, account_id: UUID, amount: int, reference: str, by: Actor, now: datetime) -> Account:
    """fund_account without the question who asked: for the executor of an approved proposal."""
    account = queries.account_for(by, account_id)
    entry = _with_funding(account, EntryKind.FUND, amount, reference, by, now)
    return _tell("account.funded", account, entry, amount, by, now)


@operation
def book_withdrawal(*, account_id: UUID, amount: int, reference: str, by: Actor, now: datetime) -> Account:
    """withdraw without the question who asked: for the executor of an approved proposal."""
    account = queries.account_for(by, account_id)
    entry = _with_funding(account, EntryKind.WITHDRAW, -amount, reference, by, now)
    return _tell("account.withdrawn", account, entry, -amount, by, now)


@operation
def book_adjustment(*, account_id: UUID, against: str, amount: int, reference: str, by: Actor, now: datetime) -> Account:
    """Correct an account by a signed amount against a system account of its programme (a kind of SYSTEM_KINDS).

    Raises: NotFound, InsufficientFunds, AccountRestricted, AccountClosed: a correction takes no more than there is.
    """
    account = queries.account_for(by, account_id)
    other = queries.system_account_id(account.programme_id, account.currency, against)
    entry = book(kind=EntryKind.ADJUSTMENT, programme=account.programme, reference=reference, by=by, now=now,
                 legs=[Leg(account.pk, amount), Leg(other, -amount)])
    return _tell("account.adjusted", account, entry, amount, by, now, against=against)


def _with_funding(account: Account, kind: str, amount: int, reference: str, by: Actor, now: datetime) -> JournalEntry:
    pool = queries.system_account_id(account.programme_id, account.currency, AccountKind.PROGRAMME_FUNDING)
    return book(kind=kind, programme=account.programme, legs=[Leg(account.pk, amount), Leg(pool, -amount)], reference=reference, by=by, now=now)


def _tell(event: str, account: Account, entry: JournalEntry, amount: int, by: Actor, now: datetime, **more: Any) -> Account:
    account.refresh_from_db()
    record(event, subject=account, by=by, at=now, **told(account),
           internal={"entry": public_id("journal_entry", entry.pk), "amount": amount, "currency": account.currency,
                     "reference": entry.reference, **more})
    return account
