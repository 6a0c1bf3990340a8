"""Staff-made funding, withdrawals and adjustments need a second person: the rule, and what an approval executes."""

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError


class FourEyesNeeded(DomainError):
    code, status, title = "four_eyes_needed", 403, "{verb} by staff is proposed by one person and approved by another."


def refuse_staff_alone(by: Actor, verb: str) -> None:
    """Partners act on their own accounts, and the system by its code; a member of staff never alone. Raises: FourEyesNeeded."""
    if by.kind == "staff":
        raise FourEyesNeeded(verb=verb)
