"""The signed view that does nothing."""

from django.urls import path

from bench import views
from issuing_portal.core.health import urls as health_urls

urlpatterns = [path("processor/v1/<str:connection_id>/authorisations", views.nothing), *health_urls]
