"""Registers the app."""

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "issuing_portal.partners"
    label = "partners"
