"""The looking-glass on cards. The vault and reveal sessions are not registered: nobody looks at them, by contract."""

from django.contrib import admin

from cards.models import Card, CardTransition, SpendControl
from issuing_portal.staff.looking_glass import LookingGlass


@admin.register(Card)
class CardGlass(LookingGlass):
    verb = "cards.read"
    list_display = ("public_id", "status", "last4", "form", "expires_on", "partner", "livemode")
    list_filter = ("status",)
    hidden = ("vault_entry",)
    personal = ("external_id", "metadata")


@admin.register(CardTransition)
class CardTransitionGlass(LookingGlass):
    verb = "cards.read"
    list_display = ("id", "from_status", "to_status", "hand", "at")
    personal = ("note",)


@admin.register(SpendControl)
class SpendControlGlass(LookingGlass):
    verb = "cards.read"
    list_display = ("public_id", "owner_kind", "version", "active_from", "active_to")
