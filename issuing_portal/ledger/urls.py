"""Addresses of the ledger: /v1/accounts for partners, /accounts/ for staff."""

from django.urls import path

from issuing_portal.ledger import api
from issuing_portal.ledger.portal import acts, lists, pages

api_urls = [
    path("accounts", api.Accounts.as_view()),
    path("accounts/<account_id>", api.OneAccount.as_view()),
    path("accounts/<account_id>/fund", api.Fund.as_view()),
    path("accounts/<account_id>/withdraw", api.Withdraw.as_view()),
    path("accounts/<account_id>/transfer", api.Transfer.as_view()),
    path("accounts/<account_id>/close", api.Close.as_view()),
    path("accounts/<account_id>/entries", api.Entries.as_view()),
]
portal_urls = [
    path("", lists.accounts, name="list"),
    path("of/<str:cardholder_id>", lists.of_cardholder, name="of_cardholder"),
    path("entries/<str:entry_id>", pages.entry, name="entry"),
    path("programmes/<str:programme_id>", pages.programme, name="programme"),
    path("programmes/<str:programme_id>/confirm-funding", acts.confirm_funding, name="confirm_funding"),
    path("<str:account_id>", pages.account, name="detail"),
    path("<str:account_id>/entries", lists.entries, name="entries"),
    path("<str:account_id>/fund", acts.propose_funding, name="fund"),
    path("<str:account_id>/withdraw", acts.propose_withdrawal, name="withdraw"),
    path("<str:account_id>/adjust", acts.propose_adjustment, name="adjust"),
    path("<str:account_id>/restrict", acts.restrict, name="restrict"),
    path("<str:account_id>/block", acts.block, name="block"),
    path("<str:account_id>/reopen", acts.reopen, name="reopen"),
    path("<str:account_id>/close", acts.close, name="close"),
]
