"""Writes of the trail: seals, the record of a verification, of an export, and of who looked. Changes are written by triggers, events by their operations."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from issuing_portal.audit.models import Seal
from issuing_portal.audit.sealing import GENESIS, MISSING, SEALED, current_version, row_hashes, seal_of
from issuing_portal.core.actors import Actor
from issuing_portal.core.operations import operation
from issuing_portal.events import operations as events
from issuing_portal.events.installation import INSTALLATION
from issuing_portal.events.models import Event

SEALER_LOCK = 7_263_001
BATCH = 2_000
BATCHES = 25
VIEWED_EVERY = timedelta(minutes=10)
"""One view per person and subject is kept in this time, so that a reload is no second look."""

Row = tuple[str, str]


@dataclass(frozen=True)
class Viewed:
    """What was looked at, where that is no row with a noun and a UUID of its own."""

    noun: str
    id: UUID
    partner_id: UUID | None = None
    livemode: bool | None = None
    programme_id: UUID | None = None


@operation
def seal_pending(*, by: Actor, now: datetime) -> int:
    """Chain the rows that wait, oldest first, at most BATCH × BATCHES of them, in one transaction.

    Returns how many were sealed; 0 also when another sealer is at work (two would fork the chain).
    """
    if not _only_sealer():
        return 0
    position, previous = _head()
    total = 0
    for _ in range(BATCHES):
        claimed = _claim()
        if not claimed:
            break
        rows = _unsealed(claimed)
        position, previous = _chain(rows, position, previous, now)
        total += len(rows)
    return total


@operation
def record_verification(*, rows: int, head: int, findings: list[str], seconds: str, by: Actor, now: datetime) -> Event:
    """Keep the outcome of a verification in the trail: how much was looked at, and the first findings by name."""
    return events.record("audit.verified", subject=INSTALLATION, by=by, at=now, internal={
        "passed": not findings, "rows": rows, "head": head, "findings": findings[:50], "seconds": seconds})


@operation
def record_export(*, name: str, filters: str, by: Actor, now: datetime) -> Event:
    """Keep who took which list of the trail out of the house."""
    return events.record("export.made", subject=INSTALLATION, by=by, at=now, internal={"list": name, "filters": filters})


@operation
def record_view(*, subject: Any, where: str, by: Actor, now: datetime) -> Event:
    """Keep who looked at `subject` in the clear, and on which page (`where`); PCI DSS 10.2.1.1.

    `subject` is any row with a noun, or a Viewed. Returns the view of this person within VIEWED_EVERY where there is one, else a new one.
    """
    with connection.cursor() as cursor:
        # A page and its panels arrive at once; the second waits here and then sees what the first one wrote.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", [f"viewed {by.id} {subject.id}"])
    lately = Event.objects.filter(subject_id=subject.id, subject_noun=subject.noun, type="record.viewed", actor__id=str(by.id),
                                  occurred_at__gt=now - VIEWED_EVERY, occurred_at__lte=now).first()
    return lately or events.record("record.viewed", subject=subject, by=by, at=now, internal={"where": where})


def _only_sealer() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
        return cursor.fetchone()[0]


def _head() -> tuple[int, bytes]:
    last = Seal.objects.order_by("-position").values_list("position", "seal").first()
    return (last[0], bytes(last[1])) if last else (0, GENESIS)


def _claim() -> list[Row]:
    """Take the oldest entries off the queue. Entries that name no sealed table stay: verify_audit tells of them."""
    with connection.cursor() as cursor:
        cursor.execute("""
            WITH claimed AS (
                DELETE FROM audit_pending WHERE id IN (SELECT id FROM audit_pending WHERE table_name = ANY(%s) ORDER BY id LIMIT %s)
                RETURNING id, table_name, row_id)
            SELECT table_name, row_id FROM claimed ORDER BY id""", [list(SEALED), BATCH])
        return list(dict.fromkeys(cursor.fetchall()))


def _unsealed(claimed: list[Row]) -> list[Row]:
    """Without those that have a seal already (an entry that was put there by hand must not stop the sealer)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.table_name, s.row_id FROM unnest(%s::text[], %s::text[]) AS c (table_name, row_id) "
            "JOIN audit_seal s ON s.table_name = c.table_name AND s.row_id = c.row_id",
            [[table for table, _ in claimed], [row_id for _, row_id in claimed]])
        known = set(cursor.fetchall())
    return [row for row in claimed if row not in known]


def _chain(rows: list[Row], position: int, previous: bytes, now: datetime) -> tuple[int, bytes]:
    hashes = _hashes(rows)
    made = []
    for table, row_id in rows:
        position += 1
        version, row_hash = current_version(table), hashes.get((table, row_id), MISSING)
        seal = seal_of(position=position, table=table, row_id=row_id, version=version, row_hash=row_hash, previous=previous, sealed_at=now)
        made.append((position, table, row_id, version, row_hash, previous, seal))
        previous = seal
    _write(made, now)
    return position, previous


def _hashes(rows: Iterable[Row]) -> dict[Row, bytes]:
    by_table: dict[str, list[str]] = {}
    for table, row_id in rows:
        by_table.setdefault(table, []).append(row_id)
    return {(table, row_id): digest for table, ids in by_table.items()
            for row_id, digest in row_hashes(table, current_version(table), ids).items()}


def _write(made: list[tuple[int, str, str, int, bytes, bytes, bytes]], now: datetime) -> None:
    columns = [list(column) for column in zip(*made, strict=True)] or [[] for _ in range(7)]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_seal (position, table_name, row_id, version, row_hash, previous, seal, sealed_at) "
            "SELECT *, %s FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::smallint[], %s::bytea[], %s::bytea[], %s::bytea[])",
            [now, *columns])
