"""Registers the app."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "issuing_portal.ledger"
    label = "ledger"
