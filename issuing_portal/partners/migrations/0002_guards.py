"""Partners, programmes, keys and connections leave a trail."""

from django.db import migrations

from issuing_portal.core.migration_steps import audited


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial"), ("audit", "0002_trail")]
    operations = [
        audited("partners_partner"),
        audited("partners_programme"),
        audited("partners_apikey", secret=("secret_hash",), ignored=("last_used_at",)),
        audited("partners_processorconnection", secret=("secret_sealed", "previous_secret_sealed")),
    ]
