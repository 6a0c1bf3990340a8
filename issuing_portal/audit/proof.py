"""One whole verification: one snapshot, every finding, and the record of the outcome."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from issuing_portal.audit import operations
from issuing_portal.audit.verification import Anchor, Finding, Walk, findings, read_anchors
from issuing_portal.core.actors import Actor

KEPT = 1_000
"""Findings that are kept in memory; all are counted and handed to `told`."""


@dataclass
class Proof:
    """The outcome: nothing found, or what."""

    rows: int = 0
    head: int = 0
    seal: str = ""
    pending: int = 0
    seconds: str = "0"
    count: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return self.count == 0


def prove(*, anchor_file: Path | None, by: Actor, clock: Callable[[], datetime], told: Callable[[Finding], None] | None = None) -> Proof:
    """Verify the whole trail in one read-only snapshot, then record the outcome as the event `audit.verified`.

    An anchor file that does not exist (yet) anchors nothing. Raises: OSError, ValueError as read_anchors.
    """
    anchors: list[Anchor] = read_anchors(anchor_file) if anchor_file and anchor_file.exists() else []
    begun = clock()
    proof, walk = Proof(), Walk(anchors=anchors)
    with nullcontext() if connection.in_atomic_block else Snapshot():
        for found in findings(walk):
            proof.count += 1
            if len(proof.findings) < KEPT:
                proof.findings.append(found)
            if told:
                told(found)
    ended = clock()
    proof.rows, proof.head, proof.seal, proof.pending = walk.seals, walk.position, walk.seal.hex(), walk.pending
    proof.seconds = f"{(ended - begun).total_seconds():.2f}"
    operations.record_verification(rows=proof.rows, head=proof.head, findings=[str(found) for found in proof.findings],
                                   seconds=proof.seconds, by=by, now=ended)
    return proof


class Snapshot(transaction.Atomic):
    """A transaction in which every statement sees the same instant: the sealer and the writers go on meanwhile."""

    def __init__(self) -> None:
        super().__init__(using=None, savepoint=True, durable=True)

    def __enter__(self) -> None:
        super().__enter__()
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
