"""The looking-glass on partners, programmes, keys and connections: never a secret."""

from django.contrib import admin

from issuing_portal.partners.models import ApiKey, Partner, ProcessorConnection, Programme
from issuing_portal.staff.looking_glass import LookingGlass


@admin.register(Partner)
class PartnerGlass(LookingGlass):
    verb = "partners.read"
    list_display = ("public_id", "name", "status")


@admin.register(Programme)
class ProgrammeGlass(LookingGlass):
    verb = "programmes.read"
    list_display = ("public_id", "name", "partner", "livemode", "status", "currency")


@admin.register(ApiKey)
class ApiKeyGlass(LookingGlass):
    verb = "api_keys.read"
    list_display = ("public_id", "name", "partner", "livemode", "last4", "expires_at", "revoked_at")
    hidden = ("secret_hash",)


@admin.register(ProcessorConnection)
class ProcessorConnectionGlass(LookingGlass):
    verb = "connections.read"
    list_display = ("public_id", "name", "partner", "livemode", "active")
    hidden = ("secret_sealed", "previous_secret_sealed")
