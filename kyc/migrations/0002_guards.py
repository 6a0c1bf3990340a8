"""Cases leave a trail."""

from django.db import migrations

from issuing_portal.core.migration_steps import audited


class Migration(migrations.Migration):
    dependencies = [("kyc", "0001_initial"), ("audit", "0002_trail")]
    operations = [
        audited("kyc_case"),
    ]
