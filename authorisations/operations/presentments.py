"""Clearing and refund: the network has moved the money, so it is booked, always; what does not match is flagged.

Clearing: Dr customer, Cr scheme_settlement. Refund: Dr scheme_settlement, Cr customer. Where the customer's account is
closed or unknown, suspense stands in for it, and a person looks.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authorisations import wire
from authorisations.messages import Presentment, instant
from authorisations.models import Authorisation, AuthorisationStatus, Transaction, TransactionType
from authorisations.operations.booked import adjust_windows, answered_before, keep, original
from authorisations.operations.taps import Line
from cards.models import Card
from issuing_portal.core.actors import Actor
from issuing_portal.core.ids import new_id, parse_id, public_id
from issuing_portal.core.operations import operation
from issuing_portal.events import operations as events
from issuing_portal.ledger import operations as ledger
from issuing_portal.ledger import queries as ledger_queries
from issuing_portal.ledger.models import Account, AccountKind, AccountStatus, EntryKind
from issuing_portal.partners.models import Programme


@dataclass
class Target:
    """Where a presentment lands: the account to debit or credit, and what staff should know of it."""

    programme: Programme
    account: Account
    card: Card | None
    flags: list[str] = field(default_factory=list)


@operation
def clear(*, told: Presentment, line: Line, by: Actor, now: datetime) -> dict[str, Any]:
    """Book a clearing: single, partial (`final: false`), over the hold, late, or forced without an authorisation.

    Returns {result, transaction, authorisation, amount, currency}. Raises: ReferenceReused.
    """
    try:
        return _clear(told=told, line=line, by=by, now=now)
    except ledger.AccountClosed:
        # It closed between our look and our step: the second look finds it closed, and suspense takes the money.
        return _clear(told=told, line=line, by=by, now=now)


@operation
def refund(*, told: Presentment, line: Line, by: Actor, now: datetime) -> dict[str, Any]:
    """Book a refund, with or without its original. Returns as clear(). Raises: ReferenceReused."""
    try:
        return _refund(told=told, line=line, by=by, now=now)
    except ledger.AccountClosed:
        return _refund(told=told, line=line, by=by, now=now)


@operation
def _clear(*, told: Presentment, line: Line, by: Actor, now: datetime) -> dict[str, Any]:
    before = answered_before(told, "clearing", line, now)
    if before:
        return before
    found = original(told, line)
    amount = told.amount if told.amount is not None else found.held_minor if found else 0
    target = _target(told, found, line)
    if target is None or not amount:
        return _queue(told, "clearing", line, found, now)
    released = (found.held_minor if told.final else min(amount, found.held_minor)) if found else 0
    target.flags += _unusual(found, amount) + _overdrawn(target, amount - released)
    if found:
        # Windows before the account, as taps take them: the other way round two of them could wait for each other.
        _settle(found, amount, released, final=told.final, now=now)
    transaction = _post(told, target, found, amount, TransactionType.PURCHASE, line, now)
    answer = _answer(transaction, found)
    keep(told, "clearing", line, authorisation_id=found.id if found else None, answer=answer, evaluation={"released": released}, now=now)
    events.record("transaction.posted", subject=transaction, by=by, at=now, data=wire.transaction_shown(transaction))
    _book(transaction, target, found, -amount, released, by, now)
    return answer


@operation
def _refund(*, told: Presentment, line: Line, by: Actor, now: datetime) -> dict[str, Any]:
    before = answered_before(told, "refund", line, now)
    if before:
        return before
    found = original(told, line)
    amount = told.amount if told.amount is not None else found.cleared_minor if found else 0
    target = _target(told, found, line)
    if target is None or not amount:
        return _queue(told, "refund", line, found, now)
    if told.original_network_reference and found is None:
        target.flags.append("unmatched")
    transaction = _post(told, target, found, amount, TransactionType.REFUND, line, now)
    answer = _answer(transaction, found)
    keep(told, "refund", line, authorisation_id=found.id if found else None, answer=answer, evaluation={}, now=now)
    events.record("transaction.refunded", subject=transaction, by=by, at=now, data=wire.transaction_shown(transaction))
    _book(transaction, target, found, amount, 0, by, now)
    return answer


def _target(told: Presentment, found: Authorisation | None, line: Line) -> Target | None:
    """The customer's account; suspense where it is closed or not known; None when not even a programme fits the currency."""
    card_id = found.card_id if found else parse_id("card", told.card)
    card = Card.objects.select_related("account", "programme").filter(pk=card_id, partner_id=line.partner_id, livemode=line.livemode).first()
    programme = card.programme if card else Programme.objects.filter(
        partner_id=line.partner_id, livemode=line.livemode, currency=told.currency).order_by("id").first()
    if programme is None or programme.currency != told.currency:
        return None
    if card and card.account.status != AccountStatus.CLOSED and card.account.currency == told.currency:
        return Target(programme, card.account, card)
    return _in_suspense(programme, card, ["suspense", "account_closed" if card else "card_unknown"])


