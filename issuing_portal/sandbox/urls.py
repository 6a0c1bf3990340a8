"""The table of contents of /v1/sandbox."""

from django.urls import path

from issuing_portal.sandbox import api

api_urls = [
    path("sandbox/authorisations", api.Taps.as_view()),
    path("sandbox/authorisations/<str:authorisation_id>/clear", api.Clear.as_view()),
    path("sandbox/authorisations/<str:authorisation_id>/reverse", api.Reverse.as_view()),
    path("sandbox/authorisations/<str:authorisation_id>/increment", api.Increment.as_view()),
    path("sandbox/authorisations/<str:authorisation_id>/advise", api.Advise.as_view()),
    path("sandbox/authorisations/<str:authorisation_id>/expire", api.Expire.as_view()),
    path("sandbox/authorisations/<str:authorisation_id>/refund", api.Refund.as_view()),
    path("sandbox/clearings", api.Clearings.as_view()),
    path("sandbox/kyc_cases/<str:case_id>/approve", api.Approve.as_view()),
    path("sandbox/kyc_cases/<str:case_id>/reject", api.Reject.as_view()),
    path("sandbox/kyc_cases/<str:case_id>/request_information", api.RequestInformation.as_view()),
]
