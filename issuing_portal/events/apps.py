"""Registers the app."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "issuing_portal.events"
    label = "events"
