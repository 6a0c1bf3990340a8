"""Addresses of cards."""

from django.urls import path

from cards import api, portal
from cards.reveal import reveal

api_urls = [
    path("programmes", api.Programmes.as_view()),
    path("programmes/<programme_id>", api.OneProgramme.as_view()),
    path("cards", api.Cards.as_view()),
    path("cards/bulk", api.BulkCards.as_view()),
    path("cards/<card_id>", api.OneCard.as_view()),
    path("cards/<card_id>/activate", api.Activate.as_view()),
    path("cards/<card_id>/freeze", api.Freeze.as_view()),
    path("cards/<card_id>/unfreeze", api.Unfreeze.as_view()),
    path("cards/<card_id>/terminate", api.Terminate.as_view()),
    path("cards/<card_id>/replace", api.Replace.as_view()),
    path("cards/<card_id>/transitions", api.Transitions.as_view()),
    path("cards/<card_id>/controls", api.CardControls.as_view()),
    path("cards/<card_id>/reveal_sessions", api.RevealSessions.as_view()),
    path("accounts/<account_id>/controls", api.AccountControls.as_view()),
    path("cardholders/<cardholder_id>/controls", api.CardholderControls.as_view()),
]
portal_urls = [
    path("", portal.cards, name="list"),
    path("of/<cardholder_id>", portal.of_cardholder, name="of_cardholder"),
    path("on/<account_id>", portal.of_account, name="of_account"),
    path("programmes/<programme_id>/controls", portal.programme_controls, name="programme_controls"),
    path("<card_id>", portal.card, name="detail"),
    path("<card_id>/activate", portal.activate, name="activate"),
    path("<card_id>/freeze", portal.freeze, name="freeze"),
    path("<card_id>/freeze-issuer", portal.freeze_issuer, name="freeze_issuer"),
    path("<card_id>/unfreeze", portal.unfreeze, name="unfreeze"),
    path("<card_id>/unfreeze-issuer", portal.unfreeze_issuer, name="unfreeze_issuer"),
    path("<card_id>/terminate", portal.terminate, name="terminate"),
    path("<card_id>/replace", portal.replace, name="replace"),
    path("<card_id>/controls", portal.card_controls, name="controls"),
]
public_urls = [path("reveal/<token>", reveal, name="reveal")]
