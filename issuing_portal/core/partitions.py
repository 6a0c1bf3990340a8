"""Range partitions by month on a UUIDv7 key (DESIGN §11): made in a table's first migration, ahead by beat.

A table cannot be converted later, hence from the start; a primary key on `id` alone stays legal. The default
partition catches what no month covers, so a missed beat delays nothing.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection, migrations

from issuing_portal.core.ids import floor_id

MONTHS_AHEAD = 3


class CreatePartitionedModel(migrations.CreateModel):
    """CreateModel whose table is `PARTITION BY RANGE (id)`, with its first months and a default partition."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        sql, parameters = schema_editor.table_sql(model)
        schema_editor.execute(f"{sql} PARTITION BY RANGE (id)", parameters)
        schema_editor.deferred_sql.extend(schema_editor._model_indexes_sql(model))
        table = model._meta.db_table
        schema_editor.execute(f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT')
        for statement in month_statements(table, months_from(datetime.now(UTC), MONTHS_AHEAD), existing=set()):
            schema_editor.execute(statement)


def months_from(instant: datetime, ahead: int) -> list[datetime]:
    """The first instants of the month of `instant` and of the `ahead` following ones, and one more as the last bound."""
    first = instant.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return [first.replace(year=first.year + (first.month - 1 + step) // 12, month=(first.month - 1 + step) % 12 + 1)
            for step in range(ahead + 2)]


def month_statements(table: str, bounds: Sequence[datetime], existing: set[str]) -> list[str]:
    """CREATE TABLE … PARTITION OF … for each month between two bounds that does not exist yet."""
    statements = []
    for start, end in zip(bounds, bounds[1:], strict=False):
        name = f"{table}_{start:%Y%m}"
        if name not in existing:
            statements.append(f"CREATE TABLE \"{name}\" PARTITION OF \"{table}\" "
                              f"FOR VALUES FROM ('{floor_id(start)}') TO ('{floor_id(end)}')")
    return statements


def partitioned_tables() -> dict[str, set[str]]:
    """Every partitioned table and the names of its partitions."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT parent.relname, coalesce(array_agg(child.relname) FILTER (WHERE child.relname IS NOT NULL), '{}')
            FROM pg_class parent LEFT JOIN pg_inherits link ON link.inhparent = parent.oid
            LEFT JOIN pg_class child ON child.oid = link.inhrelid
            WHERE parent.relkind = 'p' AND parent.relnamespace = current_schema()::regnamespace GROUP BY 1""")
        return {table: set(partitions) for table, partitions in cursor.fetchall()}


def make_partitions(*, now: datetime) -> list[str]:
    """Make the months ahead for every partitioned table; the new partitions of append-only ones refuse TRUNCATE too.

    Returns the statements that ran: none when all is there.
    """
    ran = []
    for table, existing in partitioned_tables().items():
        statements = month_statements(table, months_from(now, MONTHS_AHEAD), existing)
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s)",
                           [table, f"{table}_no_truncate"])
            append_only = cursor.fetchone()[0]
            for statement in statements:
                cursor.execute(statement)
                if append_only:
                    cursor.execute(no_truncate(statement.split('"')[1]))
        ran += statements
    return ran


def no_truncate(table: str) -> str:
    """A statement trigger: a row trigger alone lets TRUNCATE empty the table."""
    return (f'CREATE TRIGGER "{table}_no_truncate" BEFORE TRUNCATE ON "{table}" '
            f"FOR EACH STATEMENT EXECUTE FUNCTION portal_refuse_change()")
