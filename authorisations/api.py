"""/v1/authorisations, /v1/transactions, and what a card's limits say (limits_usage, simulate)."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from authorisations import operations, queries, usage, wire
from authorisations.messages import TAP_KINDS, NotUnderstood, Simulation, parse
from authorisations.models import Authorisation, AuthorisationStatus, Transaction, TransactionType
from issuing_portal.api.fields import (
    AmountField,
    CountryField,
    CurrencyField,
    ListQuery,
    MccField,
    ObjectOut,
    StrictSerializer,
    TypeIdField,
    wire_choices,
)
from issuing_portal.api.pagination import page_of
from issuing_portal.api.views import ApiView, ListRequest

CHANNELS = ["chip", "contactless", "magstripe", "ecommerce", "manual", "atm", "recurring"]
WALLETS = ["apple_pay", "google_pay", "samsung_pay"]


class MerchantOut(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()
    mcc = serializers.CharField()
    city = serializers.CharField()
    country = serializers.CharField()


class ExplanationOut(serializers.Serializer):
    rule = serializers.CharField()
    outcome = serializers.ChoiceField(["passed", "refused"])
    detail = serializers.CharField(help_text="In words that a cardholder can be told, with what would make it pass.")


class MessageOut(serializers.Serializer):
    id = serializers.CharField()
    kind = serializers.CharField()
    network_reference = serializers.CharField()
    amount = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    result = serializers.CharField()
    received_at = serializers.DateTimeField()


class AuthorisationOut(ObjectOut):
    """The fields as documented; wire.shown makes the object."""

    programme = TypeIdField("programme", allow_null=True)
    card = TypeIdField("card", allow_null=True)
    account = TypeIdField("account", allow_null=True)
    cardholder = TypeIdField("cardholder", allow_null=True)
    kind = serializers.ChoiceField(list(TAP_KINDS))
    status = serializers.ChoiceField(wire_choices(AuthorisationStatus.values))
    decision = serializers.ChoiceField(["approved", "declined"])
    reason = serializers.CharField(help_text="The stable code.")
    explanation = ExplanationOut(many=True)
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    merchant_amount = serializers.IntegerField(allow_null=True)
    merchant_currency = serializers.CharField(allow_null=True)
    merchant = MerchantOut()
    channel = serializers.ChoiceField(CHANNELS)
    wallet = serializers.ChoiceField(WALLETS, allow_null=True)
    network_reference = serializers.CharField()
    approved_amount = serializers.IntegerField()
    held_amount = serializers.IntegerField()
    cleared_amount = serializers.IntegerField()
    messages = MessageOut(many=True)
    latency_ms = serializers.IntegerField()
    late = serializers.BooleanField()
    requested_at = serializers.DateTimeField()
    hold_expires_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, row: Any) -> dict[str, Any]:
        known = self.context.get("messages")
        messages = known[row.id] if known is not None else queries.messages_of([row.id])[row.id]
        return wire.shown(row, messages)


class PresentedMerchantOut(serializers.Serializer):
    id = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    mcc = serializers.CharField(allow_null=True)
    country = serializers.CharField(allow_null=True)


class TransactionOut(ObjectOut):
    """The fields as documented; wire.transaction_shown makes the object."""

    programme = TypeIdField("programme")
    type = serializers.ChoiceField(TransactionType.values)
    account = TypeIdField("account")
    card = TypeIdField("card", allow_null=True)
    authorisation = TypeIdField("authorisation", allow_null=True)
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    merchant_amount = serializers.IntegerField(allow_null=True)
    merchant_currency = serializers.CharField(allow_null=True)
    merchant = PresentedMerchantOut()
    network_reference = serializers.CharField()
    forced = serializers.BooleanField()
    posted_at = serializers.DateTimeField()

    def to_representation(self, row: Any) -> dict[str, Any]:
        return wire.transaction_shown(row)


class Authorisations(ApiView):
    """Newest first."""

    scope = "authorisations"
    Out = AuthorisationOut

    class Query(ListQuery):
        card = TypeIdField("card", required=False)
        account = TypeIdField("account", required=False)
        cardholder = TypeIdField("cardholder", required=False)
        status = serializers.ChoiceField(wire_choices(AuthorisationStatus.values), required=False)
        decision = serializers.ChoiceField(["approved", "declined"], required=False)
        reason = serializers.CharField(max_length=48, required=False)

    def get(self, request: Request) -> Response:
        query = self.query(request)
        return self._page(queries.authorisations_of(self.caller.partner_id, self.caller.livemode, **query.filters), query)

    def _page(self, rows: Any, query: ListRequest) -> Response:
        found, has_more, next_cursor = page_of(rows, limit=query.limit, cursor=query.cursor)
        messages = queries.messages_of([row.id for row in found])
        return Response({"data": [wire.shown(row, messages[row.id]) for row in found], "has_more": has_more, "next_cursor": next_cursor})


class OneAuthorisation(ApiView):
    scope = "authorisations"
    Out = AuthorisationOut

    def get(self, request: Request, authorisation_id: str) -> Response:
        return self.done(_authorisation(self, authorisation_id))


class Release(ApiView):
    """End the hold without the network's word; the network may still clear it."""

    scope = "authorisations"
    Out = AuthorisationOut

    class Body(StrictSerializer):
        reason = serializers.CharField(max_length=200, required=False, default="")

    def post(self, request: Request, authorisation_id: str) -> Response:
        body = self.body(request)
        row = operations.release_hold(authorisation_id=self.id_of("authorisation", authorisation_id), partner_id=self.caller.partner_id,
                                      livemode=self.caller.livemode, reason=body["reason"], by=self.by, now=self.now)
        return self.done(row)


