"""Advice: what the network or the processor has decided in our place. It is booked, never decided.

A stand-in approval without an original makes the authorisation; with one, `amount` is what is held in the end (fuel
completions); a late decline ends the hold. Where our rules would have declined, the evaluation says so.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction

from authorisations import queries, rules, wire
from authorisations.facts import TapFacts
from authorisations.messages import HOLDING_KINDS, Advice, Merchant, Tap, fingerprint
from authorisations.models import OPEN_STATUSES, Authorisation, AuthorisationStatus, NetworkReference
from authorisations.operations.booked import adjust_windows, answered_before, keep, original
from authorisations.operations.increments import grow, take_windows
from authorisations.operations.reversals import give_back
from authorisations.operations.taps import Line
from issuing_portal.core.actors import Actor
from issuing_portal.core.ids import new_id, parse_id, public_id
from issuing_portal.core.operations import operation
from issuing_portal.events import operations as events
from issuing_portal.ledger import operations as ledger


@operation
def advise(*, told: Advice, line: Line, by: Actor, now: datetime) -> dict[str, Any]:
    """Book an advice; what has no place to be held (unknown card, closed account, ended original) is queued for a person.

    Returns {result: booked | replayed | queued_for_reconciliation, authorisation, held_amount}. Raises: ReferenceReused.
    """
    before = answered_before(told, "advice", line, now)
    if before:
        return before
    reference = told.original_network_reference or told.network_reference
    found = original(msgspec.structs.replace(told, original_network_reference=reference), line)
    try:
        if found:
            return _settle(told, line, found, by=by, now=now)
        if told.decision == "approved":
            return _stand_in(told, line, reference, by=by, now=now)
    except ledger.AccountClosed:
        return _queue(told, line, found, "account_closed", now)
    return _kept(told, line, None, 0, {"orphan": True}, now)


def _settle(told: Advice, line: Line, found: Authorisation, *, by: Actor, now: datetime) -> dict[str, Any]:
    """The hold of a locked authorisation becomes what the advice says. Raises: AccountClosed."""
    declined = told.decision == "declined"
    if found.currency != told.currency or found.kind not in HOLDING_KINDS:
        return _queue(told, line, found, "other_content", now)
    if found.status not in OPEN_STATUSES:
        # A decline of what holds nothing says nothing new; an approval of it is a person's to look at.
        return _kept(told, line, found, 0, {"status": found.status}, now) if declined else _queue(told, line, found, "not_open", now)
    wanted = 0 if declined else told.amount
    evaluation = {"status": found.status, "held": found.held_minor}
    if wanted <= found.held_minor:
        answer = _kept(told, line, found, wanted, evaluation, now)
        if wanted < found.held_minor:
            give_back(found, found.held_minor - wanted, reason="reversed", by=by, now=now)
        return answer
    more = wanted - found.held_minor
    assert found.account_id, "what holds has an account"
    with transaction.atomic():
        grow(found, more, adjust_windows(found, by_minor=more, whole=False), now=now)
        answer = _kept(told, line, found, wanted, evaluation, now)
        events.record("authorisation.incremented", subject=found, by=by, at=now, data=wire.shown(found, queries.messages_of([found.id])[found.id]))
        ledger.take_hold(account_id=found.account_id, amount_minor=more, may_overdraw=True, by=by, now=now)
    return answer


def _stand_in(told: Advice, line: Line, reference: str, *, by: Actor, now: datetime) -> dict[str, Any]:
    """An approval that never asked us: the authorisation is made from it, below zero if need be. Raises: AccountClosed."""
    facts, _ = queries.facts_for_tap(card_id=parse_id("card", told.card), partner_id=line.partner_id, livemode=line.livemode,
                                     connection_id=line.id, kind="authorisation", reference=reference, at=now)
    if facts.reversed_before:
        return _queue(told, line, None, "reversed_before_authorisation", now)
    if facts.card is None or facts.account is None or facts.account.currency != told.currency:
        return _queue(told, line, None, "card_not_found" if facts.card is None else "currency_not_supported", now)
    tap = _as_tap(told)
    decision = rules.decide(facts, tap, now)
    evaluation = {"rules": rules.VERSION, "facts": facts, "steps": decision.steps, "at": now, "would_have": decision.reason}
    with transaction.atomic():
        row = _made(told, line, facts, tap, reference, now)
        answer = {"result": "booked", "authorisation": public_id("authorisation", row.id), "held_amount": told.amount}
        message = keep(told, "advice", line, authorisation_id=row.id, answer=answer, evaluation=msgspec.to_builtins(evaluation), now=now)
        # Later messages find it as they find a tap: by the reference of the authorisation.
        NetworkReference.objects.create(connection_id=line.id, kind="authorisation", network_reference=reference, fingerprint=fingerprint(told),
                                        message_id=message.id, authorisation_id=row.id, answer=_as_tap_answer(row))
        events.record("authorisation.approved", subject=row, by=by, at=now, data=wire.shown(row, queries.messages_of([row.id])[row.id]))
        ledger.take_hold(account_id=facts.account.id, amount_minor=told.amount, may_overdraw=True, by=by, now=now)
    return answer


def _made(told: Advice, line: Line, facts: TapFacts, tap: Tap, reference: str, now: datetime) -> Authorisation:
    assert facts.card and facts.user and facts.account and facts.programme
    row = Authorisation(
        id=new_id(), partner_id=line.partner_id, livemode=line.livemode, programme_id=facts.programme.id, account_id=facts.account.id,
        card_id=facts.card.id, cardholder_id=facts.user.id, connection_id=line.id, network_reference=reference, kind="authorisation",
        status=AuthorisationStatus.APPROVED, reason="approved", amount_minor=told.amount, currency=told.currency, approved_minor=told.amount,
        held_minor=told.amount, merchant_id=tap.merchant.id, merchant_name=tap.merchant.name, merchant_city=tap.merchant.city,
        merchant_country=tap.merchant.country, mcc=tap.merchant.mcc, channel=tap.channel, latency_us=0, requested_at=now, created_at=now, updated_at=now,
        hold_expires_at=now + timedelta(days=facts.programme.hold_days_pre_authorisation) if told.amount else None)
    row.windows = take_windows(row, rules.takes_of(facts, tap, told.amount, now))
    row.save(force_insert=True)
    return row


def _as_tap(told: Advice) -> Tap:
    """What we would have been asked, as far as the advice tells it."""
    merchant = Merchant(id=told.merchant.id, name=told.merchant.name, mcc=told.merchant.mcc or "", country=told.merchant.country or "", city=told.merchant.city)
    return Tap(network_reference=told.network_reference, kind="authorisation", card=told.card or "", amount=told.amount, currency=told.currency,
               merchant=merchant, channel=told.channel)


def _as_tap_answer(row: Authorisation) -> dict[str, Any]:
    return {"decision": "approved", "reason": "approved", "approved_amount": row.approved_minor,
            "authorisation": public_id("authorisation", row.id), "currency": row.currency}


def _queue(told: Advice, line: Line, found: Authorisation | None, why: str, now: datetime) -> dict[str, Any]:
    """Nowhere to hold it: kept under its reference, for a person."""
    answer = {"result": "queued_for_reconciliation", "authorisation": public_id("authorisation", found.id) if found else None, "held_amount": 0}
    keep(told, "advice", line, authorisation_id=found.id if found else None, answer=answer, evaluation={"unbookable": why}, now=now)
    return answer


def _kept(told: Advice, line: Line, found: Authorisation | None, held: int, evaluation: dict[str, Any], now: datetime) -> dict[str, Any]:
    answer = {"result": "booked", "authorisation": public_id("authorisation", found.id) if found else None, "held_amount": held}
    keep(told, "advice", line, authorisation_id=found.id if found else None, answer=answer, evaluation=evaluation, now=now)
    return answer
