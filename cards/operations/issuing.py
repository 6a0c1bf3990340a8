"""issue_card, issue_cards, update_card: how a card comes to be, and what its partner may write on it."""

import calendar
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from cardholders import queries as cardholders
from cardholders.models import Cardholder
from cards import queries, vault
from cards.models import Card, CardForm, CardStatus, CardType, OwnerKind, VaultEntry
from cards.operations.controls import Owner, write_version
from cards.operations.lifecycle import own_hand
from cards.operations.moves import note_move, take, tell
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, InvalidInput
from issuing_portal.core.ids import new_id
from issuing_portal.core.operations import operation
from issuing_portal.ledger import queries as ledger
from issuing_portal.ledger.models import Account, AccountStatus
from issuing_portal.partners.models import Programme, ProgrammeStatus


class CardholderNotEligible(DomainError):
    """`code` is that of the weightiest blocker: kyc_incomplete, cardholder_not_active, cardholder_restricted."""

    code, status, title = "cardholder_not_eligible", 409, "{text}"

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text=text)
        self.code = code  # type: ignore[misc]


class AccountNotOpen(DomainError):
    code, status, title = "account_not_open", 409, "The account takes no new cards."


class ProgrammeNotActive(DomainError):
    code, status, title = "programme_not_active", 409, "The programme issues no cards at present."


class BulkRefused(DomainError):
    """All or nothing: `errors` names the item that stood in the way."""

    code, status, title = "bulk_refused", 409, "No card was issued, for item {position} cannot be: {why}"

    def __init__(self, position: int, refusal: DomainError) -> None:
        super().__init__(position=position, why=refusal)
        inner = getattr(refusal, "errors", None) or [{"field": "", "code": refusal.code, "message": str(refusal)}]
        self.errors = [{**error, "field": f"cards[{position}].{error['field']}".rstrip(".")} for error in inner]
        self.status = refusal.status  # type: ignore[misc]


@dataclass(frozen=True)
class NewCard:
    """What a partner asks for. `controls` as API.md; `expires_on` the last day, at most the programme's validity ahead."""

    cardholder: UUID
    account: UUID
    form: str = CardForm.VIRTUAL
    type: str = CardType.STANDARD
    controls: dict[str, Any] | None = None
    expires_on: date | None = None
    activate: bool = True
    external_id: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plastic:
    """What is printed: the number's row and last digits, the expiry, the sequence; and what it came from."""

    entry: VaultEntry
    last4: str
    expires_on: date
    replaces: Card | None = None
    reason: str = ""


@operation
def issue_card(*, new: NewCard, by: Actor, now: datetime) -> Card:
    """A card for an approved customer on an open account: ACTIVE at once, or INACTIVE where it was asked for.

    Raises: InvalidInput, PermissionRefused, CardholderNotEligible, AccountNotOpen, ProgrammeNotActive, BinExhausted.
    """
    cardholder, account = _parties(new, by)
    programme = cardholder.programme
    by.require("cards.issue", programme.pk)
    expires_on = _expires_on(new, programme, now)
    _may_be_issued(programme, cardholder, account)
    kept = vault.issue_number(bin=programme.bin, expiry=vault.Expiry(expires_on.year, expires_on.month), now=now)
    card = make_card(new, cardholder, Plastic(kept.entry, kept.last4, expires_on), now)
    if new.controls is not None:
        write_version(Owner(OwnerKind.CARD, card, programme), new.controls, by, now)
    note_move(card, "", event="card.issued", reason="", hand=own_hand(by), note="", by=by, now=now)
    return queries.card_for(by, card.pk)


@operation
def issue_cards(*, new: list[NewCard], by: Actor, now: datetime) -> list[Card]:
    """Issue many cards, all or none. Raises: BulkRefused, naming the first that cannot be issued."""
    made = []
    for position, one in enumerate(new):
        try:
            made.append(issue_card(new=one, by=by, now=now))
        except DomainError as refusal:
            raise BulkRefused(position, refusal) from refusal
    return made


