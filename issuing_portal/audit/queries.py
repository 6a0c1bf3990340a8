"""Reads of the trail: the chain's head and lag, one row's seal, timelines, and the trail that a viewer may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from issuing_portal.audit.models import Change, Pending, Seal
from issuing_portal.audit.sealing import NUMBERED, row_hashes, seal_of
from issuing_portal.events.installation import INSTALLATION
from issuing_portal.events.models import Event
from issuing_portal.events.queries import with_keys

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TABLES = {
    "cardholder": "cardholders_cardholder", "account": "ledger_account", "card": "cards_card", "kyc_case": "kyc_case",
    "partner": "partners_partner", "programme": "partners_programme", "api_key": "partners_apikey",
    "processor_connection": "partners_processorconnection", "user": "staff_user", "grant": "staff_grant", "proposal": "staff_proposal",
}
"""Noun → its audited table."""


@dataclass(frozen=True)
class Lag:
    """How far the sealer is behind: rows that wait, and since when the oldest does (None: nothing waits)."""

    rows: int
    since: datetime | None


@dataclass(frozen=True)
class SealProof:
    """What the seal of one row says now. `state`: whole, waiting, missing (no seal and not waiting), broken."""

    state: str
    position: int | None = None
    row_hash: str = ""
    previous: str = ""
    seal: str = ""
    sealed_at: datetime | None = None


@dataclass(frozen=True)
class Happening:
    """One line of a subject's timeline: an event, or a change that no event explains."""

    at: datetime
    type: str
    actor: str
    channel: str
    reason: str
    event: Event | None = None
    change: Change | None = None


def head() -> Seal | None:
    """The last seal."""
    return Seal.objects.order_by("-position").first()


def seal_count() -> int:
    """How many seals there are; equals the head's position in a whole chain."""
    return Seal.objects.count()


def lag() -> Lag:
    """Rows that wait for a seal."""
    oldest = Pending.objects.order_by("id").first()
    return Lag(Pending.objects.count(), _written_at(oldest) if oldest else None)


def _written_at(waiting: Pending) -> datetime | None:
    if waiting.table_name in NUMBERED:
        return Change.objects.filter(pk=waiting.row_id).values_list("at", flat=True).first()
    # The first 48 bits of a UUIDv7 are milliseconds since 1970 (RFC 9562 §5.7).
    return EPOCH + timedelta(milliseconds=UUID(waiting.row_id).int >> 80)


def last_of(type: str) -> Event | None:
    """The latest event of a type about the installation (audit.verified, ledger.verified)."""
    return Event.objects.filter(subject_id=INSTALLATION.id, type=type).order_by("-sequence").first()


def seal_proof(table: str, row_id: str) -> SealProof:
    """Look at one row and its seal as the verifier does: the row against its hash, the seal against its content and its neighbour."""
    seal = Seal.objects.filter(table_name=table, row_id=row_id).first()
    if seal is None:
        waits = Pending.objects.filter(table_name=table, row_id=row_id).exists()
        return SealProof("waiting" if waits else "missing")
    before = Seal.objects.filter(position=seal.position - 1).values_list("seal", flat=True).first()
    row_hash, previous = bytes(seal.row_hash), bytes(seal.previous)
    expected = seal_of(position=seal.position, table=table, row_id=row_id, version=seal.version, row_hash=row_hash,
                       previous=previous, sealed_at=seal.sealed_at)
    whole = (expected == bytes(seal.seal) and row_hashes(table, seal.version, [row_id]).get(row_id) == row_hash
             and (bytes(before) == previous if before is not None else seal.position == 1))
    return SealProof("whole" if whole else "broken", seal.position, row_hash.hex(), previous.hex(), bytes(seal.seal).hex(), seal.sealed_at)


def trail(programmes: Iterable[UUID] | None) -> QuerySet[Event]:
    """Every event of these programmes, newest first; None: all of them, those of no programme (sign-ins, grants) as well."""
    found = Event.objects.order_by("-id")
    return found if programmes is None else found.filter(programme_id__in=list(programmes))


def event_seen(event_id: UUID, programmes: Iterable[UUID] | None) -> Event | None:
    """One event of the trail with its person's key (events.queries.opened), None where it is not there or not the viewer's."""
    return with_keys(trail(programmes)).filter(pk=event_id).first()


def changes() -> QuerySet[Change]:
    """Every change of a business table; rows carry no programme, so this is for viewers of all programmes."""
    return Change.objects.order_by("-id")


def changes_of(subject_noun: str, subject_id: UUID) -> QuerySet[Change]:
    """What changed in the row of one subject."""
    return Change.objects.filter(table_name=TABLES.get(subject_noun, ""), row_id=str(subject_id)).order_by("-id")


def changes_beside(event: Event) -> list[Change]:
    """What the request of this event changed in its subject's row."""
    request_id = event.actor.get("request_id") or ""
    if not request_id:
        return []
    return list(changes_of(event.subject_noun, event.subject_id).filter(actor__request_id=request_id)[:50])


def timeline(subject_noun: str, subject_id: UUID, viewer: Any, *, limit: int = 100) -> list[Happening]:
    """What happened to one subject, newest first: its events, and the changes that no event explains (raw SQL, a forgotten record).

    `viewer` is the staff user, who must already be allowed to see the subject; staff-only events are shown to readers of the
    trail (`audit.read`) alone, as are unexplained changes. For a page's timeline: `[Moment(one.at, one.type, …) for one in …]`.
    """
    reads_trail = viewer.may("audit.read", None)
    events = Event.objects.filter(subject_id=subject_id).order_by("-id")
    told = [Happening(event.occurred_at, event.type, event.actor.get("label", ""), event.actor.get("channel", ""), event.reason, event=event)
            for event in (events if reads_trail else events.filter(staff_only=False))[:limit]]
    if reads_trail:
        told += [Happening(change.at, f"{subject_noun}.row_{PAST[change.action]}", change.database_user, "sql", "", change=change)
                 for change in changes_of(subject_noun, subject_id).filter(actor__isnull=True)[:limit]]
    return sorted(told, key=lambda one: one.at, reverse=True)[:limit]


PAST = {"INSERT": "inserted", "UPDATE": "changed", "DELETE": "deleted"}
