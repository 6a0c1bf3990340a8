"""Messages and transactions refuse change and are sealed; hot tables keep room on their pages.

Authorisations, windows and balances change only together with such a row and carry no trigger (DESIGN §8).
"""

from django.db import migrations

from issuing_portal.core.migration_steps import AppendOnly, sealed

ROOM = """
ALTER TABLE authorisations_spendwindow SET (fillfactor = 60);
DO $$ DECLARE partition regclass; BEGIN
    FOR partition IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'authorisations_authorisation'::regclass LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 80)', partition);
    END LOOP;
END $$;
"""
TAKE_REFUSED = """
CREATE FUNCTION authorisations_refuse(what text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'take refused: %', what USING ERRCODE = 'TR001';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("authorisations", "0001_initial"), ("audit", "0002_trail")]
    operations = [
        AppendOnly("authorisations_authorisationmessage"),
        AppendOnly("authorisations_transaction"),
        sealed("authorisations_authorisationmessage"),
        sealed("authorisations_transaction"),
        migrations.RunSQL(ROOM, migrations.RunSQL.noop),
        migrations.RunSQL(TAKE_REFUSED, "DROP FUNCTION authorisations_refuse(text)"),
    ]
