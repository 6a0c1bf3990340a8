"""`manage.py rotate_vault_key`: wrap every data key under VAULT_KEK; the former key stays in VAULT_KEK_PREVIOUS until this is done."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from cards import operations as cards
from issuing_portal.core.actors import Actor
from issuing_portal.events import operations as events
from issuing_portal.partners import operations as partners
from issuing_portal.staff import operations as staff

WRAPPED: dict[str, Callable[..., int]] = {
    "card numbers": cards.rewrap_vault_keys,
    "people in events": events.rewrap_subject_keys,
    "processor secrets": partners.rewrap_connection_secrets,
    "authenticators": staff.rewrap_authenticators,
}
"""Everything that stands under the key-encryption key."""


class Command(BaseCommand):
    """Safe to stop and to start again: each batch commits by itself."""

    help = "Wrap the data keys of all that is encrypted under the key-encryption key in use (VAULT_KEK). No card number is opened."

    def handle(self, *args: Any, **options: Any) -> None:
        by = Actor.system("rotate_vault_key", "command")
        for what, rewrap in WRAPPED.items():
            total = 0
            while done := rewrap(by=by, now=timezone.now()):
                total += done
            self.stdout.write(f"{what:<18} {total:>9,} data keys wrapped anew")
        self.stdout.write("Nothing is left under a former key.")
