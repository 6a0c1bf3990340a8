"""Processor secrets under a new key-encryption key."""

from datetime import datetime

from issuing_portal.core import crypto
from issuing_portal.core.actors import Actor
from issuing_portal.core.operations import operation
from issuing_portal.partners.models import ProcessorConnection

BATCH = 500


@operation
def rewrap_connection_secrets(*, by: Actor, now: datetime) -> int:
    """Wrap the secrets of up to BATCH connections under the key in use; how many (0: none is left). The secrets stay. Raises: CannotDecrypt."""
    current = f"{crypto.provider().current}."
    rows = ProcessorConnection.objects.select_for_update().order_by("pk")
    behind = (rows.exclude(secret_sealed__startswith=current)
              | rows.exclude(previous_secret_sealed="").exclude(previous_secret_sealed__startswith=current))[:BATCH]
    for connection in (found := list(behind)):
        connection.secret_sealed = crypto.rewrap_text(connection.secret_sealed)
        connection.previous_secret_sealed = crypto.rewrap_text(connection.previous_secret_sealed)
    ProcessorConnection.objects.bulk_update(found, ["secret_sealed", "previous_secret_sealed"])
    return len(found)
