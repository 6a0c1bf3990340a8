"""The table of contents of this app."""

from django.urls import path

from kyc import api, portal

api_urls = [
    path("kyc_cases", api.Cases.as_view()),
    path("kyc_cases/<str:case_id>", api.CaseOne.as_view()),
    path("kyc_cases/<str:case_id>/submit", api.CaseSubmit.as_view()),
    path("kyc_cases/<str:case_id>/withdraw", api.CaseWithdraw.as_view()),
]
portal_urls = [
    path("", portal.case_list, name="list"),
    path("of/<str:cardholder_id>", portal.of_cardholder, name="of_cardholder"),
    path("<str:case_id>", portal.case_detail, name="detail"),
]
