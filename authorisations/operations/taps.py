"""authorise(): one read, one pure decision, one write. Read top to bottom; nothing here is slow or optional."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import DatabaseError
from django.db.utils import IntegrityError

from authorisations import rules, wire
from authorisations.facts import Decision, Seen, Step, TapFacts
from authorisations.messages import Tap, as_stored, fingerprint, instant
from authorisations.operations.statements import MISMATCH, RECORD, REFUSED, TAKE_AND_RECORD
from authorisations.queries import facts_for_tap
from issuing_portal.core.actors import Actor
from issuing_portal.core.ids import new_id, parse_id, public_id
from issuing_portal.core.numbered import run

ATTEMPTS = 2
"""If a take no longer fits, someone else was faster: decide again on fresh facts, once; then decline."""
REFUSALS = {"funds": "insufficient_funds", "limit": "limit_exceeded", "state": "system_error"}


@dataclass(frozen=True)
class Arrival:
    """When a message came: the wall clock for its rows, the monotonic one (seconds) for its latency."""

    at: datetime
    started: float

    def elapsed_us(self) -> int:
        return int((time.perf_counter() - self.started) * 1_000_000)


@dataclass(frozen=True)
class Line:
    """The processor connection that a message came by: whose it is, and in which mode."""

    id: UUID
    partner_id: UUID
    livemode: bool
    actor: Actor


class TakeRefused(Exception):
    """The database's own second look found that state, limit or funds no longer fit."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def authorise(*, tap: Tap, line: Line, arrival: Arrival) -> dict[str, Any]:
    """The answer to a tap (API.md §3), stored before it is given. Two statements when it is approved.

    The same reference with the same content gets the stored answer; with another content a decline
    `duplicate_mismatch`. Not an @operation: each statement is its own transaction, and carries its actor itself.
    """
    at = instant(tap.requested_at, arrival.at)
    refused: TakeRefused | None = None
    for _ in range(ATTEMPTS):
        facts, seen = facts_for_tap(card_id=parse_id("card", tap.card), partner_id=line.partner_id, livemode=line.livemode,
                                    connection_id=line.id, kind=tap.kind, reference=tap.network_reference, at=at)
        if seen and not seen.tombstone:
            return _answer_again(tap, seen, line, arrival)
        decision = rules.decide(facts, tap, at)
        try:
            return _write(tap, facts, decision, line, arrival, at)
        except TakeRefused as error:
            refused = error
    assert refused
    decision = _declined_by_the_take(decision, refused)
    return _write(tap, facts, decision, line, arrival, at)


def _answer_again(tap: Tap, seen: Seen, line: Line, arrival: Arrival) -> dict[str, Any]:
    if seen.fingerprint == fingerprint(tap):
        return seen.answer
    answer = {"decision": "declined", "reason": "duplicate_mismatch", "approved_amount": 0,
              "authorisation": seen.answer.get("authorisation"), "currency": tap.currency}
    with run(MISMATCH, {
            "message": new_id(), "partner": line.partner_id, "livemode": line.livemode, "authorisation": seen.authorisation_id,
            "connection": line.id, "kind": tap.kind, "reference": tap.network_reference, "amount": tap.amount, "currency": tap.currency,
            "payload": _json(as_stored(tap)), "answer": _json(answer), "evaluation": _json({"mismatch": True}), "now": arrival.at}):
        pass
    return answer


def _declined_by_the_take(decision: Decision, refused: TakeRefused) -> Decision:
    """Both attempts lost their race: the decline names what did not fit."""
    reason = REFUSALS.get(refused.what, "system_error")
    lost = Step("race", "refused", {"what": refused.what})
    return Decision(approved=False, reason=reason, approved_minor=0, held_minor=0, takes=(), steps=(*decision.steps, lost))


