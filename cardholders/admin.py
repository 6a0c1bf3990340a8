"""The looking-glass on cardholders: who they are only for holders of `personal.read`."""

from django.contrib import admin

from cardholders.models import Address, Cardholder, RelatedPerson
from issuing_portal.staff.looking_glass import LookingGlass


@admin.register(Cardholder)
class CardholderGlass(LookingGlass):
    verb = "cardholders.read"
    list_display = ("public_id", "type", "status", "kyc_status", "partner", "livemode")
    list_filter = ("status", "kyc_status")
    personal = ("external_id", "metadata", "legal_name", "registration_number", "tax_ids", "occupation", "source_of_funds", "source_of_wealth")


@admin.register(Address)
class AddressGlass(LookingGlass):
    verb = "cardholders.read"
    list_display = ("id", "kind", "country")


@admin.register(RelatedPerson)
class RelatedPersonGlass(LookingGlass):
    verb = "cardholders.read"
    list_display = ("id", "role", "removed_at")
