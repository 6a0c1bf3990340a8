"""Events refuse change."""

from django.db import migrations

from issuing_portal.core.migration_steps import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial"), ("core", "0001_functions")]
    operations = [
        AppendOnly("events_event"),
    ]
