"""Card transitions refuse change; cards, controls, vault rows and reveal sessions leave a trail."""

from django.db import migrations

from issuing_portal.core.migration_steps import AppendOnly, audited, sealed


class Migration(migrations.Migration):
    dependencies = [("cards", "0001_initial"), ("audit", "0002_trail")]
    operations = [
        AppendOnly("cards_cardtransition"),
        sealed("cards_cardtransition"),
        audited("cards_card", personal=("metadata",)),
        audited("cards_spendcontrol"),
        audited("cards_vaultentry", secret=("pan_sealed", "wrapped_key", "pan_hash")),
        audited("cards_revealsession", secret=("token_hash",)),
    ]
