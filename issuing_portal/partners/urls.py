"""Addresses of the partners app."""

from django.urls import path

from issuing_portal.partners import api

api_urls = [
    path("api_keys", api.ApiKeys.as_view()),
    path("api_keys/<str:key_id>", api.OneApiKey.as_view()),
    path("api_keys/<str:key_id>/rotate", api.RotateApiKey.as_view()),
    path("api_keys/<str:key_id>/revoke", api.RevokeApiKey.as_view()),
]
