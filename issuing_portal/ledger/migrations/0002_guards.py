"""Postings and entries refuse change; an entry that does not sum to zero per currency is refused at COMMIT; accounts leave a trail."""

from django.db import migrations

from issuing_portal.core.migration_steps import AppendOnly, audited, sealed

BALANCED = """
CREATE FUNCTION ledger_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger_posting WHERE entry_id = NEW.entry_id GROUP BY currency HAVING sum(amount_minor) <> 0) THEN
        RAISE EXCEPTION 'journal entry % does not balance', NEW.entry_id USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_posting_balances AFTER INSERT ON ledger_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_balances();
"""
# Room on each page keeps balance updates heap-only (HOT): no index is touched by a tap.
HOT_ACCOUNTS = "ALTER TABLE ledger_account SET (fillfactor = 60)"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("audit", "0002_trail")]
    operations = [
        AppendOnly("ledger_journalentry"),
        AppendOnly("ledger_posting"),
        sealed("ledger_journalentry"),
        sealed("ledger_posting"),
        audited("ledger_account", personal=("metadata",), ignored=("posted_minor", "held_minor")),
        migrations.RunSQL(BALANCED, "DROP FUNCTION ledger_entry_balances() CASCADE"),
        migrations.RunSQL(HOT_ACCOUNTS, migrations.RunSQL.noop),
    ]
