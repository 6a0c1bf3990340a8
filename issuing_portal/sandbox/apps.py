"""Registers the app."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "issuing_portal.sandbox"
    label = "sandbox"
