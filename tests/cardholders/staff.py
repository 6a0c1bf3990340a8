"""Members of staff by their role, as operations see them."""

from uuid import UUID, uuid4

from issuing_portal.core.actors import Actor
from issuing_portal.staff.roles import VERBS


def member(role: str, *programmes: UUID) -> Actor:
    """An actor who holds `role`, for these programmes (none named: for all)."""

    def may(verb: str, programme_id: UUID | None) -> bool:
        return verb in VERBS[role] and (not programmes or programme_id in programmes)  # type: ignore[index]

    return Actor(kind="staff", id=uuid4(), label=role.replace("_", " "), channel="portal", may=may)
