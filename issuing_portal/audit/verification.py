"""The proof: walk the chain from its first seal, compare every row, and name whatever is not as it was sealed.

Streams in bounded memory, reads one snapshot, writes nothing.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from issuing_portal.audit.sealing import GENESIS, MISSING, SEALED, canonical_session, row_hashes, seal_of

CHUNK = 5_000


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. `kind`: altered_row, deleted_row, unsealed_row, altered_seal, reordered, broken_link, gap,
    cut_tail, rewritten, unknown_pending. `position` is that of the seal, None where the row has none."""

    kind: str
    table: str
    row_id: str
    position: int | None
    detail: str

    def __str__(self) -> str:
        place = f" at position {self.position}" if self.position is not None else ""
        row = f" {self.table} {self.row_id}" if self.table else ""
        return f"{self.kind}:{row}{place}: {self.detail}"


@dataclass(frozen=True)
class Anchor:
    """The head of the chain as it was written down outside the database."""

    position: int
    seal: str


@dataclass
class Walk:
    """How far the verification came: seals seen, the last of them, and whether that one was found at fault."""

    seals: int = 0
    pending: int = 0
    position: int = 0
    seal: bytes = GENESIS
    faulty: bool = False
    anchors: list[Anchor] = field(default_factory=list)


@dataclass(frozen=True)
class SealRow:
    """One row of audit_seal."""

    position: int
    table_name: str
    row_id: str
    version: int
    row_hash: bytes
    previous: bytes
    seal: bytes
    sealed_at: Any


def read_anchors(path: Path) -> list[Anchor]:
    """The anchors of an exported file (JSON lines), by position.

    Raises: OSError where the file cannot be read; ValueError where a line is no anchor.
    """
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    try:
        found = [json.loads(line) for line in lines]
        return sorted((Anchor(int(one["position"]), str(one["seal"])) for one in found), key=lambda anchor: anchor.position)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} holds a line that is no anchor") from error


def findings(walk: Walk) -> Iterator[Finding]:
    """Every finding, as it is met; `walk` tells the progress and, in the end, the totals. Call it inside one transaction."""
    with connection.cursor() as cursor:
        canonical_session(cursor)
    anchors = {anchor.position: anchor.seal for anchor in walk.anchors}
    for chunk in _seals():
        yield from _chain(chunk, walk, anchors)
        yield from _rows(chunk)
    yield from _beyond(walk, anchors)
    yield from _without_seal()
    yield from _strange_pending()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_pending")
        walk.pending = cursor.fetchone()[0]


def as_json(finding: Finding) -> dict[str, Any]:
    """For `--json`."""
    return asdict(finding)


def _seals() -> Iterator[list[SealRow]]:
    """The chain in order, by keyset: each step reads CHUNK seals, so memory does not grow with the trail."""
    last = -(2**63)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT position, table_name, row_id, version, row_hash, previous, seal, sealed_at "
                "FROM audit_seal WHERE position > %s ORDER BY position LIMIT %s", [last, CHUNK])
            chunk = [SealRow(p, t, r, v, bytes(h), bytes(b), bytes(s), at) for p, t, r, v, h, b, s, at in cursor.fetchall()]
        if not chunk:
            return
        yield chunk
        last = chunk[-1].position


def _chain(chunk: list[SealRow], walk: Walk, anchors: dict[int, str]) -> Iterator[Finding]:
    for row in chunk:
        faults = [*_gap(row, walk), *_link(row, walk), *_anchored(row, anchors)]
        yield from faults
        walk.seals, walk.position, walk.seal, walk.faulty = walk.seals + 1, row.position, row.seal, bool(faults)


def _gap(row: SealRow, walk: Walk) -> Iterator[Finding]:
    first = walk.position + 1
    if row.position < first:
        yield Finding("altered_seal", row.table_name, row.row_id, row.position, "the chain begins at position 1")
    elif row.position > first:
        which = f"the seal at position {first} is" if row.position == first + 1 else f"the seals at positions {first} to {row.position - 1} are"
        yield Finding("gap", row.table_name, row.row_id, row.position, f"{which} gone; this row's seal comes next")


