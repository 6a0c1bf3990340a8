"""Increment: a request for more on an open authorisation, decided by the same rules, on the additional amount.

What was counted once is not counted again: count limits and single use stand aside, and a limit per authorisation is
held against the whole. Windows and funds are taken, not checked; what does not fit is undone, and the decline recorded.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction

from authorisations import queries, rules, wire
from authorisations.facts import Decision, Step, Take, TapFacts
from authorisations.messages import HOLDING_KINDS, Increment, Merchant, Tap, instant
from authorisations.models import OPEN_STATUSES, Authorisation, SpendWindow
from authorisations.operations.booked import answered_before, keep, original
from authorisations.operations.taps import Line
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError
from issuing_portal.core.ids import public_id
from issuing_portal.core.operations import operation
from issuing_portal.events import operations as events
from issuing_portal.ledger import operations as ledger
from issuing_portal.partners.models import Programme

LOST = {"insufficient_funds": "insufficient_funds", "account_closed": "account_closed", "account_restricted": "account_restricted"}
"""The ledger's refusal of a take → the reason of the decline."""


class WindowFull(DomainError):
    """Another payment took the allowance between the decision and the take."""

    code, status, title = "limit_exceeded", 409, "The limit was taken by another payment."


@operation
def increment(*, told: Increment, line: Line, by: Actor, now: datetime) -> dict[str, Any]:
    """Decide on `amount` (minor units) more for an open authorisation, and take it.

    Returns {result: booked | replayed | queued_for_reconciliation, decision, reason, approved_amount, authorisation, currency}.
    Raises: ReferenceReused.
    """
    before = answered_before(told, "increment", line, now)
    if before:
        return before
    found = original(told, line)
    if found is None:
        answer = {"result": "queued_for_reconciliation", "authorisation": None}
        keep(told, "increment", line, authorisation_id=None, answer=answer, evaluation={"orphan": True}, now=now)
        return answer
    facts, tap, at = _request(told, found, line, now)
    decision = _decide(facts, tap, found, at)
    if decision.approved:
        try:
            return _take(told, line, found, facts, decision, by=by, now=now)
        except (WindowFull, ledger.InsufficientFunds, ledger.AccountRestricted, ledger.AccountClosed) as lost:
            reason = LOST.get(lost.code, "limit_exceeded")
            decision = _refused(reason, *decision.steps, Step("race", "refused", {"what": reason}))
    answer = _answer(found, decision, told)
    keep(told, "increment", line, authorisation_id=found.id, answer=answer, evaluation=_evaluation(facts, decision, at), now=now)
    return answer


def _as_tap(found: Authorisation, told: Increment) -> Tap:
    """The request for more, as the original asked; billed as this message says, for the rule of currencies to judge."""
    merchant = Merchant(id=found.merchant_id, name=found.merchant_name, mcc=found.mcc, country=found.merchant_country, city=found.merchant_city)
    card = public_id("card", found.card_id) if found.card_id else ""
    return Tap(network_reference=told.network_reference, kind="authorisation", card=card, amount=told.amount, currency=told.currency,
               merchant=merchant, channel=found.channel, wallet=found.wallet or None)  # type: ignore[arg-type]


