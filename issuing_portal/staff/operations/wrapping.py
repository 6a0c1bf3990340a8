"""Authenticators under a new key-encryption key."""

from datetime import datetime

from issuing_portal.core import crypto
from issuing_portal.core.actors import Actor
from issuing_portal.core.operations import operation
from issuing_portal.staff.models import Authenticator

BATCH = 500


@operation
def rewrap_authenticators(*, by: Actor, now: datetime) -> int:
    """Wrap up to BATCH authenticator secrets under the key in use; how many (0: none is left). The secrets stay. Raises: CannotDecrypt."""
    current = f"{crypto.provider().current}."
    behind = list(Authenticator.objects.exclude(secret_sealed__startswith=current).select_for_update().order_by("pk")[:BATCH])
    for authenticator in behind:
        authenticator.secret_sealed = crypto.rewrap_text(authenticator.secret_sealed)
    Authenticator.objects.bulk_update(behind, ["secret_sealed"])
    return len(behind)
