"""The partner API of cards, controls, programmes and reveal sessions; cards.urls is its table of contents."""

from cards.api.cards import Activate, BulkCards, Cards, Freeze, OneCard, Replace, Terminate, Transitions, Unfreeze
from cards.api.controls import AccountControls, CardControls, CardholderControls
from cards.api.programmes import OneProgramme, Programmes
from cards.api.reveal import RevealSessions

__all__ = ["AccountControls", "Activate", "BulkCards", "CardControls", "CardholderControls", "Cards", "Freeze", "OneCard", "OneProgramme",
           "Programmes", "Replace", "RevealSessions", "Terminate", "Transitions", "Unfreeze"]
