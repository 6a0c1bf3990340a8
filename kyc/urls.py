"""The table of contents of this app."""

from django.urls import path

from kyc import api

api_urls = [
    path("kyc_cases", api.Cases.as_view()),
    path("kyc_cases/<str:case_id>", api.CaseOne.as_view()),
    path("kyc_cases/<str:case_id>/submit", api.CaseSubmit.as_view()),
    path("kyc_cases/<str:case_id>/withdraw", api.CaseWithdraw.as_view()),
]
