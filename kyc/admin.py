"""The looking-glass on cases; administrators hold no `kyc.read`, so it is not there for them."""

from django.contrib import admin

from issuing_portal.staff.looking_glass import LookingGlass
from kyc.models import Case


@admin.register(Case)
class CaseGlass(LookingGlass):
    verb = "kyc.read"
    list_display = ("public_id", "status", "partner", "livemode")
    list_filter = ("status",)
