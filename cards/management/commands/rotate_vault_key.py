"""`manage.py rotate_vault_key`: wrap every card's data key under VAULT_KEK; the former key stays in VAULT_KEK_PREVIOUS until this is done."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from cards import operations
from cards.operations.keys import BATCH
from issuing_portal.core.actors import Actor


class Command(BaseCommand):
    """Safe to stop and to start again: each batch commits by itself."""

    help = "Wrap the data keys of the card vault under the key-encryption key in use (VAULT_KEK). No card number is opened."

    def handle(self, *args: Any, **options: Any) -> None:
        total, done = 0, BATCH
        while done == BATCH:
            done = operations.rewrap_vault_keys(by=Actor.system("rotate_vault_key", "command"), now=timezone.now())
            total += done
            self.stdout.write(f"{total} data keys wrapped anew")
