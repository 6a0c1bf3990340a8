"""The table of contents of this app."""

from django.urls import path

from cardholders import api, portal

api_urls = [
    path("cardholders", api.Cardholders.as_view()),
    path("cardholders/<str:cardholder_id>", api.CardholderOne.as_view()),
    path("cardholders/<str:cardholder_id>/suspend", api.CardholderSuspend.as_view()),
    path("cardholders/<str:cardholder_id>/reactivate", api.CardholderReactivate.as_view()),
    path("cardholders/<str:cardholder_id>/close", api.CardholderClose.as_view()),
]
portal_urls = [
    path("", portal.cardholder_list, name="list"),
    path("<str:cardholder_id>", portal.cardholder_detail, name="detail"),
    path("<str:cardholder_id>/suspend", portal.suspend, name="suspend"),
    path("<str:cardholder_id>/restrict", portal.restrict, name="restrict"),
    path("<str:cardholder_id>/reactivate", portal.reactivate, name="reactivate"),
    path("<str:cardholder_id>/close", portal.close, name="close"),
]
