"""Serializer fields and bases that all resources share (API.md §1)."""

import re
import unicodedata
from datetime import UTC
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from issuing_portal.core.ids import PREFIXES, parse_id, public_id
from issuing_portal.core.money import AMOUNT_MAX, is_currency
from issuing_portal.core.redaction import holds_secret


class StrictSerializer(serializers.Serializer):
    """A body or query whose unknown fields are refused, each by name."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) or hasattr(data, "keys"):
            unknown = sorted(str(name) for name in data if name not in self.fields)
            if unknown:
                told = serializers.ErrorDetail("This field is not known here.", code="unknown_field")
                raise serializers.ValidationError({name[:80]: [told] for name in unknown[:20]})
        return super().to_internal_value(data)


class ListQuery(StrictSerializer):
    """What every list takes; a list adds its own filters in a subclass."""

    limit = serializers.IntegerField(min_value=1, max_value=100, default=20, help_text="How many, 1 to 100.")
    cursor = serializers.CharField(max_length=64, required=False, help_text="next_cursor of the page before.")
    created_at_gte = serializers.DateTimeField(required=False, default_timezone=UTC)
    created_at_lt = serializers.DateTimeField(required=False, default_timezone=UTC)


class NoBody(StrictSerializer):
    """A verb that takes nothing."""


class TypeIdField(serializers.Field):
    """A TypeID of one noun in, its UUID inside; on the way out a UUID (or None) as TypeID."""

    default_error_messages = {"invalid_id": "This is not an id of a {noun} ({prefix}_…)."}

    def __init__(self, noun: str, **kwargs: Any) -> None:
        self.noun = noun
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> UUID:
        found = parse_id(self.noun, data)
        if found is None:
            self.fail("invalid_id", noun=self.noun.replace("_", " "), prefix=PREFIXES[self.noun])
        return found

    def to_representation(self, value: Any) -> str:
        return public_id(self.noun, value)


class AmountField(serializers.IntegerField):
    """Integer minor units. A float, a text or a boolean is refused: 12.5 pounds are 1250 pence, or an error."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 1)
        kwargs.setdefault("max_value", AMOUNT_MAX)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class CurrencyField(serializers.CharField):
    """ISO 4217, alphabetic, upper case."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_length", 3)
        kwargs.setdefault("max_length", 3)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        if not is_currency(code):
            raise serializers.ValidationError("This is not an ISO 4217 currency code.", code="unknown_currency")
        return code


class CountryField(serializers.CharField):
    """ISO 3166-1 alpha-2, upper case."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_length", 2)
        kwargs.setdefault("max_length", 2)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        import pycountry
        code = super().to_internal_value(data)
        if pycountry.countries.get(alpha_2=code) is None or code != code.upper():
            raise serializers.ValidationError("This is not an ISO 3166-1 alpha-2 country code.", code="unknown_country")
        return code


class MccField(serializers.RegexField):
    """A merchant category code: four digits as a string."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^\d{4}\Z", **kwargs)


class PlainTextField(serializers.CharField):
    """Free text that people will read: no control characters, and no card number (PCI DSS 3.3)."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text = super().to_internal_value(data)
        if any(unicodedata.category(sign) == "Cc" and sign not in "\n\t" for sign in text):
            raise serializers.ValidationError("Control characters are not taken here.", code="control_character")
        if holds_secret(text):
            raise serializers.ValidationError("A card number or a secret has no place here.", code="card_number")
        return text


EXTERNAL_ID = re.compile(r"^[\x21-\x7e]{1,120}\Z")


class ExternalIdField(serializers.RegexField):
    """The partner's own id: up to 120 visible ASCII characters, unique per partner and mode; null clears it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("allow_null", True)
        super().__init__(EXTERNAL_ID, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if holds_secret(text):
            raise serializers.ValidationError("A card number or a secret has no place here.", code="card_number")
        return text


@extend_schema_field({"type": "object", "maxProperties": 50, "propertyNames": {"type": "string", "maxLength": 40},
                      "additionalProperties": {"type": "string", "maxLength": 500}})
class MetadataField(serializers.Field):
    """Up to 50 string pairs, keys up to 40 characters, values up to 500. Card numbers are refused."""

    default_error_messages = {
        "not_pairs": "metadata is an object of string pairs.", "too_many": "At most 50 pairs.", "key": "A key has 1 to 40 characters.",
        "value": "A value is a string of at most 500 characters, without a null character.", "card_number": "A card number has no place in metadata.",
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            self.fail("not_pairs")
        if len(data) > 50:
            self.fail("too_many")
        for key, value in data.items():
            if not 1 <= len(key) <= 40 or "\x00" in key:
                self.fail("key")
            if not isinstance(value, str) or len(value) > 500 or "\x00" in value:
                self.fail("value")
            if holds_secret(value) or holds_secret(key):
                self.fail("card_number")
        return data

    def to_representation(self, value: Any) -> dict[str, str]:
        return value


class LowerCaseField(serializers.Field):
    """A state or code of ours, lower-case on the wire (read only)."""

    def __init__(self, choices: list[str] | None = None, **kwargs: Any) -> None:
        self.wire_choices = [choice.lower() for choice in choices or []]
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str | None:
        return str(value).lower() or None


def wire_choices(values: list[str]) -> list[str]:
    """Choices of an upper-case state as a query parameter takes them."""
    return [value.lower() for value in values]


class ObjectOut(serializers.Serializer):
    """What every object carries first."""

    id = serializers.SerializerMethodField()
    object = serializers.SerializerMethodField()
    livemode = serializers.BooleanField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)

    def get_id(self, row: Any) -> str:
        return row.public_id

    def get_object(self, row: Any) -> str:
        return row.noun
