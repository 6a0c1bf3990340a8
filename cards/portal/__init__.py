"""Staff pages of cards and controls; cards.urls is their table of contents."""

from cards.portal.acts import activate, freeze, freeze_issuer, replace, terminate, unfreeze, unfreeze_issuer
from cards.portal.controls import card_controls, programme_controls
from cards.portal.lists import cards, of_account, of_cardholder
from cards.portal.pages import card

__all__ = ["activate", "card", "card_controls", "cards", "freeze", "freeze_issuer", "of_account", "of_cardholder", "programme_controls", "replace",
           "terminate", "unfreeze", "unfreeze_issuer"]
