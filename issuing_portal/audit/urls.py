"""Addresses of the audit app."""

from django.urls import path

from issuing_portal.audit import portal

portal_urls = [
    path("", portal.trail, name="list"),
    path("changes", portal.changes, name="changes"),
    path("changes/<int:change_id>", portal.change, name="change"),
    path("<str:event_id>", portal.detail, name="detail"),
]
