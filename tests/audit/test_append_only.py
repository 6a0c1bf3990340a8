"""What the database itself refuses and notes: append-only tables stay, and no business table changes unseen."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from issuing_portal.audit import fields
from issuing_portal.audit.sealing import SEALED

pytestmark = pytest.mark.django_db

NO_TRAIL = {
    "audit_change": "is the trail", "audit_seal": "append-only", "audit_pending": "a queue, proved by the seals",
    "events_event": "append-only and sealed", "events_subjectkey": "a wrapped key; its deletion is erasure, told by an event",
    "ledger_journalentry": "append-only and sealed", "ledger_posting": "append-only and sealed",
    "cards_cardtransition": "append-only and sealed",
    "authorisations_authorisation": "tap path: changes only together with a sealed message", "authorisations_spendwindow": "tap path: a counter",
    "authorisations_authorisationmessage": "append-only and sealed", "authorisations_networkreference": "tap path: de-duplication of sealed messages",
    "authorisations_transaction": "append-only and sealed", "idempotency_storedanswer": "answers kept for seven days",
}
"""Tables of ours without the audit trigger, each with its reason."""


def our_tables() -> set[str]:
    """Tables of every model of ours."""
    return {model._meta.db_table for model in apps.get_models()
            if model.__module__.split(".")[0] in {"issuing_portal", "cardholders", "kyc", "cards", "authorisations", "fulfilment"}}


def tables_with(suffix: str) -> set[str]:
    """Tables that carry a trigger whose name ends so."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname = c.relname || %s", [suffix])
        return {name for (name,) in cursor.fetchall()}


def partitions_of(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
        return [name for (name,) in cursor.fetchall()]


def test_every_business_table_leaves_a_trail_or_says_why_not() -> None:
    assert our_tables() - tables_with("_audit") - set(NO_TRAIL) == set()


@pytest.mark.parametrize("table", [*SEALED, "audit_seal"])
def test_append_only_tables_refuse_change(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgtype FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s", [table, f"{table}_append_only"])
        row_level, before, delete, update = 1, 2, 8, 16
        assert cursor.fetchone() == (row_level | before | delete | update,)


@pytest.mark.parametrize("table", [*SEALED, "audit_seal"])
def test_append_only_tables_and_their_partitions_refuse_truncate(table: str) -> None:
    for name in [table, *partitions_of(table)]:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {name} CASCADE")


def test_an_update_and_a_delete_are_refused_in_a_partition_too() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO events_event (id, type, subject_noun, subject_id, sequence, actor, reason, staff_only, data, "
                       "internal, occurred_at) "
                       "VALUES (gen_random_uuid(), 'card.updated', 'card', gen_random_uuid(), 1, '{}', '', false, '{}', '{}', now()) "
                       "RETURNING tableoid::regclass::text")
        partition = cursor.fetchone()[0]
    for name in ("events_event", partition):
        for statement in (f"UPDATE {name} SET reason = 'x'", f"DELETE FROM {name}"):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


def test_audited_tables_refuse_truncate() -> None:
    for table in tables_with("_audit"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {table} CASCADE")


def test_the_readable_diff_masks_what_the_triggers_mask() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT c.relname, encode(t.tgargs, 'escape') FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                       "WHERE t.tgname = c.relname || '_audit'")
        arguments = {table: text.split("\\000") for table, text in cursor.fetchall()}
    for label, columns in fields.MASKED.items():
        model = apps.get_model(label)
        personal, secret = (set(text.strip("{}").split(",")) - {""} for text in arguments[model._meta.db_table][:2])
        assert {*columns, *getattr(model, "PERSONAL", ())} == personal | secret, label


def test_every_audited_model_has_a_readable_diff_or_says_why_not() -> None:
    labels = {model._meta.label for model in apps.get_models() if model._meta.db_table in tables_with("_audit")}
    assert labels - set(fields.MASKED) - set(fields.LEFT_OUT) == set()


def test_a_masked_value_shows_nothing_of_itself() -> None:
    assert [fields.masked(text) for text in ("ada@example.com", "None", "")] == ["[masked]", "", ""]


def test_an_audit_trigger_watches_every_column_that_it_does_not_ignore() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT c.relname, encode(t.tgargs, 'escape'), (SELECT array_agg(attname::text) FROM pg_attribute "
                       "WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attnum <> ALL (t.tgattr::int2[])) "
                       "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                       "WHERE t.tgname = c.relname || '_audit' AND cardinality(t.tgattr::int2[]) > 0")
        found = {table: (set(arguments.split("\\000")[2].strip("{}").split(",")), set(left_out)) for table, arguments, left_out in cursor.fetchall()}
    assert "ledger_account" in found
    assert all(left_out <= ignored for ignored, left_out in found.values()), found
