"""Users, grants and proposals leave a trail."""

from django.db import migrations

from issuing_portal.core.migration_steps import audited


class Migration(migrations.Migration):
    dependencies = [("staff", "0001_initial"), ("audit", "0002_trail")]
    operations = [
        audited("staff_user", personal=("email", "name"), secret=("password",), ignored=("last_login",)),
        audited("staff_grant"),
        audited("staff_proposal", personal=("payload", "summary", "evidence")),
    ]
