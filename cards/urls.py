"""Addresses of cards."""

from django.urls import path

from cards import api
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
public_urls = [path("reveal/<token>", reveal, name="reveal")]
