"""record(): the last line of every operation that changes something a partner or an auditor could care about."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import connection

from issuing_portal.core import crypto
from issuing_portal.core.actors import Actor
from issuing_portal.core.operations import operation
from issuing_portal.core.redaction import redact_value
from issuing_portal.events.models import Event, SubjectKey
from issuing_portal.events.names import ALL_TYPES, STAFF_TYPES

REWRAP_BATCH = 500


class Subject(Protocol):
    """Any row that an event can be about. `partner_id`, `livemode`, `programme_id` are read where the row has them."""

    noun: str
    id: UUID


def record(type: str, *, subject: Any, by: Actor, at: datetime, data: Mapping[str, Any] | None = None, reason: str = "",
           personal: Mapping[str, Any] | None = None, person_id: UUID | None = None,
           internal: Mapping[str, Any] | None = None, staff_only: bool = False) -> Event:
    """Write one event in the caller's transaction.

    `data` is the object as GET shows it (a `data{object}` for partners), `personal` the part of it that erasure must be
    able to shred (encrypted under the key of `person_id`), `internal` what only staff may read, `reason` the staff's words:
    neither of the last two ever leaves the portal. Types of names.STAFF_TYPES are staff-only by themselves.
    """
    if type not in ALL_TYPES:
        raise ValueError(f"{type} is not in events/names.py")
    person, hidden = person_id or subject.id, staff_only or type in STAFF_TYPES
    return Event.objects.create(
        type=type, subject_noun=subject.noun, subject_id=subject.id, sequence=_next_sequence(subject.id, hidden),
        partner_id=getattr(subject, "partner_id", None), livemode=getattr(subject, "livemode", None),
        programme_id=getattr(subject, "programme_id", None), actor=actor_json(by), reason=redact_value(reason),
        staff_only=hidden, data=dict(data or {}), internal=redact_value(dict(internal or {})),
        personal=_sealed(personal, person) if personal else None, person_id=person if personal else None, occurred_at=at)


def actor_json(by: Actor) -> dict[str, Any]:
    """The actor as events keep it."""
    return {"kind": by.kind, "id": str(by.id) if by.id else None, "label": by.label, "channel": by.channel,
            "request_id": by.request_id, "acting_user": by.acting_user}


def personal_parts(event: Event) -> dict[str, Any] | None:
    """The decrypted personal parts; None when the subject's key was shredded, {} when there never were any."""
    if event.personal is None:
        return {}
    key = SubjectKey.objects.filter(pk=event.person_id).first()
    if key is None:
        return None
    plain = crypto.unseal(_unwrap(key), bytes(event.personal), str(event.person_id).encode())
    return json.loads(plain)


@operation
def rewrap_subject_keys(*, by: Actor, now: datetime) -> int:
    """Wrap the keys of up to REWRAP_BATCH people under the key-encryption key in use; how many (0: none is left). Raises: CannotDecrypt."""
    behind = list(SubjectKey.objects.exclude(key_id=crypto.provider().current).select_for_update().order_by("pk")[:REWRAP_BATCH])
    for key in behind:
        key.key_id, key.wrapped_key = crypto.rewrap_key(key.key_id, bytes(key.wrapped_key))
    SubjectKey.objects.bulk_update(behind, ["key_id", "wrapped_key"])
    return len(behind)


def _next_sequence(subject_id: UUID, hidden: bool) -> int:
    """Numbered apart for partners and for staff: a gap in what a partner reads would tell of an act that stays inside."""
    with connection.cursor() as cursor:
        # Two transactions about one subject must not draw the same number; the lock ends with the transaction.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [str(subject_id)])
        cursor.execute("SELECT coalesce(max(sequence), 0) + 1 FROM events_event WHERE subject_id = %s AND staff_only = %s", [subject_id, hidden])
        return cursor.fetchone()[0]


def _sealed(personal: Mapping[str, Any], person_id: UUID) -> bytes:
    key = SubjectKey.objects.filter(pk=person_id).first() or _new_key(person_id)
    return crypto.seal(_unwrap(key), json.dumps(personal).encode(), str(person_id).encode())


def _new_key(person_id: UUID) -> SubjectKey:
    made = crypto.encrypt(b"", bound_to=str(person_id).encode())
    key, _ = SubjectKey.objects.get_or_create(pk=person_id, defaults={"key_id": made.key_id, "wrapped_key": made.wrapped_key})
    return key


def _unwrap(key: SubjectKey) -> bytes:
    return crypto.provider().unwrap(key.key_id, bytes(key.wrapped_key))
