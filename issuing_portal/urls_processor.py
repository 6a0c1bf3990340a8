"""The processor's own entry: its URLs and nothing else, so that a report cannot stall a tap."""

from django.urls import path

from authorisations import views
from issuing_portal.core.health import urls as health_urls

urlpatterns = [
    path("processor/v1/<str:connection_id>/authorisations", views.authorise),
    path("processor/v1/<str:connection_id>/reversals", views.reverse),
    path("processor/v1/<str:connection_id>/clearings", views.clear),
    path("processor/v1/<str:connection_id>/refunds", views.refund),
    path("processor/v1/<str:connection_id>/expiries", views.expire),
    path("processor/v1/<str:connection_id>/increments", views.increment),
    path("processor/v1/<str:connection_id>/advices", views.advise),
    *health_urls,
]
handler404 = "authorisations.views.not_found"
handler500 = "authorisations.views.failed"
