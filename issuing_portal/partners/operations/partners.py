"""A partner comes, is suspended, comes back."""

from datetime import datetime
from uuid import UUID

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import InvalidInput, NotFound
from issuing_portal.core.operations import operation
from issuing_portal.events.operations import record
from issuing_portal.partners.models import Partner, PartnerStatus
from issuing_portal.partners.operations.rights import require_for_partner


@operation
def create_partner(*, name: str, contact_email: str = "", by: Actor, now: datetime) -> Partner:
    """A new partner, active at once.

    Raises: PermissionRefused, InvalidInput.
    """
    by.require("partners.create", None)
    name = name.strip()
    if not 1 <= len(name) <= 120:
        raise InvalidInput(("name", "length", "A partner's name has 1 to 120 characters."))
    partner = Partner.objects.create(name=name, contact_email=contact_email, created_at=now, updated_at=now)
    record("partner.created", subject=partner, by=by, at=now, data={"name": partner.name})
    return partner


@operation
def suspend_partner(*, partner_id: UUID, reason: str, by: Actor, now: datetime) -> Partner:
    """Every key of the partner stops, in both modes. Processors are heard on: they tell of money that has moved.

    Raises: NotFound, PermissionRefused, IllegalMove, StaleState.
    """
    partner = _one(partner_id)
    require_for_partner(by, "partners.suspend", partner.id)
    partner.move_to(PartnerStatus.SUSPENDED, now=now)
    record("partner.suspended", subject=partner, by=by, at=now, reason=reason, data={"name": partner.name})
    return partner


@operation
def reactivate_partner(*, partner_id: UUID, reason: str, by: Actor, now: datetime) -> Partner:
    """The partner's keys work again.

    Raises: NotFound, PermissionRefused, IllegalMove, StaleState.
    """
    partner = _one(partner_id)
    require_for_partner(by, "partners.suspend", partner.id)
    partner.move_to(PartnerStatus.ACTIVE, now=now)
    record("partner.reactivated", subject=partner, by=by, at=now, reason=reason, data={"name": partner.name})
    return partner


def _one(partner_id: UUID) -> Partner:
    partner = Partner.objects.filter(pk=partner_id).first()
    if partner is None:
        raise NotFound("partner")
    return partner
