"""Registers the app."""

from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "issuing_portal.staff"
    label = "staff"
