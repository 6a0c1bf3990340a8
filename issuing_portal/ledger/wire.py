"""How an account looks outside: the one shape of GET, of every answer and of every event. Pure."""

from typing import Any

from issuing_portal.core.clock import to_wire
from issuing_portal.core.ids import public_id
from issuing_portal.ledger.models import Account

INSIDE = {"open": ["OPEN"], "restricted": ["RESTRICTED", "BLOCKED"], "closed": ["CLOSED"]}
"""Outside word of a status → ours. A compliance block looks like any restriction (DESIGN §8, three audiences)."""
OUTSIDE = {inside: outside for outside, all_inside in INSIDE.items() for inside in all_inside}


def account_object(account: Account) -> dict[str, Any]:
    """The account as GET shows it."""
    return {
        "id": account.public_id, "object": "account", "livemode": account.livemode,
        "programme": public_id("programme", account.programme_id),
        "cardholder": public_id("cardholder", account.cardholder_id) if account.cardholder_id else None,
        "currency": account.currency, "status": OUTSIDE[account.status],
        "balance": {"posted": account.posted_minor, "held": account.held_minor, "available": account.available_minor},
        "credit_limit": account.credit_limit_minor, "external_id": account.external_id, "metadata": account.metadata,
        "created_at": to_wire(account.created_at), "updated_at": to_wire(account.updated_at),
    }


def told(account: Account) -> dict[str, Any]:
    """Arguments of events.record(): the object, its metadata apart as what erasure must be able to shred."""
    shown = account_object(account)
    metadata = shown.pop("metadata")
    return {"data": shown, "personal": {"metadata": metadata} if metadata else None, "person_id": account.cardholder_id or account.id}
