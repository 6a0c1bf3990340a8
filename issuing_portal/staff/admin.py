"""The looking-glass on people, and on the events and the trail (which stand below this package and cannot import it)."""

from django.contrib import admin

from issuing_portal.audit.models import Change, Seal
from issuing_portal.events.models import Event
from issuing_portal.staff.looking_glass import LookingGlass
from issuing_portal.staff.models import Grant, Invitation, Proposal, User


@admin.register(User)
class UserGlass(LookingGlass):
    verb = "staff.read"
    list_display = ("public_id", "name", "email", "state", "last_login")
    hidden = ("password", "former_passwords")


@admin.register(Invitation)
class InvitationGlass(LookingGlass):
    verb = "staff.read"
    list_display = ("id", "user", "expires_at", "used_at")


@admin.register(Grant)
class GrantGlass(LookingGlass):
    verb = "staff.read"
    list_display = ("public_id", "user", "role", "valid_until", "revoked_at")
    list_filter = ("role",)


@admin.register(Proposal)
class ProposalGlass(LookingGlass):
    verb = "proposals.read"
    list_display = ("public_id", "verb", "status", "maker", "checker")
    list_filter = ("status",)
    personal = ("payload", "summary", "evidence")


@admin.register(Event)
class EventGlass(LookingGlass):
    verb = "audit.read"
    list_display = ("public_id", "type", "subject_noun", "occurred_at")
    personal = ("internal", "reason")


@admin.register(Change)
class ChangeGlass(LookingGlass):
    verb = "audit.read"
    list_display = ("id", "table_name", "action", "row_id", "at")


@admin.register(Seal)
class SealGlass(LookingGlass):
    verb = "audit.read"
    list_display = ("position", "table_name", "row_id")