class Transactions(ApiView):
    """Cleared money, newest first."""

    scope = "transactions"
    Out = TransactionOut

    class Query(ListQuery):
        card = TypeIdField("card", required=False)
        account = TypeIdField("account", required=False)
        authorisation = TypeIdField("authorisation", required=False)
        type = serializers.ChoiceField(TransactionType.values, required=False)
        forced = serializers.BooleanField(required=False, default=None, allow_null=True)

    def get(self, request: Request) -> Response:
        query = self.query(request)
        return self.page(queries.transactions_of(self.caller.partner_id, self.caller.livemode, **query.filters), query)


class OneTransaction(ApiView):
    scope = "transactions"
    Out = TransactionOut

    def get(self, request: Request, transaction_id: str) -> Response:
        found: Transaction = queries.transaction(self.caller.partner_id, self.caller.livemode, self.id_of("transaction", transaction_id))
        return self.done(found)


class LimitUsageOut(serializers.Serializer):
    """One limit: `amount` or `count`, whichever it counts."""

    set_on = serializers.ChoiceField(["card", "cardholder", "account", "programme"])
    interval = serializers.CharField()
    amount = serializers.IntegerField(required=False)
    count = serializers.IntegerField(required=False)
    used = serializers.IntegerField()
    remaining = serializers.IntegerField()
    resets_at = serializers.DateTimeField(allow_null=True)


class LimitsUsage(ApiView):
    """How much of each limit that binds this card is used now."""

    scope = "cards"

    @extend_schema_serializer(component_name="LimitsUsageOut")
    class Out(serializers.Serializer):
        limits = LimitUsageOut(many=True)

    def get(self, request: Request, card_id: str) -> Response:
        found = usage.limits_usage(partner_id=self.caller.partner_id, livemode=self.caller.livemode, card_id=self.id_of("card", card_id), now=self.now)
        return Response({"limits": found})


class SimulatedMerchant(StrictSerializer):
    id = serializers.CharField(max_length=64)
    name = serializers.CharField(max_length=120)
    mcc = MccField()
    city = serializers.CharField(max_length=80, required=False)
    country = CountryField()


class SimulatedVerification(StrictSerializer):
    cvv = serializers.CharField(max_length=64, required=False)
    avs = serializers.CharField(max_length=64, required=False)
    expiry = serializers.CharField(max_length=64, required=False)
    pin = serializers.CharField(max_length=64, required=False)
    cryptogram = serializers.CharField(max_length=64, required=False)
    three_ds = serializers.CharField(max_length=64, required=False)


class SimulatedSca(StrictSerializer):
    exemption = serializers.ChoiceField(["none", "low_value", "tra", "trusted", "secure_corporate"], required=False)
    initiator = serializers.ChoiceField(["cardholder", "merchant"], required=False)


class TapBody(StrictSerializer):
    """The body of a tap (API.md §3) without its card and network reference."""

    kind = serializers.ChoiceField(list(TAP_KINDS), required=False)
    amount = AmountField(min_value=0)
    currency = CurrencyField()
    merchant_amount = AmountField(min_value=0, required=False, allow_null=True)
    merchant_currency = CurrencyField(required=False, allow_null=True)
    merchant = SimulatedMerchant()
    channel = serializers.ChoiceField(CHANNELS)
    wallet = serializers.ChoiceField(WALLETS, required=False, allow_null=True)
    partial_supported = serializers.BooleanField(required=False)
    cash_amount = AmountField(min_value=0, required=False)
    verification = SimulatedVerification(required=False)
    sca = SimulatedSca(required=False)
    finality = serializers.ChoiceField(["final", "pre_authorisation", "unknown"], required=False)
    single_message = serializers.BooleanField(required=False)
    requested_at = serializers.DateTimeField(required=False)


class Simulate(ApiView):
    """Would this be approved? Decided on live limits by the same rules; books nothing."""

    scope = "cards"
    Body = TapBody

    @extend_schema_serializer(component_name="SimulationOut")
    class Out(serializers.Serializer):
        decision = serializers.ChoiceField(["approved", "declined"])
        reason = serializers.CharField()
        approved_amount = serializers.IntegerField()
        explanation = ExplanationOut(many=True)

    def post(self, request: Request, card_id: str) -> Response:
        self.body(request)
        tap = _simulation(request)
        found = usage.simulate(partner_id=self.caller.partner_id, livemode=self.caller.livemode,
                               card_id=self.id_of("card", card_id), simulation=tap, now=self.now)
        return Response(found)


def _simulation(request: Request) -> Simulation:
    import msgspec
    try:
        return parse(Simulation, msgspec.json.encode({name: value for name, value in dict(request.data).items() if value is not None}))
    except NotUnderstood as error:
        raise serializers.ValidationError({"": [str(error)]}) from error


def _authorisation(view: ApiView, authorisation_id: str) -> Authorisation:
    return queries.authorisation(view.caller.partner_id, view.caller.livemode, view.id_of("authorisation", authorisation_id))
