"""A case as the API, the events and the partner see it: one plain dict with applicant-safe texts only."""

from datetime import datetime
from typing import Any

from issuing_portal.core.clock import to_wire
from issuing_portal.core.ids import public_id
from kyc import policy
from kyc.models import Case


def public(case: Case) -> dict[str, Any]:
    """The object as GET shows it. `documents` fills when documents are taken (a later issue)."""
    return {
        "id": case.public_id, "object": "kyc_case", "livemode": case.livemode,
        "created_at": to_wire(case.created_at), "updated_at": to_wire(case.updated_at),
        "cardholder": public_id("cardholder", case.cardholder_id), "programme": public_id("programme", case.programme_id),
        "kind": case.kind.lower(), "status": _status(case), "outcome": case.outcome.lower() or None, "retry_allowed": case.retry_allowed,
        "reasons": policy.told_outside(case.reasons), "documents": [], "requested_information": case.requested_information,
        "submitted_at": _instant(case.submitted_at), "decided_at": _instant(case.decided_at),
    }


def _status(case: Case) -> str:
    # That a second pair of eyes looks is a sign of risk: outside it is a review like any other.
    return "in_review" if case.status == "AWAITING_SECOND_APPROVAL" else case.status.lower()


def _instant(at: datetime | None) -> str | None:
    return to_wire(at) if at else None
