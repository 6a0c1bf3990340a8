"""Sealers and verifiers at work beside writers, with real commits."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from issuing_portal.audit import operations, proof
from issuing_portal.audit.models import Pending, Seal
from issuing_portal.core import partitions
from issuing_portal.core.actors import Actor
from issuing_portal.core.ids import new_id
from issuing_portal.events import operations as events

NOW = datetime(2026, 11, 23, 15, 20, tzinfo=UTC)
BY = Actor.system("sealer")
pytestmark = pytest.mark.usefixtures("committed_db")


def write(count: int) -> None:
    """Events about cards of their own, each in its own transaction."""
    for _ in range(count):
        with transaction.atomic():
            events.record("card.updated", subject=SimpleNamespace(noun="card", id=new_id()), by=BY, at=NOW)


def at_once(*acts: Callable[[], object]) -> list[BaseException]:
    """Run all in threads of their own; what they raised."""
    raised: list[BaseException] = []
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        try:
            start.wait()
            act()
        except IntegrityError as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def seal_often() -> None:
    for _ in range(30):
        operations.seal_pending(by=BY, now=NOW)


def prove_often() -> None:
    for _ in range(5):
        outcome = proof.prove(anchor_file=None, by=BY, clock=timezone.now)
        assert outcome.passed, outcome.findings


def test_writers_sealers_and_a_verifier_at_once_leave_one_whole_chain() -> None:
    assert at_once(*[lambda: write(40)] * 3, *[seal_often] * 3, prove_often) == []
    while operations.seal_pending(by=BY, now=NOW):
        pass
    outcome = proof.prove(anchor_file=None, by=BY, clock=timezone.now)
    assert (outcome.passed, outcome.rows) == (True, 3 * 40 + 5)
    assert Pending.objects.count() == 1, "the outcome of the proof itself"


def test_without_the_lock_two_sealers_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: both read the same head, and the primary key on the position is the second lock."""
    write(20)
    both_have_read = threading.Barrier(2)
    read_head = operations._head

    def head_then_wait() -> tuple[int, bytes]:
        found = read_head()
        both_have_read.wait(10)
        return found

    monkeypatch.setattr(operations, "_only_sealer", lambda: True)
    monkeypatch.setattr(operations, "_head", head_then_wait)
    monkeypatch.setattr(operations, "_claim", lambda: [("events_event", str(new_id()))])
    monkeypatch.setattr(operations, "BATCHES", 1)
    assert len(at_once(seal_once, seal_once)) == 1
    assert Seal.objects.count() == 1


def seal_once() -> None:
    operations.seal_pending(by=BY, now=NOW)


def test_partitions_made_later_refuse_truncate_as_well() -> None:
    later = datetime(2031, 2, 10, tzinfo=UTC)
    made = partitions.make_partitions(now=later)
    try:
        assert any('"events_event_203102"' in statement for statement in made)
        assert partitions.make_partitions(now=later) == []
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("TRUNCATE events_event_203102")
    finally:
        with connection.cursor() as cursor:
            for statement in made:
                name = statement.split('"')[1]
                cursor.execute(f'DROP TABLE "{name}"')