def _request(told: Increment, found: Authorisation, line: Line, now: datetime) -> tuple[TapFacts, Tap, datetime]:
    """What the decision sees. The card is locked first, as a tap locks it: a freeze commits before us and is seen, or waits for us."""
    at = instant(told.requested_at, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM cards_card WHERE id = %s FOR SHARE", [found.card_id])
    facts, _ = queries.facts_for_tap(card_id=found.card_id, partner_id=line.partner_id, livemode=line.livemode, connection_id=line.id,
                                     kind="increment", reference=told.network_reference, at=at)
    tap = _as_tap(found, told)
    return replace(facts, raises=found.approved_minor), tap, at


def _decide(facts: TapFacts, tap: Tap, found: Authorisation, at: datetime) -> Decision:
    """The rules of a tap; only an open authorisation that holds can be raised."""
    if found.status not in OPEN_STATUSES or found.kind not in HOLDING_KINDS:
        reason = "reversed_before_authorisation" if found.status == "REVERSED" else "rule_declined"
        return _refused(reason, Step("order", "refused", {"status": found.status, "kind": found.kind}))
    return rules.decide(facts, tap, at)


def _refused(reason: str, *steps: Step) -> Decision:
    return Decision(approved=False, reason=reason, approved_minor=0, held_minor=0, takes=(), steps=steps)


def _take(told: Increment, line: Line, found: Authorisation, facts: TapFacts, decision: Decision, *, by: Actor, now: datetime) -> dict[str, Any]:
    """Windows, records, and the hot account row last; all of it is undone where one does not fit."""
    assert found.account_id, "what holds has an account"
    answer = _answer(found, decision, told)
    with transaction.atomic():
        grow(found, told.amount, take_windows(found, decision.takes, limited=decision.takes), now=now)
        keep(told, "increment", line, authorisation_id=found.id, answer=answer, evaluation=_evaluation(facts, decision, now), now=now)
        events.record("authorisation.incremented", subject=found, by=by, at=now, data=wire.shown(found, queries.messages_of([found.id])[found.id]))
        ledger.take_hold(account_id=found.account_id, amount_minor=told.amount, by=by, now=now)
    return answer


def take_windows(found: Authorisation, takes: tuple[Take, ...], *, limited: tuple[Take, ...] = ()) -> list[Any]:
    """Count `takes` in their windows, in the order in which taps take them; the new `windows` column of `found`.

    Those that are `limited` too must fit. Raises: WindowFull.
    """
    rows = {(owner, key, msgspec.convert(start, datetime)): [owner, key, start, amount, count] for owner, key, start, amount, count in found.windows}
    for take in takes:
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {SpendWindow._meta.db_table} AS w (owner_id, limit_key, starts_at, ends_at, spent_minor, count, label) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (owner_id, limit_key, starts_at) "
                "DO UPDATE SET spent_minor = w.spent_minor + excluded.spent_minor, count = w.count + excluded.count RETURNING spent_minor",
                [take.owner_id, take.limit_key, take.starts_at, take.ends_at, take.amount_minor, take.count, take.label])
            spent = cursor.fetchone()[0]
        if take in limited and take.max_minor is not None and spent > take.max_minor:
            raise WindowFull
        key = (str(take.owner_id), take.limit_key, take.starts_at)
        row = rows.setdefault(key, [str(take.owner_id), take.limit_key, msgspec.to_builtins(take.starts_at), 0, 0])
        row[3], row[4] = row[3] + take.amount_minor, row[4] + take.count
    return list(rows.values())


def grow(found: Authorisation, amount: int, windows: list[Any], *, now: datetime) -> None:
    """`amount` more approved and held on a locked authorisation, and its hold begun anew."""
    changes = {"approved_minor": found.approved_minor + amount, "held_minor": found.held_minor + amount, "windows": windows,
               "hold_expires_at": _begun_anew(found, now), "updated_at": now}
    Authorisation.objects.filter(pk=found.pk).update(**changes)
    for name, value in changes.items():
        setattr(found, name, value)


def _begun_anew(found: Authorisation, now: datetime) -> datetime:
    """A hold lives by the finality that its first message told, from the increment on; it never ends sooner for it."""
    programme = Programme.objects.get(pk=found.programme_id)
    first = queries.messages_of([found.id])[found.id][0]
    days = programme.hold_days_final if first.payload.get("finality") == "final" else programme.hold_days_pre_authorisation
    return max(found.hold_expires_at or now, now + timedelta(days=days))


def _answer(found: Authorisation, decision: Decision, told: Increment) -> dict[str, Any]:
    return {"result": "booked", "decision": "approved" if decision.approved else "declined", "reason": wire.outside_reason(decision.reason),
            "approved_amount": told.amount if decision.approved else 0, "authorisation": public_id("authorisation", found.id), "currency": told.currency}


def _evaluation(facts: TapFacts, decision: Decision, at: datetime) -> dict[str, Any]:
    return msgspec.to_builtins({"rules": rules.VERSION, "facts": facts, "steps": decision.steps, "at": at})
