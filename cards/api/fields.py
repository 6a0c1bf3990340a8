"""Serializers of cards and controls. Shapes for the schema; the answers themselves are queries.public_card and the stored specs."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cardholders.models import Hand
from cards import queries
from cards.controls import CHANNELS, INTERVALS, LIMITS_MAX, LIST_MAX, MERCHANT_MAX, parse_controls
from cards.models import CardForm, CardStatus, CardType, ReplacementReason
from cards.operations.moves import REASON_MAX
from cards.reasons import RESERVED
from issuing_portal.api.fields import ExternalIdField, ListQuery, MetadataField, StrictSerializer, TypeIdField, wire_choices
from issuing_portal.core.errors import InvalidInput
from issuing_portal.core.redaction import holds_secret

_MCCS = {"type": "array", "maxItems": LIST_MAX, "items": {"type": "string", "pattern": r"^[0-9]{4}$"}}
_COUNTRIES = {"type": "array", "maxItems": LIST_MAX, "items": {"type": "string", "pattern": r"^[A-Z]{2}$"}}
_MERCHANTS = {"type": "array", "maxItems": LIST_MAX, "items": {"type": "string", "minLength": 1, "maxLength": MERCHANT_MAX}}
CONTROLS_SCHEMA: dict[str, Any] = {
    "type": "object", "additionalProperties": False,
    "description": "A limit of 0 lets nothing through; an empty list restricts nothing; a channel not named is on. Windows are calendar "
                   "windows in `timezone`: days from midnight, weeks from Monday, months from the first.",
    "properties": {
        "limits": {"type": "array", "maxItems": LIMITS_MAX, "items": {
            "type": "object", "additionalProperties": False, "required": ["interval"], "properties": {
                "interval": {"type": "string", "enum": list(INTERVALS)},
                "amount": {"type": "integer", "minimum": 0, "description": "Minor units of the programme's currency."},
                "count": {"type": "integer", "minimum": 0, "description": "Taps; not with per_authorisation."}}}},
        "timezone": {"type": "string", "description": "IANA name; the programme's own where none is given."},
        "allowed_mccs": _MCCS, "blocked_mccs": _MCCS, "allowed_countries": _COUNTRIES, "blocked_countries": _COUNTRIES,
        "allowed_merchants": _MERCHANTS, "blocked_merchants": _MERCHANTS,
        "channels": {"type": "object", "additionalProperties": False, "properties": {name: {"type": "boolean"} for name in CHANNELS}},
    },
}


def checked_controls(data: Any) -> dict[str, Any]:
    """`data` itself when controls.parse_controls takes it; its refusals as field errors."""
    try:
        parse_controls(data)
    except InvalidInput as refusal:
        found: dict[str, list[serializers.ErrorDetail]] = {}
        for error in refusal.errors:
            found.setdefault(error["field"] or "non_field_errors", []).append(serializers.ErrorDetail(error["message"], code=error["code"]))
        raise serializers.ValidationError(found) from refusal
    return data


@extend_schema_field(CONTROLS_SCHEMA)
class ControlsField(serializers.Field):
    """Spend controls inside another object."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        return checked_controls(data)

    def to_representation(self, value: Any) -> Any:
        return value


class LimitShape(StrictSerializer):
    """A limit: an amount (minor units), a count of taps, or both, in one interval. 0 lets nothing through."""

    interval = serializers.ChoiceField(list(INTERVALS))
    amount = serializers.IntegerField(required=False, min_value=0)
    count = serializers.IntegerField(required=False, min_value=0)


class ChannelsShape(StrictSerializer):
    """Switches; one that is not named is on. Chip has none. `ecommerce` governs manual and recurring too."""

    ecommerce = serializers.BooleanField(required=False)
    contactless = serializers.BooleanField(required=False)
    atm = serializers.BooleanField(required=False)
    magstripe = serializers.BooleanField(required=False)
    wallet = serializers.BooleanField(required=False)


