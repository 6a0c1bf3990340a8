"""Registers the app."""

from django.apps import AppConfig


class CardholdersConfig(AppConfig):
    name = "cardholders"
