"""The looking-glass on authorisations, their messages and bookings."""

from django.contrib import admin

from authorisations.models import Authorisation, AuthorisationMessage, Transaction
from issuing_portal.staff.looking_glass import LookingGlass


@admin.register(Authorisation)
class AuthorisationGlass(LookingGlass):
    verb = "authorisations.read"
    list_display = ("public_id", "status")
    list_filter = ("status",)


@admin.register(AuthorisationMessage)
class AuthorisationMessageGlass(LookingGlass):
    verb = "authorisations.read"


@admin.register(Transaction)
class TransactionGlass(LookingGlass):
    verb = "authorisations.read"
