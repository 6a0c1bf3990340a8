"""Registers the management commands and tasks of the floor."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "issuing_portal.core"
    label = "core"

    def ready(self) -> None:
        from issuing_portal.core import checks  # noqa: F401  (registers them)
