"""Fields that take what people write about themselves: trimmed texts, telephone numbers, birthdays, LEIs; card numbers have no place."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import phonenumbers
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from issuing_portal.core.redaction import holds_secret

OLDEST, YOUNGEST = 120, 16
"""Years. Nobody is older; younger people need a guardian, whom no programme here knows."""
LONG_DIGITS = re.compile(r"\d(?:[ .\-_/]{0,2}\d){14,18}")


def refuse_card_number(value: str) -> None:
    """A validator of free texts."""
    if holds_secret(value):
        raise serializers.ValidationError("A card number, key or secret has no place here.", code="card_number")


def refuse_long_card_number(value: str) -> None:
    """The same for official identifiers: those of 12 to 14 digits look like short card numbers, and are taken."""
    if LONG_DIGITS.search(value):
        refuse_card_number(value)


class WrittenField(serializers.CharField):
    """A trimmed text; null and "" mean "not told" where the field is optional."""

    check = staticmethod(refuse_card_number)

    def __init__(self, **kwargs: Any) -> None:
        if not kwargs.setdefault("required", False):
            kwargs.setdefault("allow_blank", True)
            kwargs.setdefault("allow_null", True)
        super().__init__(**kwargs)
        self.validators.append(self.check)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        return (True, "") if data is None and self.allow_null else super().validate_empty_values(data)


class IdentifierField(WrittenField):
    """An identifier that an authority gave."""

    check = staticmethod(refuse_long_card_number)


@extend_schema_field({"type": ["string", "null"], "example": "+442079460123", "maxLength": 32})
class PhoneField(WrittenField):
    """A telephone number with its country code; kept and shown as E.164."""

    check = staticmethod(lambda value: None)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=32, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text:
            return text
        try:
            number = phonenumbers.parse(text, None)
        except phonenumbers.NumberParseException as error:
            raise serializers.ValidationError("Write the number with its country code: +44…", code="invalid_phone_number") from error
        # Possible, not valid: numbering plans change faster than the package, and drama numbers must work in the sandbox.
        if not phonenumbers.is_possible_number(number) or number.extension:
            raise serializers.ValidationError("This is not a telephone number.", code="invalid_phone_number")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class LeiField(IdentifierField):
    """A Legal Entity Identifier. Source: ISO 17442-1, check digits by ISO 7064 mod 97-10."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text and not is_lei(text):
            raise serializers.ValidationError("This is not a LEI: 20 characters, upper case, with right check digits.", code="invalid_lei")
        return text


def is_lei(text: str) -> bool:
    """18 letters or digits and two check digits: as a number (A = 10 … Z = 35) it leaves 1 modulo 97."""
    return bool(re.fullmatch(r"[0-9A-Z]{18}[0-9]{2}", text)) and int("".join(str(int(sign, 36)) for sign in text)) % 97 == 1


class BirthdayField(serializers.DateField):
    """A date of birth in the past, of somebody between YOUNGEST and OLDEST."""

    def to_internal_value(self, value: Any) -> date:
        born = super().to_internal_value(value)
        today = self.context["now"].date()
        years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        if born >= today:
            raise serializers.ValidationError("A date of birth lies in the past.", code="not_in_the_past")
        if not YOUNGEST <= years <= OLDEST:
            raise serializers.ValidationError(f"A cardholder is between {YOUNGEST} and {OLDEST} years old.", code="age_refused")
        return born


class PastDateField(serializers.DateField):
    """A date that has been."""

    def to_internal_value(self, value: Any) -> date:
        day = super().to_internal_value(value)
        if day > self.context["now"].date():
            raise serializers.ValidationError("This date has not come yet.", code="not_in_the_past")
        return day


@extend_schema_field({"example": "25.50", "oneOf": [
    {"type": "string", "pattern": r"^\d{1,3}(\.\d{1,2})?$"}, {"type": "number", "minimum": 0, "maximum": 100}, {"type": "null"}]})
class PercentField(serializers.DecimalField):
    """A percentage with at most two decimals, as text or number; inside, basis points (2,550 for 25.5)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=5, decimal_places=2, min_value=Decimal(0), max_value=Decimal(100), **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)

    def to_representation(self, value: Any) -> Any:
        return value


def basis_points(percent: Decimal | None) -> int | None:
    """25.50 → 2550."""
    return None if percent is None else int(percent * 100)