def _write(tap: Tap, facts: TapFacts, decision: Decision, line: Line, arrival: Arrival, at: datetime) -> dict[str, Any]:
    """Run the one statement. Raises TakeRefused when it did not fit, or when the reference was answered meanwhile."""
    parameters = _parameters(tap, facts, decision, line, arrival, at)
    takes = decision.approved and decision.held_minor > 0
    if takes:
        parameters |= _takes(facts, decision)
    try:
        with run(TAKE_AND_RECORD if takes else RECORD, parameters) as cursor:
            stored = cursor.fetchone()[1]
    except IntegrityError as error:
        if _diagnosed(error, "constraint_name") == "network_reference_once":
            raise TakeRefused("reference") from error
        raise
    except DatabaseError as error:
        if _diagnosed(error, "sqlstate") == REFUSED:
            raise TakeRefused((_diagnosed(error, "message_primary") or "").removeprefix("take refused: ")) from error
        raise
    return msgspec.json.decode(stored) if isinstance(stored, str) else stored


def _parameters(tap: Tap, facts: TapFacts, decision: Decision, line: Line, arrival: Arrival, at: datetime) -> dict[str, Any]:
    authorisation_id, latency = new_id(), arrival.elapsed_us()
    status = "APPROVED" if decision.approved else "DECLINED"
    answer = {"decision": status.lower(), "reason": wire.outside_reason(decision.reason), "approved_amount": decision.approved_minor,
              "authorisation": public_id("authorisation", authorisation_id), "currency": tap.currency}
    evaluation = {"rules": rules.VERSION, "facts": facts, "steps": decision.steps, "at": at}
    parameters = {
        "id": authorisation_id, "message": new_id(), "event": new_id(), "partner": line.partner_id, "livemode": line.livemode,
        "programme": facts.programme.id if facts.programme else None, "account": facts.account.id if facts.account else None,
        "card": facts.card.id if facts.card else None, "user": facts.user.id if facts.user else None,
        "connection": line.id, "reference": tap.network_reference, "kind": tap.kind, "status": status, "reason": decision.reason,
        "amount": tap.amount, "currency": tap.currency, "approved": decision.approved_minor, "hold": decision.held_minor,
        "merchant_amount": tap.merchant_amount, "merchant_currency": tap.merchant_currency or "", "merchant_id": tap.merchant.id,
        "merchant_name": tap.merchant.name, "merchant_city": tap.merchant.city, "merchant_country": tap.merchant.country, "mcc": tap.merchant.mcc,
        "channel": tap.channel, "wallet": tap.wallet or "", "latency": latency, "at": at, "now": arrival.at,
        "windows": _json([[str(take.owner_id), take.limit_key, take.starts_at, take.amount_minor, take.count] for take in decision.takes]),
        "hold_until": _hold_until(tap, facts, arrival.at) if decision.held_minor else None, "fingerprint": fingerprint(tap),
        "payload": _json(as_stored(tap)), "answer": _json(answer), "evaluation": _json(evaluation), "actor": _json(wire.actor(line.actor)),
        "event_type": f"authorisation.{status.lower()}", "available": facts.account.available_minor if facts.account else 0,
    }
    parameters["data"] = _json(wire.born(parameters, decision.steps))
    return parameters


def _takes(facts: TapFacts, decision: Decision) -> dict[str, Any]:
    assert facts.card and facts.user and facts.account and facts.programme
    people = [facts.user.id] + ([facts.business.id] if facts.business else [])
    takes = decision.takes
    return {
        "card_seen": facts.card.updated_at, "business": facts.business.id if facts.business else None,
        "owners": [facts.card.id, *people, facts.account.id, facts.programme.id], "controls": sorted(control.id for control in facts.controls),
        "take_owner": [take.owner_id for take in takes], "take_key": [take.limit_key for take in takes],
        "take_from": [take.starts_at for take in takes], "take_until": [take.ends_at for take in takes],
        "take_amount": [take.amount_minor for take in takes], "take_max": [take.max_minor for take in takes],
        "take_max_count": [take.max_count for take in takes], "take_label": [take.label for take in takes],
    }


def _hold_until(tap: Tap, facts: TapFacts, arrived_at: datetime) -> datetime:
    assert facts.programme
    days = facts.programme.hold_days_final if tap.finality == "final" else facts.programme.hold_days_pre_authorisation
    return arrived_at + timedelta(days=days)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _diagnosed(error: DatabaseError, name: str) -> str | None:
    return getattr(getattr(error.__cause__, "diag", None), name, None)
