"""Staff rights over a whole partner: a key or a connection reaches all of its programmes, so the right must too."""

from uuid import UUID

from issuing_portal.core.actors import Actor
from issuing_portal.partners.models import Programme


def require_for_partner(by: Actor, verb: str, partner_id: UUID) -> None:
    """Raises: PermissionRefused unless `by` may do `verb` in every programme of the partner."""
    programmes: list[UUID | None] = list(Programme.objects.filter(partner_id=partner_id).values_list("pk", flat=True)) if by.kind == "staff" else []
    for programme_id in programmes or [None]:
        by.require(verb, programme_id)
