"""The anchor: the head of the chain, written where a database administrator's hand does not reach (DESIGN §8)."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from issuing_portal.audit import queries
from issuing_portal.core.clock import to_wire


def export_anchor(path: Path, *, now: datetime) -> dict[str, Any] | None:
    """Append the head as one JSON line, flushed to the disk; None when nothing is sealed yet. Earlier lines stay.

    Raises: OSError where the file cannot be written.
    """
    head = queries.head()
    if head is None:
        return None
    anchor = {"position": head.position, "seal": bytes(head.seal).hex(), "sealed_at": to_wire(head.sealed_at),
              "count": queries.seal_count(), "exported_at": to_wire(now)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(anchor) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return anchor
