"""The trail's triggers: what changed in business tables, and the queue of rows to be sealed."""

from django.db import migrations

from issuing_portal.core.migration_steps import AppendOnly, sealed

NOTE_CHANGE = """
CREATE FUNCTION audit_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    personal text[] := TG_ARGV[0]; secret text[] := TG_ARGV[1]; ignored text[] := TG_ARGV[2];
    actor jsonb := nullif(current_setting('issuing.actor', true), '')::jsonb;
    salt text := coalesce(current_setting('issuing.salt', true), '');
    before jsonb; after jsonb; changes jsonb := '{}'; name text; one jsonb;
BEGIN
    IF TG_OP <> 'INSERT' THEN before := to_jsonb(OLD); END IF;
    IF TG_OP <> 'DELETE' THEN after := to_jsonb(NEW); END IF;
    FOR name IN SELECT jsonb_object_keys(coalesce(after, before)) LOOP
        CONTINUE WHEN name = ANY (ignored) OR (before -> name) IS NOT DISTINCT FROM (after -> name);
        IF name = ANY (secret) THEN
            one := '{"secret": true}';
        ELSIF name = ANY (personal) THEN
            one := jsonb_build_object('personal', true,
                'from', CASE WHEN salt <> '' AND before ? name THEN left(encode(sha256(convert_to(salt || (before ->> name), 'UTF8')), 'hex'), 32) END,
                'to', CASE WHEN salt <> '' AND after ? name THEN left(encode(sha256(convert_to(salt || (after ->> name), 'UTF8')), 'hex'), 32) END);
        ELSE
            one := jsonb_build_object('from', before -> name, 'to', after -> name);
        END IF;
        changes := changes || jsonb_build_object(name, one);
    END LOOP;
    IF changes <> '{}' OR TG_OP <> 'UPDATE' THEN
        INSERT INTO audit_change (at, table_name, row_id, action, actor, database_user, changes)
        VALUES (clock_timestamp(), TG_TABLE_NAME, coalesce(after ->> 'id', before ->> 'id', after ->> 'subject_id', before ->> 'subject_id'),
                TG_OP, actor, session_user, changes);
    END IF;
    RETURN NULL;
END $$;
"""
SEAL_LATER = """
CREATE FUNCTION audit_seal_later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_pending (table_name, row_id) VALUES (TG_ARGV[0], NEW.id::text);
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("events", "0002_guards"), ("core", "0001_functions")]
    operations = [
        migrations.RunSQL(NOTE_CHANGE, "DROP FUNCTION audit_note_change()"),
        migrations.RunSQL(SEAL_LATER, "DROP FUNCTION audit_seal_later()"),
        AppendOnly("audit_change"),
        AppendOnly("audit_seal"),
        sealed("audit_change"),
        sealed("events_event"),
    ]
