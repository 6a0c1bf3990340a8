"""Users, grants and proposals leave a trail."""

from django.db import migrations

from issuing_portal.core.migration_steps import audited


class Migration(migrations.Migration):
    dependencies = [("staff", "0001_initial"), ("audit", "0002_trail")]
    operations = [
        audited("staff_user", personal=("email", "name"), secret=("password", "former_passwords"), ignored=("last_login",)),
        audited("staff_grant"),
        audited("staff_invitation", secret=("token_hash",)),
        audited("staff_authenticator", secret=("secret_sealed",), ignored=("last_step", "drift")),
        audited("staff_recoverycodes", secret=("hashes",)),
        audited("staff_proposal", personal=("payload", "summary", "evidence")),
    ]
