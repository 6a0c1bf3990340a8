"""One class per URL; see issuing_portal/api/views.py."""

from rest_framework.request import Request
from rest_framework.response import Response

from cardholders import operations, queries
from cardholders.api.shapes import CardholderOut, CardholderPatch, CardholderQuery, NewCardholderBody, ReasonBody, facts_of, refuse_other_type
from cardholders.models import Cardholder
from issuing_portal.api.views import ApiView


class CardholderView(ApiView):
    """What all of them share."""

    scope = "cardholders"
    Out = CardholderOut

    def one(self, cardholder_id: str) -> Cardholder:
        """The caller's cardholder of that id. Raises: NotFound."""
        return queries.one(self.caller.partner_id, self.caller.livemode, self.id_of("cardholder", cardholder_id))


class Cardholders(CardholderView):
    """Register a cardholder; list them."""

    Query = CardholderQuery
    Body = NewCardholderBody
    creates = True

    def get(self, request: Request) -> Response:
        query = self.query(request)
        return self.page(queries.cardholders_of(self.caller.partner_id, self.caller.livemode, **query.filters), query)

    def post(self, request: Request) -> Response:
        body = self.body(request)
        new = operations.NewCardholder(
            partner_id=self.caller.partner_id, livemode=self.caller.livemode, programme_id=body["programme"], type=body["type"],
            business_id=body.get("business"), facts=facts_of(body))
        return self.made(operations.create_cardholder(new=new, by=self.by, now=self.now))


class CardholderOne(CardholderView):
    """One cardholder; change what is told of it."""

    Patch = CardholderPatch

    def get(self, request: Request, cardholder_id: str) -> Response:
        return self.done(self.one(cardholder_id))

    def patch(self, request: Request, cardholder_id: str) -> Response:
        cardholder = self.one(cardholder_id)
        body = self.body(request)
        refuse_other_type(body, cardholder.type)
        return self.done(operations.update_cardholder(cardholder_id=cardholder.id, facts=facts_of(body), by=self.by, now=self.now))


class CardholderSuspend(CardholderView):
    """Stop the cardholder's cards; for a business those of all its card users."""

    Body = ReasonBody

    def post(self, request: Request, cardholder_id: str) -> Response:
        cardholder, body = self.one(cardholder_id), self.body(request)
        return self.done(operations.suspend_cardholder(cardholder_id=cardholder.id, reason=body.get("reason", ""), by=self.by, now=self.now))


class CardholderReactivate(CardholderView):
    """Lift the partner's own suspension; one by the programme or the issuer is lifted only there."""

    Body = ReasonBody

    def post(self, request: Request, cardholder_id: str) -> Response:
        cardholder, body = self.one(cardholder_id), self.body(request)
        return self.done(operations.reactivate_cardholder(cardholder_id=cardholder.id, reason=body.get("reason", ""), by=self.by, now=self.now))


class CardholderClose(CardholderView):
    """End the relation, for good."""

    Body = ReasonBody

    def post(self, request: Request, cardholder_id: str) -> Response:
        cardholder, body = self.one(cardholder_id), self.body(request)
        return self.done(operations.close_cardholder(cardholder_id=cardholder.id, reason=body.get("reason", ""), by=self.by, now=self.now))
