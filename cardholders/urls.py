"""The table of contents of this app."""

from django.urls import path

from cardholders import api

api_urls = [
    path("cardholders", api.Cardholders.as_view()),
    path("cardholders/<str:cardholder_id>", api.CardholderOne.as_view()),
    path("cardholders/<str:cardholder_id>/suspend", api.CardholderSuspend.as_view()),
    path("cardholders/<str:cardholder_id>/reactivate", api.CardholderReactivate.as_view()),
    path("cardholders/<str:cardholder_id>/close", api.CardholderClose.as_view()),
]
