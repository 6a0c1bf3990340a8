"""Registers the app, and its invariants with the ledger's proof."""

from django.apps import AppConfig


class AuthorisationsConfig(AppConfig):
    name = "authorisations"

    def ready(self) -> None:
        from authorisations.invariants import INVARIANTS
        from issuing_portal.ledger import verification
        for invariant in INVARIANTS:
            verification.register(invariant)
