"""What a card's limits say now: usage of each, and the dry run of a tap. Reads only; the rules are the live ones."""

from datetime import datetime
from typing import Any
from uuid import UUID

from authorisations import rules, wire
from authorisations.explanations import explain
from authorisations.facts import TapFacts
from authorisations.messages import Simulation, instant
from authorisations.queries import facts_for_tap
from issuing_portal.core.clock import from_wire, to_wire
from issuing_portal.core.errors import NotFound
from issuing_portal.core.ids import public_id

NOBODY = UUID(int=0)


def _facts(partner_id: UUID, livemode: bool, card_id: UUID, at: datetime) -> TapFacts:
    facts, _ = facts_for_tap(card_id=card_id, partner_id=partner_id, livemode=livemode, connection_id=NOBODY, kind="authorisation", reference="", at=at)
    if facts.card is None:
        raise NotFound("card")
    return facts


def limits_usage(*, partner_id: UUID, livemode: bool, card_id: UUID, now: datetime) -> list[dict[str, Any]]:
    """Every limit in force on the card, its cardholder, account and programme: {set_on, interval, amount or count, used, remaining, resets_at}.

    Raises: NotFound.
    """
    facts = _facts(partner_id, livemode, card_id, now)
    found = []
    for control in facts.controls:
        for limit in control.spec.get("limits") or []:
            for measure in ("amount", "count"):
                if limit.get(measure) is not None:
                    seen = rules.measured(facts, control, limit, measure, 0, now)
                    resets = seen.get("resets_at")
                    found.append({"set_on": control.owner_kind, "interval": limit["interval"], measure: limit[measure], "used": seen["used"],
                                  "remaining": max(0, limit[measure] - seen["used"]),
                                  "resets_at": to_wire(from_wire(resets)) if resets and limit["interval"] != "lifetime" else None})
    return found


def simulate(*, partner_id: UUID, livemode: bool, card_id: UUID, simulation: Simulation, now: datetime) -> dict[str, Any]:
    """{decision, reason, explanation[]} of a tap that is not sent. Raises: NotFound."""
    at = instant(simulation.requested_at, now)
    facts = _facts(partner_id, livemode, card_id, at)
    decision = rules.decide(facts, simulation.as_tap(card=public_id("card", card_id), network_reference="simulation"), at)
    return {"decision": "approved" if decision.approved else "declined", "reason": wire.outside_reason(decision.reason),
            "approved_amount": decision.approved_minor, "explanation": explain(decision.steps, audience="partner")}
