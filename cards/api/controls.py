"""GET and PUT of spend controls: the same shape on card, account and cardholder; where several hold, the stricter wins."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from cardholders import queries as cardholders
from cards import operations, queries
from cards.api.fields import ControlsIn, ControlsOut
from issuing_portal.api.views import ApiView
from issuing_portal.ledger import queries as ledger


class CardControls(ApiView):
    """The controls of one card. PUT replaces them whole, from the next tap on."""

    scope = "cards"
    Out = ControlsOut
    Put = ControlsIn

    def get(self, request: Request, card_id: str) -> Response:
        card = queries.card_of(self.caller.partner_id, self.caller.livemode, self.id_of("card", card_id))
        return self.done(queries.spec_of(card.pk, card.programme))

    def put(self, request: Request, card_id: str) -> Response:
        found = self.id_of("card", card_id)
        return self.done(operations.set_card_controls(card_id=found, spec=self.body(request), by=self.by, now=self.now).spec)


class AccountControls(ApiView):
    """The controls of one account: all its cards count together."""

    scope = "accounts"
    Out = ControlsOut
    Put = ControlsIn

    def get(self, request: Request, account_id: str) -> Response:
        account = ledger.account_of(self.caller.partner_id, self.caller.livemode, self.id_of("account", account_id))
        return self.done(queries.spec_of(account.pk, account.programme))

    def put(self, request: Request, account_id: str) -> Response:
        found: UUID = self.id_of("account", account_id)
        return self.done(operations.set_account_controls(account_id=found, spec=self.body(request), by=self.by, now=self.now).spec)


class CardholderControls(ApiView):
    """The controls of one cardholder: all their cards count together."""

    scope = "cardholders"
    Out = ControlsOut
    Put = ControlsIn

    def get(self, request: Request, cardholder_id: str) -> Response:
        cardholder = cardholders.one(self.caller.partner_id, self.caller.livemode, self.id_of("cardholder", cardholder_id))
        return self.done(queries.spec_of(cardholder.pk, cardholder.programme))

    def put(self, request: Request, cardholder_id: str) -> Response:
        found: Any = self.id_of("cardholder", cardholder_id)
        return self.done(operations.set_cardholder_controls(cardholder_id=found, spec=self.body(request), by=self.by, now=self.now).spec)
