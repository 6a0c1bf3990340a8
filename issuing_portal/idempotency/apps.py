"""Registers the app."""

from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "issuing_portal.idempotency"
    label = "idempotency"
