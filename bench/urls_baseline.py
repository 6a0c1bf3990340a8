"""The plain version."""

from django.urls import path

from bench.baseline import Authorise
from issuing_portal.core.health import urls as health_urls

urlpatterns = [path("processor/v1/<str:connection_id>/authorisations", Authorise.as_view()), *health_urls]
