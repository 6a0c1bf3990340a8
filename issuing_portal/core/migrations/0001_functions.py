"""Database functions of the floor: append-only tables refuse change."""

from django.db import migrations

REFUSE_CHANGE = """
CREATE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = '0A000';
END $$;
"""


class Migration(migrations.Migration):
    dependencies: list[tuple[str, str]] = []
    operations = [migrations.RunSQL(REFUSE_CHANGE, "DROP FUNCTION portal_refuse_change()")]
