"""The table of contents: /v1 for partners, the portal for staff, the rest for machines."""

from importlib import import_module
from typing import Any

from django.contrib import admin
from django.urls import include, path


def _of(module: str, name: str) -> list[Any]:
    try:
        return getattr(import_module(module), name, [])
    except ModuleNotFoundError as error:
        if error.name == module:
            return []
        raise


API = ["issuing_portal.partners", "cardholders", "kyc", "issuing_portal.ledger", "cards", "authorisations", "issuing_portal.events", "issuing_portal.sandbox"]
PORTAL = {"": "issuing_portal.portal", "staff": "issuing_portal.staff", "partners": "issuing_portal.partners", "cardholders": "cardholders", "kyc": "kyc",
          "accounts": "issuing_portal.ledger", "cards": "cards", "authorisations": "authorisations", "audit": "issuing_portal.audit"}

urlpatterns: list[Any] = [path("v1/", include([pattern for app in API for pattern in _of(f"{app}.urls", "api_urls")]))]
urlpatterns += _of("issuing_portal.core.health", "urls") + _of("issuing_portal.api.urls", "urls")
for prefix, app in PORTAL.items():
    found = _of(f"{app}.urls", "portal_urls")
    if found:
        name = app.rpartition(".")[2]
        urlpatterns.append(path(f"{prefix}/" if prefix else "", include((found, name), namespace=name)))
urlpatterns.append(path("admin/", admin.site.urls))

handler400 = "issuing_portal.api.problems.handler400"
handler403 = "issuing_portal.api.problems.handler403"
handler404 = "issuing_portal.api.problems.handler404"
handler500 = "issuing_portal.api.problems.handler500"
