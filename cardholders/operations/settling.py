"""What every verb ends with: what is due is counted anew, a person who is ready becomes active, and the fact is recorded."""

from datetime import datetime
from typing import Any

from cardholders import queries, representation, requirements
from cardholders.models import Cardholder, CardholderStatus
from issuing_portal.core.actors import Actor
from issuing_portal.events.operations import record


def settle(cardholder: Cardholder, *, now: datetime) -> None:
    """Count anew what is due and why the cardholder is disabled; kyc's own entries stay as they are."""
    due = requirements.due(representation.public(cardholder), screening_only=queries.is_screened_only(cardholder),
                           required_facts=cardholder.programme.required_facts)
    cardholder.currently_due = due + requirements.of_kyc(cardholder.currently_due)
    cardholder.disabled_reason = representation.disabled_reason(cardholder)
    cardholder.updated_at = now
    cardholder.save(update_fields=["currently_due", "past_due", "disabled_reason", "updated_at"])


def activate_if_ready(cardholder: Cardholder, *, by: Actor, now: datetime) -> bool:
    """Move a PENDING cardholder that meets the programme's policy to ACTIVE; tells whether it did."""
    if cardholder.status != CardholderStatus.PENDING or not queries.meets_policy(cardholder):
        return False
    cardholder.move_to(CardholderStatus.ACTIVE, now=now, status_reason="")
    settle(cardholder, now=now)
    tell("cardholder.activated", cardholder, by=by, at=now)
    return True


def tell(type: str, cardholder: Cardholder, *, by: Actor, at: datetime, reason: str = "", internal: dict[str, Any] | None = None) -> None:
    """One event with the whole public object, its personal parts apart."""
    data, personal = representation.split(representation.public(cardholder))
    record(type, subject=cardholder, by=by, at=at, data=data, personal=personal, reason=reason, internal=internal)
