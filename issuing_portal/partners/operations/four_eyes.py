"""Whatever makes a secret for a partner needs a second person where staff do it; stopping one does not, for that must be quick."""

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError


class FourEyesNeeded(DomainError):
    code, status, title = "four_eyes_needed", 403, "{verb} by staff is proposed by one person and approved by another."


def refuse_staff_alone(by: Actor, verb: str) -> None:
    """Partners make their own keys, and the system by its code; a member of staff never alone. Raises: FourEyesNeeded."""
    if by.kind == "staff":
        raise FourEyesNeeded(verb=verb)
