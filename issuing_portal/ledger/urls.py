"""Addresses of the ledger."""

from django.urls import path

from issuing_portal.ledger import api

api_urls = [
    path("accounts", api.Accounts.as_view()),
    path("accounts/<account_id>", api.OneAccount.as_view()),
    path("accounts/<account_id>/fund", api.Fund.as_view()),
    path("accounts/<account_id>/withdraw", api.Withdraw.as_view()),
    path("accounts/<account_id>/transfer", api.Transfer.as_view()),
    path("accounts/<account_id>/close", api.Close.as_view()),
    path("accounts/<account_id>/entries", api.Entries.as_view()),
]
