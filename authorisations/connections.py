"""Processor connections as the tap path sees them: opened once, kept for a few seconds, so that a tap stays at two statements.

A closed connection or a rotated secret takes effect within KEPT_SECONDS in every process.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from authorisations.operations.taps import Line
from issuing_portal.core import signing
from issuing_portal.core.actors import Actor
from issuing_portal.core.ids import parse_id
from issuing_portal.partners import queries

KEPT_SECONDS = 5
KEPT_AT_MOST = 10_000
_kept: dict[UUID, tuple[float, queries.Connection | None]] = {}
_NOBODY = signing.new_secret()


@dataclass(frozen=True)
class Signed:
    """The headers of a signed request (lower-case names) and its raw body."""

    headers: dict[str, str]
    body: bytes


def line_for(connection: str, signed: Signed, *, now: datetime, tolerance: timedelta | None = None) -> Line:
    """The connection that signed this request. Raises signing.BadSignature: the same, after the same work, for every cause."""
    connection_id = parse_id("processor_connection", connection)
    found = _find(connection_id, now) if connection_id else None
    secrets = found.secrets if found else (_NOBODY,)
    signing.verify(secrets_in_force=secrets, got=signed.headers, body=signed.body, now=now, tolerance=tolerance or settings.SIGNATURE_TOLERANCE)
    if found is None:
        raise signing.BadSignature
    actor = Actor(kind="processor", id=found.id, label="processor", channel="processor", partner_id=found.partner_id, livemode=found.livemode,
                  request_id=signed.headers.get(signing.ID, "")[:64])
    return Line(id=found.id, partner_id=found.partner_id, livemode=found.livemode, actor=actor)


def _find(connection_id: UUID, now: datetime) -> queries.Connection | None:
    kept = _kept.get(connection_id)
    if kept and kept[0] > time.monotonic():
        return kept[1]
    if len(_kept) > KEPT_AT_MOST:
        _kept.clear()
    found = queries.connection_in_force(connection_id, now=now)
    _kept[connection_id] = (time.monotonic() + KEPT_SECONDS, found)
    return found


def forget() -> None:
    """Drop what is kept (tests, and after a rotation in this process)."""
    _kept.clear()
