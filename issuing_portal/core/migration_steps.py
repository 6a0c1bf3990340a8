"""Steps that several apps' migrations share: append-only tables, sealed and audited ones."""

from typing import Any

from django.db import migrations

from issuing_portal.core.partitions import no_truncate


class AppendOnly(migrations.RunPython):
    """Refuse UPDATE, DELETE and TRUNCATE on a table, and TRUNCATE on each of its partitions."""

    def __init__(self, table: str) -> None:
        super().__init__(self._forwards(table), self._backwards(table))

    def deconstruct(self) -> Any:
        return type(self).__name__, [], {}

    @staticmethod
    def _forwards(table: str) -> Any:
        def run(apps: Any, editor: Any) -> None:
            with editor.connection.cursor() as cursor:
                cursor.execute(f'CREATE TRIGGER "{table}_append_only" BEFORE UPDATE OR DELETE ON "{table}" '
                               "FOR EACH ROW EXECUTE FUNCTION portal_refuse_change()")
                cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
                for name in [table, *(row[0].strip('"') for row in cursor.fetchall())]:
                    cursor.execute(no_truncate(name))
        return run

    @staticmethod
    def _backwards(table: str) -> Any:
        def run(apps: Any, editor: Any) -> None:
            with editor.connection.cursor() as cursor:
                cursor.execute(f'DROP TRIGGER "{table}_append_only" ON "{table}"')
        return run


def sealed(table: str) -> migrations.RunSQL:
    """New rows of an append-only table wait in audit_pending until the sealer chains them."""
    return migrations.RunSQL(
        f'CREATE TRIGGER "{table}_seal_later" AFTER INSERT ON "{table}" FOR EACH ROW EXECUTE FUNCTION audit_seal_later(\'{table}\')',
        f'DROP TRIGGER "{table}_seal_later" ON "{table}"')


def audited(table: str, *, personal: tuple[str, ...] = (), secret: tuple[str, ...] = (), ignored: tuple[str, ...] = ()) -> migrations.RunSQL:
    """Every change of a business table is a row in audit_change: personal columns as salted hashes, secret ones as names.

    An update that sets ignored columns only does not even call the function: a tap changes nothing of an account but its
    balance. A column that a later migration adds to such a table must be given to the trigger there; a test counts them.
    """
    unseen = (*ignored, "updated_at")
    columns = ", ".join(f"'{{{','.join(names)}}}'" for names in (personal, secret, unseen))
    watched = _all_columns_but(table, unseen) if ignored else "''"
    return migrations.RunSQL(
        f"DO $do$ BEGIN EXECUTE 'CREATE TRIGGER \"{table}_audit\" AFTER INSERT OR DELETE OR UPDATE ' || {watched} || "
        f"$on$ ON \"{table}\" FOR EACH ROW EXECUTE FUNCTION audit_note_change({columns})$on$; END $do$;"
        f'CREATE TRIGGER "{table}_audit_no_truncate" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION portal_refuse_change()',
        f'DROP TRIGGER "{table}_audit" ON "{table}"; DROP TRIGGER "{table}_audit_no_truncate" ON "{table}"')


def _all_columns_but(table: str, unseen: tuple[str, ...]) -> str:
    """An SQL expression: `OF …` with every column that the table has when the migration runs, less these."""
    return (f"(SELECT 'OF ' || string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attrelid = '{table}'::regclass "  # noqa: S608
            f"AND attnum > 0 AND NOT attisdropped AND attname <> ALL ('{{{','.join(unseen)}}}'))")
