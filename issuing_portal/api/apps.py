"""Registers the app."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "issuing_portal.api"
    label = "api"
