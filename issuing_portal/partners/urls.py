"""Addresses of the partners app: /v1/api_keys for partners, /partners/ for staff."""

from django.urls import path

from issuing_portal.partners import api
from issuing_portal.partners.portal import acts, pages

api_urls = [
    path("api_keys", api.ApiKeys.as_view()),
    path("api_keys/<str:key_id>", api.OneApiKey.as_view()),
    path("api_keys/<str:key_id>/rotate", api.RotateApiKey.as_view()),
    path("api_keys/<str:key_id>/revoke", api.RevokeApiKey.as_view()),
]
portal_urls = [
    path("", pages.partners, name="list"),
    path("add", acts.add, name="add"),
    path("programmes", pages.programmes, name="programmes"),
    path("programmes/<str:programme_id>", pages.programme, name="programme"),
    path("programmes/<str:programme_id>/suspend", acts.suspend_programme, name="suspend_programme"),
    path("programmes/<str:programme_id>/reactivate", acts.reactivate_programme, name="reactivate_programme"),
    path("keys/<str:key_id>/rotate", acts.rotate_key, name="rotate_key"),
    path("keys/<str:key_id>/revoke", acts.revoke_key, name="revoke_key"),
    path("connections/<str:connection_id>/rotate", acts.rotate_connection, name="rotate_connection"),
    path("connections/<str:connection_id>/close", acts.close_connection, name="close_connection"),
    path("<str:partner_id>", pages.partner, name="detail"),
    path("<str:partner_id>/suspend", acts.suspend, name="suspend"),
    path("<str:partner_id>/reactivate", acts.reactivate, name="reactivate"),
    path("<str:partner_id>/keys", acts.create_key, name="create_key"),
    path("<str:partner_id>/connections", acts.create_connection, name="create_connection"),
]
