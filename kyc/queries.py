"""Reads of cases: by partner and mode for the API, by programme for staff."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from issuing_portal.core.errors import NotFound
from issuing_portal.staff import queries as staff
from issuing_portal.staff.models import User
from kyc.models import OPEN_STATUSES, Case

LOOKUPS = {"cardholder": "cardholder_id", "created_at_gte": "created_at__gte", "created_at_lt": "created_at__lt"}
OUTSIDE_STATUSES = {"IN_REVIEW": ["IN_REVIEW", "AWAITING_SECOND_APPROVAL"]}
"""What a partner's filter means inside: see representation."""


def cases_of(partner_id: UUID, livemode: bool, **filters: Any) -> QuerySet[Case]:
    """A partner's cases in one mode. Filters: status (as the partner sees it), outcome, cardholder, created_at_gte/_lt."""
    rows = Case.objects.filter(partner_id=partner_id, livemode=livemode)
    if "status" in filters:
        status = filters.pop("status")
        rows = rows.filter(status__in=OUTSIDE_STATUSES.get(status, [status]))
    return rows.filter(**{LOOKUPS.get(name, name): value for name, value in filters.items()})


def one(partner_id: UUID, livemode: bool, case_id: UUID) -> Case:
    """One case of this partner in this mode. Raises: NotFound."""
    found = cases_of(partner_id, livemode).filter(pk=case_id).first()
    if found is None:
        raise NotFound("KYC case")
    return found


def open_case_of(cardholder_id: UUID) -> Case | None:
    """The one open case of a cardholder, if there is one."""
    return Case.objects.filter(cardholder_id=cardholder_id, status__in=OPEN_STATUSES).first()


def last_decided(cardholder_id: UUID) -> Case | None:
    """The cardholder's latest case with a verdict (withdrawn and abandoned ones have none)."""
    return Case.objects.filter(cardholder_id=cardholder_id, outcome__in=["APPROVED", "REJECTED"]).order_by("-decided_at", "-id").first()


def cases_seen_by(user: User) -> QuerySet[Case]:
    """The cases of every programme where this member of staff may read them."""
    allowed = staff.programmes_of(user, "kyc.read")
    rows = Case.objects.select_related("cardholder", "programme", "partner")
    return rows if allowed is None else rows.filter(programme_id__in=allowed)


def seen_by(user: User, case_id: UUID | None) -> Case:
    """One of them. Raises: NotFound."""
    found = cases_seen_by(user).filter(pk=case_id).first() if case_id else None
    if found is None:
        raise NotFound("KYC case")
    return found
