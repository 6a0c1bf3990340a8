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
    """Every change of a business table is a row in audit_change: personal columns as salted hashes, secret ones as names."""
    columns = ", ".join(f"'{{{','.join(names)}}}'" for names in (personal, secret, (*ignored, "updated_at")))
    return migrations.RunSQL(
        f'CREATE TRIGGER "{table}_audit" AFTER INSERT OR UPDATE OR DELETE ON "{table}" '
        f"FOR EACH ROW EXECUTE FUNCTION audit_note_change({columns});"
        f'CREATE TRIGGER "{table}_audit_no_truncate" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION portal_refuse_change()',
        f'DROP TRIGGER "{table}_audit" ON "{table}"; DROP TRIGGER "{table}_audit_no_truncate" ON "{table}"')
