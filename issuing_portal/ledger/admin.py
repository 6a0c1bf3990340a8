"""The looking-glass on accounts and the books."""

from django.contrib import admin

from issuing_portal.ledger.models import Account, JournalEntry, Posting
from issuing_portal.staff.looking_glass import LookingGlass


@admin.register(Account)
class AccountGlass(LookingGlass):
    verb = "accounts.read"
    list_display = ("public_id", "kind", "status", "currency", "posted_minor", "held_minor")
    list_filter = ("status", "kind")
    personal = ("metadata",)


@admin.register(JournalEntry)
class JournalEntryGlass(LookingGlass):
    verb = "accounts.read"


@admin.register(Posting)
class PostingGlass(LookingGlass):
    verb = "accounts.read"
