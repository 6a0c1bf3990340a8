"""Addresses of the shell's own pages."""

from django.urls import path

from issuing_portal.portal import health, search
from issuing_portal.portal.home import page

portal_urls = [
    path("", page.home, name="home"),
    path("search", search.search, name="search"),
    path("alive", search.alive, name="alive"),
    path("health", health.page, name="health"),
]