@operation
def update_card(*, card_id: UUID, changes: dict[str, Any], by: Actor, now: datetime) -> Card:
    """Write external_id and metadata (each whole, and only those given). Raises: NotFound."""
    card = take(card_id, by)
    wanted = {name: changes[name] for name in ("external_id", "metadata") if name in changes and changes[name] != getattr(card, name)}
    if wanted:
        Card.objects.filter(pk=card.pk).update(**wanted, updated_at=now)
        tell("card.updated", card, by=by, at=now)
    return queries.card_for(by, card.pk)


def make_card(new: NewCard, cardholder: Cardholder, plastic: Plastic, now: datetime) -> Card:
    """The row of a card; its move and event are the caller's to write."""
    programme = cardholder.programme
    status = CardStatus.ACTIVE if new.activate else CardStatus.INACTIVE
    windows_id = plastic.replaces.windows_id if plastic.replaces else new_id()
    return Card.objects.create(
        windows_id=windows_id, partner_id=cardholder.partner_id, livemode=cardholder.livemode, programme=programme, cardholder=cardholder,
        account_id=new.account,
        vault_entry=plastic.entry, form=new.form, type=new.type, status=status, scheme=programme.scheme,
        bin=programme.bin if plastic.replaces is None else plastic.replaces.bin, last4=plastic.last4,
        expiry_month=plastic.expires_on.month, expiry_year=plastic.expires_on.year, expires_on=plastic.expires_on,
        sequence_number=plastic.entry.sequence_number, replaces=plastic.replaces, replacement_reason=plastic.reason,
        external_id=new.external_id, metadata=new.metadata, issued_at=now, activated_at=now if new.activate else None, created_at=now, updated_at=now)


def refuse_ineligible(programme: Programme, cardholder: Cardholder) -> None:
    """Raises ProgrammeNotActive, CardholderNotEligible."""
    if programme.status != ProgrammeStatus.ACTIVE:
        raise ProgrammeNotActive
    for blocker in cardholders.card_blockers(cardholder):
        raise CardholderNotEligible(blocker.code, blocker.text)


def last_day(programme: Programme, now: datetime) -> date:
    """The last day of the month that lies the programme's validity ahead, in its own time zone."""
    today = now.astimezone(ZoneInfo(programme.timezone)).date()
    return month_end(today.year, today.month, programme.card_validity_months)


def month_end(year: int, month: int, ahead: int = 0) -> date:
    """The last day of the month that is `ahead` months after this one."""
    years, zero_based = divmod(year * 12 + month - 1 + ahead, 12)
    return date(years, zero_based + 1, calendar.monthrange(years, zero_based + 1)[1])


def _parties(new: NewCard, by: Actor) -> tuple[Cardholder, Account]:
    cardholder = _named("cardholder", queries.cardholder_for, by, new.cardholder)
    account = _named("account", ledger.account_for, by, new.account)
    same = account.partner_id == cardholder.partner_id and account.livemode == cardholder.livemode
    if not same or account.programme_id != cardholder.programme_id:
        raise InvalidInput(("account", "other_programme", "The account belongs to another programme than the cardholder."))
    if account.currency != cardholder.programme.currency:
        raise InvalidInput(("account", "other_currency", "The account has another currency than the programme."))
    if account.cardholder_id not in (None, cardholder.pk, cardholder.business_id):
        raise InvalidInput(("account", "other_owner", "The account belongs to another customer."))
    return cardholder, account


def _named(name: str, find: Any, by: Actor, value: UUID) -> Any:
    """What a body names and is not there is refused input, not a missing page."""
    try:
        return find(by, value)
    except DomainError as missing:
        raise InvalidInput((name, "not_found", f"There is no such {name}.")) from missing


def _may_be_issued(programme: Programme, cardholder: Cardholder, account: Account) -> None:
    refuse_ineligible(programme, cardholder)
    if account.status != AccountStatus.OPEN:
        raise AccountNotOpen


def _expires_on(new: NewCard, programme: Programme, now: datetime) -> date:
    if new.form != CardForm.VIRTUAL or new.form not in programme.card_forms:
        raise InvalidInput(("form", "form_not_offered", f"The programme does not offer {new.form} cards."))
    latest = last_day(programme, now)
    if new.expires_on is None:
        return latest
    today = now.astimezone(ZoneInfo(programme.timezone)).date()
    if not today <= new.expires_on <= latest:
        raise InvalidInput(("expires_on", "out_of_range", f"A day from {today} to {latest}."))
    return new.expires_on