def _link(row: SealRow, walk: Walk) -> Iterator[Finding]:
    intact = row.seal == seal_of(position=row.position, table=row.table_name, row_id=row.row_id, version=row.version,
                                 row_hash=row.row_hash, previous=row.previous, sealed_at=row.sealed_at)
    follows = row.previous == walk.seal
    where = (row.table_name, row.row_id, row.position)
    if not intact and not follows:
        yield Finding("reordered", *where, "this seal was not made for this place, nor after the seal before it")
    elif not intact:
        yield Finding("altered_seal", *where, "the seal does not fit its own row in audit_seal")
    elif not follows and row.position == walk.position + 1 and not walk.faulty:
        # Whole in itself, but made after another one: the seal before it was forged, and this is where it shows.
        yield Finding("broken_link", *where, "this seal does not follow the one before it")


def _anchored(row: SealRow, anchors: dict[int, str]) -> Iterator[Finding]:
    expected = anchors.pop(row.position, None)
    if expected is not None and expected != row.seal.hex():
        yield Finding("rewritten", row.table_name, row.row_id, row.position,
                      "the exported anchor holds another seal here: the tail was cut and grew again, or the chain was made anew")


def _rows(chunk: list[SealRow]) -> Iterator[Finding]:
    groups: dict[tuple[str, int], list[SealRow]] = {}
    for row in chunk:
        groups.setdefault((row.table_name, row.version), []).append(row)
    for (table, version), rows in groups.items():
        if version not in SEALED.get(table, {}):
            yield from (Finding("altered_seal", table, row.row_id, row.position, "no sealed table has this name and version") for row in rows)
            continue
        present = row_hashes(table, version, [row.row_id for row in rows])
        yield from (found for row in rows if (found := _compared(row, present.get(row.row_id))))


def _compared(row: SealRow, digest: bytes | None) -> Finding | None:
    where = (row.table_name, row.row_id, row.position)
    if digest is None:
        before = " before it could be sealed" if row.row_hash == MISSING else " after it was sealed"
        return Finding("deleted_row", *where, f"the row was deleted{before}")
    if digest != row.row_hash:
        return Finding("altered_row", *where, "the row differs from what was sealed")
    return None


def _beyond(walk: Walk, anchors: dict[int, str]) -> Iterator[Finding]:
    for position in sorted(anchors):
        if position > walk.position:
            yield Finding("cut_tail", "", "", position, f"the exported anchor knows this seal, but the chain ends at position {walk.position}")
        else:
            yield Finding("gap", "", "", position, "the exported anchor knows this seal, but it is gone")


def _without_seal() -> Iterator[Finding]:
    """Rows that neither have a seal nor wait for one: put in past the triggers, or their seal was taken away."""
    for table in SEALED:
        with connection.chunked_cursor() as cursor:
            cursor.execute(
                f'SELECT t.id::text FROM "{table}" t '
                "WHERE NOT EXISTS (SELECT FROM audit_seal s WHERE s.table_name = %s AND s.row_id = t.id::text) "
                "AND NOT EXISTS (SELECT FROM audit_pending p WHERE p.table_name = %s AND p.row_id = t.id::text)", [table, table])
            for (row_id,) in _stream(cursor):
                yield Finding("unsealed_row", table, row_id, None, "the row has no seal and does not wait for one: inserted past the trail")


def _strange_pending() -> Iterator[Finding]:
    """Entries of the queue that no sealer can serve, and rows that went while they waited."""
    for table in SEALED:
        with connection.chunked_cursor() as cursor:
            cursor.execute(
                f'SELECT p.row_id FROM audit_pending p WHERE p.table_name = %s AND NOT EXISTS (SELECT FROM "{table}" t WHERE t.id::text = p.row_id) '
                "AND NOT EXISTS (SELECT FROM audit_seal s WHERE s.table_name = %s AND s.row_id = p.row_id)", [table, table])
            for (row_id,) in _stream(cursor):
                yield Finding("deleted_row", table, row_id, None, "the row was deleted while it waited for its seal")
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT id, table_name, row_id FROM audit_pending WHERE table_name <> ALL(%s)", [list(SEALED)])
        for key, table, row_id in _stream(cursor):
            yield Finding("unknown_pending", table, row_id, None, f"entry {key} of audit_pending names a table that is not sealed")


def _stream(cursor: Any) -> Iterable[tuple[Any, ...]]:
    while rows := cursor.fetchmany(CHUNK):
        yield from rows
