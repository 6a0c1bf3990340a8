"""Registers the management commands and tasks of the floor."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "issuing_portal.core"
    label = "core"
