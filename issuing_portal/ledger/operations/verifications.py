"""The outcome of a proof is kept in the trail."""

from datetime import datetime

from issuing_portal.core.actors import Actor
from issuing_portal.core.operations import operation
from issuing_portal.events.installation import INSTALLATION
from issuing_portal.events.models import Event
from issuing_portal.events.operations import record


@operation
def record_verification(*, looked_at: dict[str, int], broken: int, findings: list[str], seconds: str, by: Actor, now: datetime) -> Event:
    """How much each invariant looked at, how many rows break one, and the first of them by name."""
    return record("ledger.verified", subject=INSTALLATION, by=by, at=now, internal={
        "passed": not broken, "looked_at": looked_at, "broken": broken, "findings": findings[:50], "seconds": seconds})
