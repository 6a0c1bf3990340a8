"""Rotation of the vault's key-encryption key: data keys are wrapped anew; no card number is opened."""

from datetime import datetime

from cards import vault
from cards.models import VaultEntry
from issuing_portal.core import crypto
from issuing_portal.core.actors import Actor
from issuing_portal.core.operations import operation

BATCH = 500


@operation
def rewrap_vault_keys(*, by: Actor, now: datetime) -> int:
    """Wrap up to BATCH data keys under the key in use; how many (0: none is left). Raises: CannotDecrypt."""
    current = crypto.provider().current
    behind = VaultEntry.objects.exclude(key_id=current).select_for_update().order_by("pk")[:BATCH]
    rewrapped = [vault.rewrap(entry) for entry in behind]
    VaultEntry.objects.bulk_update(rewrapped, ["wrapped_key", "key_id"])
    return len(rewrapped)
