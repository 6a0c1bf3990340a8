"""book(): the one place where money moves. Balances are taken by conditional UPDATE; the database is the judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, NotFound
from issuing_portal.core.ids import new_id
from issuing_portal.core.money import CurrencyMismatch
from issuing_portal.core.operations import operation
from issuing_portal.events.operations import actor_json
from issuing_portal.ledger.models import COUNTED_KINDS, Account, AccountKind, AccountStatus, JournalEntry, Posting
from issuing_portal.partners.models import Programme


class InsufficientFunds(DomainError):
    code, status, title = "insufficient_funds", 409, "The account has {available} available (minor units); {asked} were asked for."


class InsufficientFunding(DomainError):
    code, status, title = "insufficient_funding", 409, "The programme has {available} of unallocated funding (minor units); {asked} were asked for."


class AccountClosed(DomainError):
    code, status, title = "account_closed", 409, "The account is closed."


class AccountRestricted(DomainError):
    code, status, title = "account_restricted", 409, "The account is restricted: no money may leave it."


class HoldMissing(DomainError):
    code, status, title = "hold_missing", 409, "The account holds less than the hold to be released."


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a booking in minor units: credit positive, debit negative.

    `release_hold_minor` frees that much of the account's holds in the same step. `may_overdraw` is for money that the
    network has moved already: neither the balance nor a state short of CLOSED refuses it.
    """

    account_id: UUID
    amount_minor: int
    release_hold_minor: int = 0
    may_overdraw: bool = False

    @property
    def guarded(self) -> bool:
        return self.amount_minor < 0 and not self.may_overdraw


@operation
def book(*, kind: str, programme: Programme, legs: Sequence[Leg], reference: str = "", source_id: UUID | None = None,
         reverses_id: UUID | None = None, entry_id: UUID | None = None, by: Actor, now: datetime) -> JournalEntry:
    """Book one balanced entry in the programme's currency and move the running balances, all or nothing.

    Rows are locked in the order of their ids. `entry_id` is the entry's id where the caller has named it
    already. A leg of zero only releases its hold and leaves no posting.
    Raises: InsufficientFunds, InsufficientFunding, AccountRestricted, AccountClosed, HoldMissing, NotFound.
    """
    if sum(leg.amount_minor for leg in legs) or sum(1 for leg in legs if leg.amount_minor) < 2:
        raise ValueError("the legs of an entry sum to zero, and at least two of them move money")
    ordered = sorted(legs, key=lambda leg: leg.account_id)
    kinds = _kinds(programme, ordered)
    after = [_take(leg, now) if kinds[leg.account_id] in COUNTED_KINDS else None for leg in ordered]
    entry = JournalEntry.objects.create(
        id=entry_id or new_id(), partner_id=programme.partner_id, livemode=programme.livemode, programme_id=programme.pk, kind=kind, reference=reference,
        source_id=source_id, reverses_id=reverses_id, actor=actor_json(by), booked_at=now)
    # Posting ids are drawn after the locks, so that an account's postings sort in the order of its balances.
    Posting.objects.bulk_create([
        Posting(entry=entry, account_id=leg.account_id, amount_minor=leg.amount_minor, currency=programme.currency, posted_after_minor=balance)
        for leg, balance in zip(ordered, after, strict=True) if leg.amount_minor])
    return entry


@operation
def take_hold(*, account_id: UUID, amount_minor: int, may_overdraw: bool = False, by: Actor, now: datetime) -> None:
    """Hold `amount_minor` more on an account; with `may_overdraw` whatever its balance and state short of CLOSED.

    Raises: InsufficientFunds, AccountRestricted, AccountClosed, NotFound.
    """
    taken = _run(TAKE_HOLD, id=account_id, amount=amount_minor, free=may_overdraw, now=now)
    if taken is None:
        raise _refusal(Leg(account_id, -amount_minor, may_overdraw=may_overdraw))


@operation
def release_hold(*, account_id: UUID, amount_minor: int, by: Actor, now: datetime) -> None:
    """Free `amount_minor` of an account's holds, whatever its state. Raises: HoldMissing, NotFound."""
    if _run(RELEASE_HOLD, id=account_id, amount=amount_minor, now=now) is None:
        raise _refusal(Leg(account_id, 0, release_hold_minor=amount_minor))


TAKE = """
UPDATE ledger_account SET posted_minor = posted_minor + %(amount)s, held_minor = held_minor - %(release)s, updated_at = %(now)s
WHERE id = %(id)s AND held_minor >= %(release)s AND status <> 'CLOSED'
  AND (NOT %(guarded)s OR (status = 'OPEN' AND posted_minor - held_minor + credit_limit_minor + %(release)s >= -%(amount)s))
RETURNING posted_minor"""
TAKE_HOLD = """
UPDATE ledger_account SET held_minor = held_minor + %(amount)s, updated_at = %(now)s
WHERE id = %(id)s AND status <> 'CLOSED'
  AND (%(free)s OR (status = 'OPEN' AND posted_minor - held_minor + credit_limit_minor >= %(amount)s))
RETURNING held_minor"""
RELEASE_HOLD = """
UPDATE ledger_account SET held_minor = held_minor - %(amount)s, updated_at = %(now)s
WHERE id = %(id)s AND held_minor >= %(amount)s RETURNING held_minor"""


def _take(leg: Leg, now: datetime) -> int:
    after = _run(TAKE, id=leg.account_id, amount=leg.amount_minor, release=leg.release_hold_minor, guarded=leg.guarded, now=now)
    if after is None:
        raise _refusal(leg)
    return after


def _run(statement: str, **values: Any) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return row[0] if row else None


def _kinds(programme: Programme, legs: Sequence[Leg]) -> dict[UUID, str]:
    """The kind of each account: like programme and currency it never changes, so this read needs no lock."""
    found = {row.pk: row for row in Account.objects.filter(pk__in={leg.account_id for leg in legs}).only("kind", "currency", "programme_id")}
    for leg in legs:
        if leg.account_id not in found or found[leg.account_id].programme_id != programme.pk:
            raise NotFound("account")
        if found[leg.account_id].currency != programme.currency:
            raise CurrencyMismatch(f"{found[leg.account_id].currency} does not book in a programme of {programme.currency}")
        if found[leg.account_id].kind not in COUNTED_KINDS and leg.release_hold_minor:
            raise ValueError("a system account holds nothing")
    return {key: row.kind for key, row in found.items()}


def _refusal(leg: Leg) -> DomainError:
    """Why the conditional UPDATE met no row, told from the row as it is now."""
    account = Account.objects.filter(pk=leg.account_id).first()
    if account is None:
        return NotFound("account")
    if account.held_minor < leg.release_hold_minor:
        return HoldMissing()
    if account.status == AccountStatus.CLOSED:
        return AccountClosed()
    if account.status != AccountStatus.OPEN:
        return AccountRestricted()
    refusal = InsufficientFunding if account.kind == AccountKind.PROGRAMME_FUNDING else InsufficientFunds
    return refusal(available=account.available_minor, asked=-leg.amount_minor)
