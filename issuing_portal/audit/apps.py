"""Registers the app, and the models of the readable field diff."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "issuing_portal.audit"
    label = "audit"

    def ready(self) -> None:
        from issuing_portal.audit import fields
        fields.register()
