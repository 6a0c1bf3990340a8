"""The table of contents: /v1 for partners, the portal for staff, the rest for machines.

The processor has an entry of its own: issuing_portal/urls_processor.py.
"""

from django.contrib import admin
from django.urls import include, path

import authorisations.urls
import cardholders.urls
import cards.urls
import issuing_portal.api.urls
import issuing_portal.audit.urls
import issuing_portal.events.urls
import issuing_portal.ledger.urls
import issuing_portal.partners.urls
import issuing_portal.portal.urls
import issuing_portal.sandbox.urls
import issuing_portal.staff.urls
import kyc.urls
from issuing_portal.core.health import urls as machine_urls

API = [
    *issuing_portal.partners.urls.api_urls,
    *cardholders.urls.api_urls,
    *kyc.urls.api_urls,
    *issuing_portal.ledger.urls.api_urls,
    *cards.urls.api_urls,
    *authorisations.urls.api_urls,
    *issuing_portal.events.urls.api_urls,
    *issuing_portal.sandbox.urls.api_urls,
]
urlpatterns = [
    path("v1/", include(API)),
    *issuing_portal.api.urls.urls,
    *machine_urls,
    *cards.urls.public_urls,
    path("", include((issuing_portal.portal.urls.portal_urls, "portal"))),
    path("staff/", include((issuing_portal.staff.urls.portal_urls, "staff"))),
    path("partners/", include((issuing_portal.partners.urls.portal_urls, "partners"))),
    path("cardholders/", include((cardholders.urls.portal_urls, "cardholders"))),
    path("kyc/", include((kyc.urls.portal_urls, "kyc"))),
    path("accounts/", include((issuing_portal.ledger.urls.portal_urls, "ledger"))),
    path("cards/", include((cards.urls.portal_urls, "cards"))),
    path("authorisations/", include((authorisations.urls.portal_urls, "authorisations"))),
    path("audit/", include((issuing_portal.audit.urls.portal_urls, "audit"))),
    path("admin/", admin.site.urls),
]

handler400 = "issuing_portal.api.problems.handler400"
handler403 = "issuing_portal.api.problems.handler403"
handler404 = "issuing_portal.api.problems.handler404"
handler500 = "issuing_portal.api.problems.handler500"
