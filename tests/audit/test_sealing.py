"""The chain of seals, and what the verifier says after somebody with a superuser's rights was at the tables."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from issuing_portal.audit import operations, queries
from issuing_portal.audit.models import Pending, Seal
from issuing_portal.audit.sealing import SEALED, current_version
from issuing_portal.core.actors import Actor
from issuing_portal.core.ids import new_id
from issuing_portal.events import operations as events
from issuing_portal.events.models import Event

NOW = datetime(2026, 11, 23, 15, 20, tzinfo=UTC)
SEALER = Actor.system("sealer")
pytestmark = pytest.mark.django_db


def write_events(count: int) -> list[Event]:
    """Events about one card."""
    card = SimpleNamespace(noun="card", id=new_id())
    return [events.record("card.updated", subject=card, by=SEALER, at=NOW, data={"number": number}) for number in range(count)]


@pytest.fixture
def sealed() -> list[Event]:
    """Twelve sealed events, at the positions 1 to 12."""
    made = write_events(12)
    assert operations.seal_pending(by=SEALER, now=NOW) == 12
    return made


def as_superuser(sql: str, *values: Any) -> None:
    """Past every trigger, as a superuser may."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def verify(*arguments: str) -> dict[str, Any]:
    """What verify_audit --json says."""
    out = StringIO()
    try:
        call_command("verify_audit", "--json", *arguments, stdout=out)
        status = 0
    except SystemExit as stopped:
        status = int(str(stopped.code))
    said = json.loads(out.getvalue())
    assert status == (0 if said["passed"] else 1)
    return said


def named(said: dict[str, Any]) -> list[tuple[str, str, int | None]]:
    """(kind, row, position) of each finding."""
    return [(one["kind"], one["row_id"], one["position"]) for one in said["findings"]]


def test_rows_are_sealed_in_the_order_in_which_they_were_queued(sealed: list[Event]) -> None:
    seals = list(Seal.objects.order_by("position"))
    assert [seal.row_id for seal in seals] == [str(event.pk) for event in sealed]
    assert [seal.position for seal in seals] == list(range(1, 13))
    assert bytes(seals[0].previous) == bytes(32)
    assert all(bytes(after.previous) == bytes(before.seal) for before, after in zip(seals, seals[1:], strict=False))
    assert not Pending.objects.exists()


def test_a_whole_trail_passes_and_says_how_much_it_saw(sealed: list[Event]) -> None:
    said = verify()
    assert (said["passed"], said["rows"], said["head"], said["findings"]) == (True, 12, 12, [])


def test_rows_that_wait_for_their_seal_are_no_finding(sealed: list[Event]) -> None:
    write_events(3)
    said = verify()
    assert (said["passed"], said["pending"]) == (True, 3)


def test_an_altered_row_is_named(sealed: list[Event]) -> None:
    as_superuser("UPDATE events_event SET reason = 'another' WHERE id = %s", sealed[4].pk)
    assert named(verify()) == [("altered_row", str(sealed[4].pk), 5)]


