"""Addresses of the shell's own pages."""

from django.urls import path

from issuing_portal.portal import health

portal_urls = [
    path("health", health.page, name="health"),
]
