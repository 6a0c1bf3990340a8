"""Registers the app."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "issuing_portal.portal"
    label = "portal"
