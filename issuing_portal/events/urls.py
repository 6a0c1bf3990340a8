"""Addresses of the events app."""

from django.urls import path

from issuing_portal.events import api

api_urls = [
    path("events", api.Events.as_view()),
    path("events/<str:event_id>", api.OneEvent.as_view()),
]
