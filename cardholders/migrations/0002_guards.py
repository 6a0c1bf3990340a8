"""Cardholders and their relations leave a trail; personal columns only as salted hashes."""

from django.db import migrations

from cardholders.models import Address, Cardholder, RelatedPerson
from issuing_portal.core.migration_steps import audited


class Migration(migrations.Migration):
    dependencies = [("cardholders", "0001_initial"), ("audit", "0002_trail")]
    operations = [
        audited("cardholders_cardholder", personal=Cardholder.PERSONAL),
        audited("cardholders_address", personal=Address.PERSONAL),
        audited("cardholders_relatedperson", personal=RelatedPerson.PERSONAL),
    ]
