"""One whole proof of the ledger: every invariant in one snapshot, and the record of the outcome."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from issuing_portal.audit.proof import Snapshot
from issuing_portal.core.actors import Actor
from issuing_portal.ledger.operations import record_verification
from issuing_portal.ledger.verification import INVARIANTS, Checked, Finding, check


@dataclass(frozen=True)
class Proof:
    """The outcome of every invariant; `told` hears of each as soon as it is known."""

    checked: tuple[Checked, ...]
    seconds: str

    @property
    def passed(self) -> bool:
        return not any(one.broken for one in self.checked)

    @property
    def broken(self) -> int:
        return sum(one.broken for one in self.checked)

    @property
    def findings(self) -> list[Finding]:
        return [finding for one in self.checked for finding in one.findings]


def prove(*, by: Actor, clock: Callable[[], datetime], told: Callable[[Checked], None] | None = None) -> Proof:
    """Check every invariant over the whole database in one read-only snapshot; record the event `ledger.verified`."""
    begun, checked = clock(), []
    # Bookings go on meanwhile: without one snapshot for all statements they would look like errors.
    with nullcontext() if connection.in_atomic_block else Snapshot():
        for invariant in list(INVARIANTS):
            checked.append(check(invariant))
            if told:
                told(checked[-1])
    ended = clock()
    proof = Proof(tuple(checked), f"{(ended - begun).total_seconds():.2f}")
    record_verification(
        looked_at={one.invariant.name: one.looked_at for one in checked}, broken=proof.broken,
        findings=[str(finding) for finding in proof.findings], seconds=proof.seconds, by=by, now=ended)
    return proof