def _unusual(found: Authorisation | None, amount: int) -> list[str]:
    if found is None:
        return ["unmatched"]
    flags = ["over_clearing"] if amount > found.held_minor and found.status not in (AuthorisationStatus.REVERSED, AuthorisationStatus.EXPIRED) else []
    late = {"REVERSED": "after_reversal", "EXPIRED": "after_expiry", "DECLINED": "after_decline", "CLEARED": "after_clearing"}.get(found.status)
    return flags + ([late] if late else [])


def _overdrawn(target: Target, beyond_hold: int) -> list[str]:
    """A flag for staff, from the balance as we saw it: a clearing may take an account below zero."""
    below = target.account.kind == AccountKind.CUSTOMER and target.account.available_minor < beyond_hold
    return ["negative_balance"] if below else []


def _post(told: Presentment, target: Target, found: Authorisation | None, amount: int, type: TransactionType, line: Line, now: datetime) -> Transaction:
    """The row of the cleared money. Its entry is booked after it: the key is deferred, so that the hot account row is taken last."""
    merchant = told.merchant
    return Transaction.objects.create(
        partner_id=line.partner_id, livemode=line.livemode, programme_id=target.programme.pk, type=type, account=target.account,
        card=target.card, authorisation_id=found.id if found else None, entry_id=new_id(), connection_id=line.id, network_reference=told.network_reference,
        amount_minor=amount, currency=told.currency,
        merchant_amount_minor=told.merchant_amount if told.merchant_amount is not None else found.merchant_amount_minor if found else None,
        merchant_currency=told.merchant_currency or (found.merchant_currency if found else ""),
        merchant_id=merchant.id or (found.merchant_id if found else ""), merchant_name=merchant.name or (found.merchant_name if found else ""),
        merchant_country=merchant.country or (found.merchant_country if found else ""), mcc=merchant.mcc or (found.mcc if found else ""),
        forced=found is None and type != TransactionType.REFUND, flags=target.flags, posted_at=instant(told.cleared_at, now), created_at=now)


def _book(row: Transaction, target: Target, found: Authorisation | None, signed: int, released: int, by: Actor, now: datetime) -> None:
    """One entry between the target and scheme settlement; the hold ends on the account that has it. Raises: AccountClosed."""
    settlement = ledger_queries.system_account_id(target.programme.pk, row.currency, AccountKind.SCHEME_SETTLEMENT)
    elsewhere = bool(found and released and found.account_id != target.account.pk)
    if elsewhere:
        assert found and found.account_id
        ledger.release_hold(account_id=found.account_id, amount_minor=released, by=by, now=now)
    ledger.book(
        kind=EntryKind.REFUND if signed > 0 else EntryKind.CLEARING, programme=target.programme, entry_id=row.entry_id,
        legs=[ledger.Leg(target.account.pk, signed, release_hold_minor=0 if elsewhere else released, may_overdraw=True),
              ledger.Leg(settlement, -signed)],
        reference=row.network_reference, source_id=row.id, by=by, now=now)


def _in_suspense(programme: Programme, card: Card | None, flags: list[str]) -> Target:
    suspense = ledger_queries.system_account_id(programme.pk, programme.currency, AccountKind.SUSPENSE)
    return Target(programme, Account.objects.get(pk=suspense), card, flags)


def _settle(found: Authorisation, amount: int, released: int, *, final: bool, now: datetime) -> None:
    """The authorisation after a clearing: what is left of its hold, and windows that count what was cleared."""
    cleared, held = found.cleared_minor + amount, found.held_minor - released
    counted = max(0, amount - released) - max(0, released - amount)
    windows = adjust_windows(found, by_minor=counted, whole=False)
    target = AuthorisationStatus.CLEARED if final or held == 0 else AuthorisationStatus.PARTIALLY_CLEARED
    if found.can_become(target):
        found.move_to(target, now=now, cleared_minor=cleared, held_minor=held, windows=windows)
    else:
        Authorisation.objects.filter(pk=found.pk).update(cleared_minor=cleared, held_minor=held, windows=windows, updated_at=now)


def _answer(transaction: Transaction, found: Authorisation | None) -> dict[str, Any]:
    return {"result": "booked", "transaction": transaction.public_id, "authorisation": public_id("authorisation", found.id) if found else None,
            "amount": transaction.amount_minor, "currency": transaction.currency}


def _queue(told: Presentment, kind: str, line: Line, found: Authorisation | None, now: datetime) -> dict[str, Any]:
    """Nothing to book it against (no such currency, or no amount): kept for a person, under its reference."""
    answer = {"result": "queued_for_reconciliation", "transaction": None, "authorisation": public_id("authorisation", found.id) if found else None}
    keep(told, kind, line, authorisation_id=found.id if found else None, answer=answer, evaluation={"unbookable": True}, now=now)
    return answer


