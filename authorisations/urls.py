"""Where the authorisations app answers: /v1 for partners, the portal for staff. Processors: issuing_portal/urls_processor.py."""

from django.urls import path

from authorisations import api, portal

api_urls = [
    path("authorisations", api.Authorisations.as_view()),
    path("authorisations/<str:authorisation_id>", api.OneAuthorisation.as_view()),
    path("authorisations/<str:authorisation_id>/release", api.Release.as_view()),
    path("transactions", api.Transactions.as_view()),
    path("transactions/<str:transaction_id>", api.OneTransaction.as_view()),
    path("cards/<str:card_id>/limits_usage", api.LimitsUsage.as_view()),
    path("cards/<str:card_id>/simulate", api.Simulate.as_view()),
]
portal_urls = [
    path("", portal.authorisations, name="list"),
    path("transactions", portal.transactions, name="transactions"),
    path("transactions/<str:transaction_id>", portal.transaction, name="transaction"),
    path("of/<str:noun_id>", portal.of_owner, name="of_owner"),
    path("<str:authorisation_id>", portal.one, name="detail"),
    path("<str:authorisation_id>/release", portal.release, name="release"),
]
