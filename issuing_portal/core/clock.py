"""Instants on the wire: RFC 3339 in UTC with `Z`. The clock itself is read only in edges (`timezone.now()`)."""

from datetime import UTC, datetime


def to_wire(instant: datetime) -> str:
    """`2026-11-23T15:20:08.120000Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_wire(text: str) -> datetime:
    """The aware instant of an RFC 3339 text. Raises ValueError when it is none, or has no zone."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return instant.astimezone(UTC)