class ControlsIn(StrictSerializer):
    """The whole of an owner's controls: what is left away is lifted."""

    limits = LimitShape(many=True, required=False, help_text=f"At most {LIMITS_MAX}; one per interval and measure.")
    timezone = serializers.CharField(required=False, help_text="IANA name; the programme's own where none is given.")
    allowed_mccs = serializers.ListField(child=serializers.RegexField(r"^[0-9]{4}\Z"), required=False, max_length=LIST_MAX)
    blocked_mccs = serializers.ListField(child=serializers.RegexField(r"^[0-9]{4}\Z"), required=False, max_length=LIST_MAX)
    allowed_countries = serializers.ListField(child=serializers.RegexField(r"^[A-Z]{2}\Z"), required=False, max_length=LIST_MAX)
    blocked_countries = serializers.ListField(child=serializers.RegexField(r"^[A-Z]{2}\Z"), required=False, max_length=LIST_MAX)
    allowed_merchants = serializers.ListField(child=serializers.CharField(max_length=MERCHANT_MAX), required=False, max_length=LIST_MAX)
    blocked_merchants = serializers.ListField(child=serializers.CharField(max_length=MERCHANT_MAX), required=False, max_length=LIST_MAX)
    channels = ChannelsShape(required=False)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The fields above draw the schema; the one judge is cards.controls."""
        return checked_controls(data)


class ControlsOut(serializers.Serializer):
    """The controls in force. Empty lists restrict nothing."""

    limits = LimitShape(many=True)
    timezone = serializers.CharField()
    allowed_mccs = serializers.ListField(child=serializers.CharField())
    blocked_mccs = serializers.ListField(child=serializers.CharField())
    allowed_countries = serializers.ListField(child=serializers.CharField())
    blocked_countries = serializers.ListField(child=serializers.CharField())
    allowed_merchants = serializers.ListField(child=serializers.CharField())
    blocked_merchants = serializers.ListField(child=serializers.CharField())
    channels = ChannelsShape()

    def to_representation(self, instance: Any) -> Any:
        return instance


class ReasonField(serializers.CharField):
    """A short word of the partner's own (lost, cardholder_request, …); codes of the issuer's are refused."""

    default_error_messages = {"card_number": "A card number has no place in a reason.",
                              "reserved": "This reason is kept for the issuer; use another word."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": REASON_MAX, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if holds_secret(text):
            self.fail("card_number")
        if text in RESERVED:
            self.fail("reserved")
        return text


class NewCardBody(StrictSerializer):
    """A card to be issued."""

    cardholder = TypeIdField("cardholder")
    account = TypeIdField("account")
    form = serializers.ChoiceField(CardForm.values, default=CardForm.VIRTUAL.value)
    type = serializers.ChoiceField(CardType.values, default=CardType.STANDARD.value)
    controls = ControlsField(required=False)
    expires_on = serializers.DateField(required=False, help_text="The last day it may be used; at most the programme's validity ahead.")
    activate = serializers.BooleanField(default=True, help_text="false leaves it inactive until POST …/activate.")
    external_id = ExternalIdField()
    metadata = MetadataField(required=False)


class BulkBody(StrictSerializer):
    """Up to 100 cards: all are issued, or none."""

    cards = NewCardBody(many=True, allow_empty=False, max_length=100)  # type: ignore[call-arg]


class CardPatch(StrictSerializer):
    """What a partner may write on a card; each is replaced whole."""

    external_id = ExternalIdField()
    metadata = MetadataField(required=False)


class FreezeBody(StrictSerializer):
    """`cardholder_request` makes it the cardholder's own freeze; any other reason is the partner's."""

    reason = ReasonField(default="partner_request")


class TerminateBody(StrictSerializer):
    """Why the card ends."""

    reason = ReasonField(default="partner_request")


class ReplaceBody(StrictSerializer):
    """damaged, expired: the same number with a later expiry. The others: a new number, and the old card is dead at once."""

    reason = serializers.ChoiceField(ReplacementReason.values)


class CardQuery(ListQuery):
    """Filters of the list."""

    status = serializers.ChoiceField(wire_choices(CardStatus.values), required=False)
    cardholder = TypeIdField("cardholder", required=False)
    account = TypeIdField("account", required=False)
    programme = TypeIdField("programme", required=False)
    last4 = serializers.RegexField(r"^[0-9]{4}\Z", required=False)
    external_id = ExternalIdField(allow_null=False)
    type = serializers.ChoiceField(CardType.values, required=False)

    def validate_status(self, value: str) -> str:
        return value.upper()


class CardOut(serializers.Serializer):
    """A card. The number itself is seen through a reveal session only."""

    id = TypeIdField("card")
    object = serializers.ChoiceField(["card"])
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    programme = TypeIdField("programme")
    cardholder = TypeIdField("cardholder")
    account = TypeIdField("account")
    form = serializers.ChoiceField(CardForm.values)
    type = serializers.ChoiceField(CardType.values)
    status = serializers.ChoiceField(wire_choices(CardStatus.values))
    frozen_by = serializers.ChoiceField(Hand.values, allow_null=True)
    status_reason = serializers.CharField(allow_null=True)
    scheme = serializers.ChoiceField(["visa", "mastercard"])
    bin = serializers.CharField()
    last4 = serializers.CharField()
    expiry_month = serializers.IntegerField(min_value=1, max_value=12)
    expiry_year = serializers.IntegerField()
    expires_on = serializers.DateField()
    sequence_number = serializers.IntegerField()
    replaces = TypeIdField("card", allow_null=True)
    replaced_by = TypeIdField("card", allow_null=True)
    replacement_reason = serializers.ChoiceField(ReplacementReason.values, allow_null=True)
    shipment = TypeIdField("shipment", allow_null=True)
    issued_at = serializers.DateTimeField()
    activated_at = serializers.DateTimeField(allow_null=True)
    controls = ControlsOut()
    external_id = ExternalIdField()
    metadata = MetadataField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return queries.public_card(instance)


class BulkOut(serializers.Serializer):
    """The issued cards, in the order in which they were asked for."""

    data = CardOut(many=True)  # type: ignore[assignment]
