"""/v1/cards: issue, look, and every verb of a card's life."""

from datetime import datetime
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cardholders.models import Hand
from cards import operations, queries
from cards.api.fields import BulkBody, BulkOut, CardOut, CardPatch, CardQuery, FreezeBody, NewCardBody, ReplaceBody, TerminateBody
from cards.models import Card, CardStatus, CardTransition
from issuing_portal.api.fields import ListQuery, NoBody, wire_choices
from issuing_portal.api.views import ApiView


class Cards(ApiView):
    """The cards of this key's partner and mode; a new one."""

    scope = "cards"
    Out = CardOut
    Query = CardQuery
    Body = NewCardBody
    creates = True
    key_required = True

    def get(self, request: Request) -> Response:
        query = self.query(request)
        return self.page(queries.cards_of(self.caller.partner_id, self.caller.livemode, **query.filters), query)

    def post(self, request: Request) -> Response:
        return self.made(operations.issue_card(new=operations.NewCard(**self.body(request)), by=self.by, now=self.now))


class BulkCards(ApiView):
    """Up to 100 new cards, all or none: a refusal names its item as `cards[3]`, and nothing was issued."""

    scope = "cards"
    Out = BulkOut
    Body = BulkBody
    creates = True
    key_required = True

    def post(self, request: Request) -> Response:
        new = [operations.NewCard(**one) for one in self.body(request)["cards"]]
        return self.made({"data": operations.issue_cards(new=new, by=self.by, now=self.now)})


class OneCard(ApiView):
    """One card; its external_id and metadata."""

    scope = "cards"
    Out = CardOut
    Patch = CardPatch

    def get(self, request: Request, card_id: str) -> Response:
        return self.done(queries.card_of(self.caller.partner_id, self.caller.livemode, self.id_of("card", card_id)))

    def patch(self, request: Request, card_id: str) -> Response:
        changes = self.body(request)
        return self.done(operations.update_card(card_id=self.id_of("card", card_id), changes=changes, by=self.by, now=self.now))


class CardVerb(ApiView):
    """A verb on one card, answered with the card."""

    scope = "cards"
    Out = CardOut
    Body: ClassVar[type[serializers.Serializer] | None] = NoBody


class Activate(CardVerb):
    """Activate an inactive card; a renewed one ends the card that it replaces."""

    def post(self, request: Request, card_id: str) -> Response:
        self.body(request)
        return self.done(operations.activate_card(card_id=self.id_of("card", card_id), by=self.by, now=self.now))


class Freeze(CardVerb):
    """Stop the card for the next tap on."""

    Body = FreezeBody

    def post(self, request: Request, card_id: str) -> Response:
        reason = self.body(request)["reason"]
        return self.done(operations.freeze_card(card_id=self.id_of("card", card_id), reason=reason, by=self.by, now=self.now))


class Unfreeze(CardVerb):
    """Lift the cardholder's or the partner's freeze; a higher hand's is a 409 `frozen_by_higher_hand`."""

    def post(self, request: Request, card_id: str) -> Response:
        self.body(request)
        return self.done(operations.unfreeze_card(card_id=self.id_of("card", card_id), by=self.by, now=self.now))


class Terminate(CardVerb):
    """End the card for good."""

    Body = TerminateBody

    def post(self, request: Request, card_id: str) -> Response:
        reason = self.body(request)["reason"]
        return self.done(operations.terminate_card(card_id=self.id_of("card", card_id), reason=reason, by=self.by, now=self.now))


class Replace(ApiView):
    """Replace the card; the answer is the new one, and `replaces` names the old."""

    scope = "cards"
    Out = CardOut
    Body = ReplaceBody
    creates = True
    key_required = True

    def post(self, request: Request, card_id: str) -> Response:
        reason = self.body(request)["reason"]
        return self.made(operations.replace_card(card_id=self.id_of("card", card_id), reason=reason, by=self.by, now=self.now).new)


class TransitionOut(serializers.Serializer):
    """One move of a card, in words for outside."""

    id = serializers.CharField()
    object = serializers.ChoiceField(["card_transition"])
    card = serializers.CharField()
    from_status = serializers.ChoiceField(wire_choices(CardStatus.values), allow_null=True)
    to_status = serializers.ChoiceField(wire_choices(CardStatus.values))
    by = serializers.ChoiceField(Hand.values, allow_null=True, help_text="Whose hand it was.")
    reason = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: CardTransition) -> dict[str, Any]:
        by, reason = queries.outside_move(instance)
        card: Card = self.context["card"]
        at: datetime = instance.at
        return {"id": instance.public_id, "object": "card_transition", "card": card.public_id, "from_status": instance.from_status.lower() or None,
                "to_status": instance.to_status.lower(), "by": by, "reason": reason, "created_at": serializers.DateTimeField().to_representation(at)}


class Transitions(ApiView):
    """Every move of a card, newest first."""

    scope = "cards"
    Out = TransitionOut
    Query = ListQuery

    def get(self, request: Request, card_id: str) -> Response:
        query = self.query(request)
        self.card = queries.card_of(self.caller.partner_id, self.caller.livemode, self.id_of("card", card_id))
        return self.page(queries.transitions_of(self.card, **query.filters), query)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "card": getattr(self, "card", None)}