@pytest.mark.parametrize("column", [column for column in SEALED["events_event"][1] if column != "id"])
def test_every_column_is_covered(sealed: list[Event], column: str) -> None:
    others = {"uuid": "gen_random_uuid()", "jsonb": "'{\"forged\": 1}'", "bytea": "'\\x00'", "boolean": f"NOT coalesce({column}, false)",
              "integer": f"{column} + 1", "timestamp with time zone": f"{column} + interval '1 microsecond'"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT data_type FROM information_schema.columns WHERE table_name = 'events_event' AND column_name = %s", [column])
        kind = cursor.fetchone()[0]
    as_superuser(f"UPDATE events_event SET {column} = {others.get(kind, chr(39) + 'forged' + chr(39))} WHERE id = '{sealed[2].pk}'")
    assert named(verify()) == [("altered_row", str(sealed[2].pk), 3)]


def test_a_deleted_row_is_named(sealed: list[Event]) -> None:
    as_superuser("DELETE FROM events_event WHERE id = %s", sealed[6].pk)
    assert named(verify()) == [("deleted_row", str(sealed[6].pk), 7)]


def test_a_row_deleted_together_with_its_seal_leaves_a_gap(sealed: list[Event]) -> None:
    as_superuser("DELETE FROM events_event WHERE id = %s", sealed[6].pk)
    as_superuser("DELETE FROM audit_seal WHERE position = 7")
    said = verify()
    assert named(said) == [("gap", str(sealed[7].pk), 8)]
    assert "position 7" in said["findings"][0]["detail"]


def test_reordered_seals_are_named_both_and_no_innocent_one(sealed: list[Event]) -> None:
    for position, target in ((4, -1), (9, 4), (-1, 9)):
        as_superuser("UPDATE audit_seal SET position = %s WHERE position = %s", target, position)
    assert named(verify()) == [("reordered", str(sealed[8].pk), 4), ("reordered", str(sealed[3].pk), 9)]


def test_rows_that_changed_places_are_named_both(sealed: list[Event]) -> None:
    other = new_id()
    for before, after in ((sealed[1].pk, other), (sealed[2].pk, sealed[1].pk), (other, sealed[2].pk)):
        as_superuser("UPDATE events_event SET id = %s WHERE id = %s", after, before)
    assert named(verify()) == [("altered_row", str(sealed[1].pk), 2), ("altered_row", str(sealed[2].pk), 3)]


def test_a_row_inserted_past_the_triggers_is_named(sealed: list[Event]) -> None:
    forged = new_id()
    columns = ", ".join(column for column in SEALED["events_event"][1] if column != "id")
    as_superuser(f"INSERT INTO events_event (id, {columns}) SELECT %s, {columns} FROM events_event WHERE id = %s", forged, sealed[0].pk)
    assert named(verify()) == [("unsealed_row", str(forged), None)]


def test_a_forged_seal_among_the_others_is_named(sealed: list[Event]) -> None:
    as_superuser("UPDATE audit_seal SET row_hash = sha256('forged') WHERE position = 5")
    assert named(verify()) == [("altered_seal", str(sealed[4].pk), 5), ("altered_row", str(sealed[4].pk), 5)]


def test_a_seal_forged_whole_shows_where_the_next_one_does_not_follow(sealed: list[Event]) -> None:
    as_superuser("UPDATE audit_seal SET seal = sha256('forged') WHERE position = 5")
    assert named(verify()) == [("altered_seal", str(sealed[4].pk), 5)]


def test_a_cut_tail_is_found_by_the_anchor_alone(sealed: list[Event], tmp_path: Path) -> None:
    anchor = tmp_path / "anchors.jsonl"
    call_command("export_anchor", str(anchor), stdout=StringIO())
    assert verify("--anchor", str(anchor))["passed"]
    Pending.objects.all().delete()
    as_superuser("DELETE FROM events_event WHERE id = ANY(%s)", [event.pk for event in sealed[9:]])
    as_superuser("DELETE FROM events_event WHERE type = 'audit.verified'")
    as_superuser("DELETE FROM audit_seal WHERE position > 9")
    assert verify()["passed"], "without the anchor a shorter chain looks whole"
    assert named(verify("--anchor", str(anchor))) == [("cut_tail", "", 12)]


def test_a_tail_that_was_cut_and_grew_again_is_found_by_the_anchor(sealed: list[Event], tmp_path: Path) -> None:
    anchor = tmp_path / "anchors.jsonl"
    call_command("export_anchor", str(anchor), stdout=StringIO())
    as_superuser("DELETE FROM events_event WHERE id = ANY(%s)", [event.pk for event in sealed[9:]])
    as_superuser("DELETE FROM audit_seal WHERE position > 9")
    grown = write_events(4)
    operations.seal_pending(by=SEALER, now=NOW)
    assert named(verify("--anchor", str(anchor))) == [("rewritten", str(grown[2].pk), 12)]


def test_a_row_that_went_before_it_was_sealed_is_named_for_ever() -> None:
    gone = write_events(2)[0]
    as_superuser("DELETE FROM events_event WHERE id = %s", gone.pk)
    assert named(verify()) == [("deleted_row", str(gone.pk), None)]
    operations.seal_pending(by=SEALER, now=NOW)
    assert named(verify()) == [("deleted_row", str(gone.pk), 1)]


def test_an_entry_for_a_sealed_row_does_not_stop_the_sealer(sealed: list[Event]) -> None:
    Pending.objects.create(table_name="events_event", row_id=str(sealed[0].pk))
    Pending.objects.create(table_name="events_event", row_id="no uuid")
    assert operations.seal_pending(by=SEALER, now=NOW) == 1
    assert named(verify()) == [("deleted_row", "no uuid", 13)]


def test_an_unknown_table_in_the_queue_is_told(sealed: list[Event]) -> None:
    Pending.objects.create(table_name="no_such_table", row_id="1")
    assert operations.seal_pending(by=SEALER, now=NOW) == 0
    assert named(verify()) == [("unknown_pending", "1", None)]


def test_the_outcome_is_kept_in_the_trail(sealed: list[Event]) -> None:
    as_superuser("DELETE FROM events_event WHERE id = %s", sealed[6].pk)
    verify()
    kept = queries.last_of("audit.verified")
    assert kept is not None and kept.staff_only
    assert (kept.internal["passed"], kept.internal["rows"]) == (False, 12)
    assert str(sealed[6].pk) in kept.internal["findings"][0]


def test_an_anchor_file_that_cannot_be_read_is_told_and_not_taken_for_a_pass(sealed: list[Event], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no anchor file"):
        call_command("verify_audit", "--anchor", str(tmp_path / "none"))
    broken = tmp_path / "broken"
    broken.write_text('{"place": 3}\n')
    with pytest.raises(CommandError, match="holds a line that is no anchor"):
        call_command("verify_audit", "--anchor", str(broken))


def test_two_sealers_do_not_fork_the_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    write_events(2)
    monkeypatch.setattr(operations, "_only_sealer", lambda: False)
    assert operations.seal_pending(by=SEALER, now=NOW) == 0
    assert Pending.objects.count() == 2


def test_every_column_of_a_sealed_table_is_in_its_newest_list() -> None:
    tables = {model._meta.db_table: model for model in apps.get_models()}
    for table in SEALED:
        assert {field.column for field in tables[table]._meta.fields} == set(SEALED[table][current_version(table)]), table


def test_every_table_with_a_sealing_trigger_has_a_column_list() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                       "WHERE t.tgname LIKE '%\\_seal\\_later' AND t.tgparentid = 0")
        assert {name for (name,) in cursor.fetchall()} == set(SEALED)


def test_the_proof_of_one_row(sealed: list[Event]) -> None:
    table, waiting = "events_event", write_events(1)[0]
    states: Callable[[Event], str] = lambda event: queries.seal_proof(table, str(event.pk)).state  # noqa: E731
    assert (states(sealed[3]), states(waiting)) == ("whole", "waiting")
    as_superuser("UPDATE events_event SET reason = 'x' WHERE id = %s", sealed[3].pk)
    Pending.objects.all().delete()
    assert (states(sealed[3]), states(waiting)) == ("broken", "missing")
