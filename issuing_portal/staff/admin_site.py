"""Puts the looking-glass in the place of Django's own admin site (INSTALLED_APPS names this class)."""

from django.contrib.admin.apps import AdminConfig


class LookingGlassConfig(AdminConfig):
    default = False
    default_site = "issuing_portal.staff.looking_glass.LookingGlassSite"
