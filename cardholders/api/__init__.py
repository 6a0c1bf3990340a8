"""`/v1/cardholders`: the public contract of this app."""

from cardholders.api.views import CardholderClose, CardholderOne, CardholderReactivate, Cardholders, CardholderSuspend

__all__ = ["CardholderClose", "CardholderOne", "CardholderReactivate", "CardholderSuspend", "Cardholders"]
