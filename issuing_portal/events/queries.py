"""Reads of events: what a partner may see of them, and their personal parts opened."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from issuing_portal.core import crypto
from issuing_portal.events.models import Event, SubjectKey
from issuing_portal.events.names import STAFF_TYPES

INSIDE = frozenset({"actor", "reason_given", "note", "internal", "staff_reason"})
"""Names that no object of the API has; a producer's slip must not carry them outside."""


def events_of(partner_id: UUID, livemode: bool, *, type: str | None = None, subject: UUID | None = None,
              created_at_gte: datetime | None = None, created_at_lt: datetime | None = None) -> QuerySet[Event]:
    """A partner's events of one mode, newest first: never a staff-only one. Each comes with its person's wrapped key."""
    bounds: dict[str, Any] = {"type": type, "subject_id": subject, "occurred_at__gte": created_at_gte, "occurred_at__lt": created_at_lt}
    return with_keys(Event.objects.filter(
        partner_id=partner_id, livemode=livemode, staff_only=False, **{name: value for name, value in bounds.items() if value is not None},
    ).exclude(type__in=STAFF_TYPES)).order_by("-id")


def event_of(partner_id: UUID, livemode: bool, event_id: UUID) -> Event | None:
    """One of them, or None."""
    return events_of(partner_id, livemode).filter(pk=event_id).first()


def with_keys(rows: QuerySet[Event]) -> QuerySet[Event]:
    """The same rows with the wrapped key of each one's person, so that a page opens them without a query per row."""
    key = SubjectKey.objects.filter(pk=OuterRef("person_id"))
    return rows.annotate(person_key_id=Subquery(key.values("key_id")), person_wrapped=Subquery(key.values("wrapped_key")))


def opened(event: Any) -> dict[str, Any] | None:
    """The personal parts of an event read by `with_keys`: {} where there never were any, None where the key was shredded.

    Raises: CannotDecrypt where the key-encryption key is not ours or the bytes were altered.
    """
    if event.personal is None:
        return {}
    if event.person_wrapped is None:
        return None
    key = crypto.provider().unwrap(event.person_key_id, bytes(event.person_wrapped))
    return json.loads(crypto.unseal(key, bytes(event.personal), str(event.person_id).encode()))


def outside_object(event: Any) -> dict[str, Any]:
    """`data.object` for the partner: the object as GET showed it, its personal parts put back where they can be opened."""
    return merged({name: value for name, value in event.data.items() if name not in INSIDE}, opened(event) or {})


def merged(base: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `added` laid over it, objects within objects too; a shredded part is simply not there."""
    both = dict(base)
    for name, value in added.items():
        inner = both.get(name)
        both[name] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return both
