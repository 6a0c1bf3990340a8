"""Registers the app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "issuing_portal.audit"
    label = "audit"
