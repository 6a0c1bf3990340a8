"""How an authorisation looks outside: one place for its public shape, its reasons and its explanation.

Three audiences (DESIGN §8): what fraud, screening and suspicion decided leaves as `declined_by_issuer`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from authorisations.explanations import explain
from authorisations.facts import Step
from authorisations.models import Authorisation, AuthorisationMessage, Transaction
from issuing_portal.core.actors import Actor
from issuing_portal.core.clock import to_wire
from issuing_portal.core.ids import public_id

INSIDE_ONLY = {"fraud_suspected", "screening_hit", "suspicion"}
"""Reasons that never leave the portal."""


def outside_reason(reason: str) -> str:
    """The stable code as partners and cardholders may read it."""
    return "declined_by_issuer" if reason in INSIDE_ONLY else reason


def actor(by: Actor) -> dict[str, Any]:
    """The actor as an event keeps it."""
    return {"kind": by.kind, "id": str(by.id) if by.id else None, "label": by.label, "channel": by.channel,
            "request_id": by.request_id, "acting_user": by.acting_user}


def _id(noun: str, value: UUID | None) -> str | None:
    return public_id(noun, value) if value else None


def _moment(value: datetime | None) -> str | None:
    return to_wire(value) if value else None


def born(row: dict[str, Any], steps: Sequence[Step]) -> dict[str, Any]:
    """`data` of authorisation.approved and .declined: the object as GET shows it at birth, from the write's parameters."""
    first = {"id": public_id("message", row["message"]), "kind": row["kind"], "network_reference": row["reference"], "amount": row["amount"],
             "currency": row["currency"], "result": row["status"].lower(), "received_at": to_wire(row["now"])}
    return _shape(
        id=row["id"], livemode=row["livemode"], created_at=row["now"], updated_at=row["now"], programme=row["programme"], card=row["card"],
        account=row["account"], cardholder=row["user"], kind=row["kind"], status=row["status"], reason=row["reason"], amount=row["amount"],
        currency=row["currency"], merchant_amount=row["merchant_amount"], merchant_currency=row["merchant_currency"],
        merchant={"id": row["merchant_id"], "name": row["merchant_name"], "mcc": row["mcc"], "city": row["merchant_city"], "country": row["merchant_country"]},
        channel=row["channel"], wallet=row["wallet"], network_reference=row["reference"], approved=row["approved"], held=row["hold"], cleared=0,
        late=False, latency_us=row["latency"], requested_at=row["at"], hold_expires_at=row["hold_until"],
        explanation=explain(steps, audience="partner"), messages=[first])


def shown(row: Authorisation, messages: Sequence[AuthorisationMessage]) -> dict[str, Any]:
    """The object as GET shows it."""
    return _shape(
        id=row.id, livemode=row.livemode, created_at=row.created_at, updated_at=row.updated_at, programme=row.programme_id, card=row.card_id,
        account=row.account_id, cardholder=row.cardholder_id, kind=row.kind, status=row.status, reason=row.reason, amount=row.amount_minor,
        currency=row.currency, merchant_amount=row.merchant_amount_minor, merchant_currency=row.merchant_currency,
        merchant={"id": row.merchant_id, "name": row.merchant_name, "mcc": row.mcc, "city": row.merchant_city, "country": row.merchant_country},
        channel=row.channel, wallet=row.wallet, network_reference=row.network_reference, approved=row.approved_minor, held=row.held_minor,
        cleared=row.cleared_minor, late=row.late, latency_us=row.latency_us, requested_at=row.requested_at, hold_expires_at=row.hold_expires_at,
        explanation=explain(steps_of(messages), audience="partner"), messages=[message_shown(one) for one in messages])


def steps_of(messages: Sequence[AuthorisationMessage]) -> list[Step]:
    """The evaluation that was stored with the first message."""
    for message in messages:
        found = message.evaluation.get("steps")
        if found:
            return [Step(one["rule"], one["outcome"], one["numbers"]) for one in found]
    return []


def message_shown(message: AuthorisationMessage) -> dict[str, Any]:
    """One message of the timeline, without what only staff read."""
    result = message.answer.get("decision") or message.answer.get("result") or ""
    return {"id": message.public_id, "kind": message.kind, "network_reference": message.network_reference, "amount": message.amount_minor,
            "currency": message.currency, "result": result, "received_at": to_wire(message.received_at)}


def _shape(**row: Any) -> dict[str, Any]:
    return {
        "id": public_id("authorisation", row["id"]), "object": "authorisation", "livemode": row["livemode"],
        "created_at": to_wire(row["created_at"]), "updated_at": to_wire(row["updated_at"]), "programme": _id("programme", row["programme"]),
        "card": _id("card", row["card"]), "account": _id("account", row["account"]), "cardholder": _id("cardholder", row["cardholder"]),
        "kind": row["kind"], "status": row["status"].lower(), "decision": "declined" if row["status"] == "DECLINED" else "approved",
        "reason": outside_reason(row["reason"]), "explanation": row["explanation"], "amount": row["amount"], "currency": row["currency"],
        "merchant_amount": row["merchant_amount"], "merchant_currency": row["merchant_currency"] or None, "merchant": row["merchant"],
        "channel": row["channel"], "wallet": row["wallet"] or None, "network_reference": row["network_reference"],
        "approved_amount": row["approved"], "held_amount": row["held"], "cleared_amount": row["cleared"], "messages": row["messages"],
        "latency_ms": round(row["latency_us"] / 1000), "late": row["late"], "requested_at": to_wire(row["requested_at"]),
        "hold_expires_at": _moment(row["hold_expires_at"]),
    }


def transaction_shown(row: Transaction) -> dict[str, Any]:
    """Cleared money as GET shows it. On a closed account it stands in suspense; outside the card and account say where it belongs."""
    return {
        "id": row.public_id, "object": "transaction", "livemode": row.livemode, "created_at": to_wire(row.created_at), "updated_at": to_wire(row.created_at),
        "programme": _id("programme", row.programme_id), "type": row.type, "account": _id("account", row.account_id), "card": _id("card", row.card_id),
        "authorisation": _id("authorisation", row.authorisation_id), "amount": row.amount_minor, "currency": row.currency,
        "merchant_amount": row.merchant_amount_minor, "merchant_currency": row.merchant_currency or None,
        "merchant": {"id": row.merchant_id or None, "name": row.merchant_name or None, "mcc": row.mcc or None, "country": row.merchant_country or None},
        "network_reference": row.network_reference, "forced": row.forced, "posted_at": to_wire(row.posted_at),
    }
