"""What a cardholder looks like on the wire, in and out, and how a body becomes the operations' Facts."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from cardholders import representation
from cardholders.api.fields import (
    BirthdayField,
    IdentifierField,
    LeiField,
    PastDateField,
    PercentField,
    PhoneField,
    WrittenField,
    basis_points,
    refuse_card_number,
)
from cardholders.models import CardholderStatus, CardholderType, KycStatus, RelatedRole
from cardholders.operations import Facts
from issuing_portal.api.fields import (
    AmountField,
    CountryField,
    ExternalIdField,
    ListQuery,
    MetadataField,
    StrictSerializer,
    TypeIdField,
    wire_choices,
)

TEXTS = ("email", "phone_number", "purpose", "source_of_funds", "source_of_wealth")


class OptionalCountry(CountryField):
    """A country, or null for "not told"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, **kwargs)


class Nationalities(serializers.ListField):
    """One to five countries, each once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=CountryField(), max_length=5, required=False, **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        found = super().to_internal_value(data)
        if len(set(found)) != len(found):
            raise serializers.ValidationError("A country is there twice.", code="doubled")
        return found


class AddressIn(StrictSerializer):
    """An address is told as a whole."""

    line1 = WrittenField(max_length=200, required=True)
    line2 = WrittenField(max_length=200)
    city = WrittenField(max_length=100, required=True)
    region = WrittenField(max_length=100)
    postal_code = WrittenField(max_length=20)
    country = CountryField()


class IndividualIn(StrictSerializer):
    first_name = WrittenField(max_length=100, required=True)
    last_name = WrittenField(max_length=100, required=True)
    date_of_birth = BirthdayField(required=False, allow_null=True)
    nationalities = Nationalities()
    place_of_birth = WrittenField(max_length=100)
    occupation = WrittenField(max_length=100)
    tax_ids = serializers.ListField(child=IdentifierField(max_length=64, required=True), max_length=5, required=False)


class RelatedIndividualIn(StrictSerializer):
    first_name = WrittenField(max_length=100, required=True)
    last_name = WrittenField(max_length=100, required=True)
    date_of_birth = BirthdayField(required=False, allow_null=True)
    nationalities = Nationalities()


class IndividualPatch(IndividualIn):
    first_name = WrittenField(max_length=100, required=False, allow_null=False, allow_blank=False)
    last_name = WrittenField(max_length=100, required=False, allow_null=False, allow_blank=False)


class BusinessIn(StrictSerializer):
    legal_name = WrittenField(max_length=200, required=True)
    legal_form = WrittenField(max_length=100)
    registration_number = IdentifierField(max_length=64)
    lei = LeiField(max_length=20)
    incorporation_country = OptionalCountry()
    incorporated_on = PastDateField(required=False, allow_null=True)
    principal_address = AddressIn(required=False, allow_null=True)
    nature_of_business = WrittenField(max_length=200)
    website = serializers.URLField(max_length=200, required=False, allow_null=True, allow_blank=True, validators=[refuse_card_number])


class BusinessPatch(BusinessIn):
    legal_name = WrittenField(max_length=200, required=False, allow_null=False, allow_blank=False)


class RelatedPersonIn(StrictSerializer):
    role = serializers.ChoiceField(choices=RelatedRole.values)
    ownership_percent = PercentField(required=False, allow_null=True)
    individual = RelatedIndividualIn()


class RelatedPersons(serializers.ListField):
    """The whole list; the owners' shares come to at most 100 %."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=RelatedPersonIn(), max_length=50, required=False, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        found = super().to_internal_value(data)
        shares = [basis_points(person.get("ownership_percent")) or 0 for person in found if person["role"] == RelatedRole.BENEFICIAL_OWNER]
        if sum(shares) > 10_000:
            raise serializers.ValidationError("The owners' shares come to more than 100 %.", code="over_whole")
        return found


class Told(StrictSerializer):
    """What POST and PATCH share."""

    external_id = ExternalIdField(validators=[refuse_card_number])
    metadata = MetadataField(required=False)
    email = serializers.EmailField(max_length=254, required=False, allow_null=True, validators=[refuse_card_number])
    phone_number = PhoneField()
    address = AddressIn(required=False)
    purpose = WrittenField(max_length=200)
    expected_monthly_volume = AmountField(min_value=0, required=False, allow_null=True, help_text="Minor units of the programme's currency.")
    source_of_funds = WrittenField(max_length=200)
    source_of_wealth = WrittenField(max_length=200)
    related_persons = RelatedPersons(help_text="Of a business.")


class NewCardholderBody(Told):
    type = serializers.ChoiceField(choices=CardholderType.values)
    programme = TypeIdField("programme")
    business = TypeIdField("cardholder", required=False, allow_null=True, help_text="The business this person carries a card for.")
    individual = IndividualIn(required=False)
    business_details = BusinessIn(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        mine = "business_details" if attrs["type"] == CardholderType.BUSINESS else "individual"
        if mine not in attrs:
            raise serializers.ValidationError({mine: [serializers.ErrorDetail(f"A cardholder of this type has {mine}.", code="required")]})
        refuse_other_type(attrs, attrs["type"])
        return attrs


class CardholderPatch(Told):
    """What is absent stays; null takes an optional fact away; an address and related_persons are replaced as a whole."""

    individual = IndividualPatch(required=False)
    business_details = BusinessPatch(required=False)


def refuse_other_type(attrs: Mapping[str, Any], type: str) -> None:
    """Facts of the other type are refused, each by its name. Raises: ValidationError."""
    foreign = ("individual",) if type == CardholderType.BUSINESS else ("business_details", "related_persons")
    found = {name: [serializers.ErrorDetail(f"A cardholder of type {type} has no {name}.", code="wrong_type")]
             for name in foreign if attrs.get(name)}
    if found:
        raise serializers.ValidationError(found)


class ReasonBody(StrictSerializer):
    """A reason, kept in the trail; it is not shown to the cardholder."""

    reason = WrittenField(max_length=200)


class CardholderQuery(ListQuery):
    status = serializers.ChoiceField(choices=wire_choices(CardholderStatus.values), required=False)
    type = serializers.ChoiceField(choices=CardholderType.values, required=False)
    kyc_status = serializers.ChoiceField(choices=wire_choices(KycStatus.values), required=False)
    external_id = serializers.CharField(max_length=120, required=False)
    email = serializers.CharField(max_length=254, required=False)
    programme = TypeIdField("programme", required=False)
    business = TypeIdField("cardholder", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {name: value.upper() if name in ("status", "kyc_status") else value for name, value in attrs.items()}


def facts_of(body: Mapping[str, Any]) -> Facts:
    """The operations' Facts from a validated body."""
    columns: dict[str, Any] = {name: body[name] or "" for name in TEXTS if name in body}
    columns |= {name: body[name] for name in ("external_id", "metadata") if name in body}
    if "expected_monthly_volume" in body:
        columns["expected_monthly_volume_minor"] = body["expected_monthly_volume"]
    columns |= dict(body.get("individual") or {})
    business = dict(body.get("business_details") or {})
    told = (("main", body, "address"), ("principal", business, "principal_address"))
    addresses = {kind: given[name] for kind, given, name in told if name in given}
    business.pop("principal_address", None)
    columns |= {name: value if value is not None or name == "incorporated_on" else "" for name, value in business.items()}
    related = [_related(person) for person in body["related_persons"]] if "related_persons" in body else None
    return Facts(columns=columns, addresses=addresses, related_persons=related)


def _related(person: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": person["role"], "ownership_basis_points": basis_points(person.get("ownership_percent")), **person["individual"]}


class AddressOut(serializers.Serializer):
    line1 = serializers.CharField()
    line2 = serializers.CharField(allow_null=True)
    city = serializers.CharField()
    region = serializers.CharField(allow_null=True)
    postal_code = serializers.CharField(allow_null=True)
    country = serializers.CharField()


class RelatedIndividualOut(serializers.Serializer):
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    date_of_birth = serializers.DateField(allow_null=True)
    nationalities = serializers.ListField(child=serializers.CharField())


class IndividualOut(RelatedIndividualOut):
    place_of_birth = serializers.CharField(allow_null=True)
    occupation = serializers.CharField(allow_null=True)
    tax_ids = serializers.ListField(child=serializers.CharField())


class BusinessOut(serializers.Serializer):
    legal_name = serializers.CharField()
    legal_form = serializers.CharField(allow_null=True)
    registration_number = serializers.CharField(allow_null=True)
    lei = serializers.CharField(allow_null=True)
    incorporation_country = serializers.CharField(allow_null=True)
    incorporated_on = serializers.DateField(allow_null=True)
    principal_address = AddressOut(allow_null=True)
    nature_of_business = serializers.CharField(allow_null=True)
    website = serializers.CharField(allow_null=True)


class RelatedPersonOut(serializers.Serializer):
    id = serializers.CharField()
    role = serializers.ChoiceField(choices=RelatedRole.values)
    ownership_percent = serializers.CharField(allow_null=True, help_text="Two decimals, as text.")
    individual = RelatedIndividualOut()


class RequirementsOut(serializers.Serializer):
    currently_due = serializers.ListField(child=serializers.CharField(), help_text="Field paths, and kyc_case where a case must be submitted.")
    past_due = serializers.ListField(child=serializers.CharField())
    disabled_reason = serializers.CharField(allow_null=True)


class CardholderOut(serializers.Serializer):
    """The public object; its values come from representation.public, only these members leave."""

    id = serializers.CharField()
    object = serializers.ChoiceField(choices=["cardholder"])
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    type = serializers.ChoiceField(choices=CardholderType.values)
    programme = serializers.CharField()
    business = serializers.CharField(allow_null=True)
    external_id = serializers.CharField(allow_null=True)
    metadata = MetadataField()
    status = serializers.ChoiceField(choices=wire_choices(CardholderStatus.values))
    kyc_status = serializers.ChoiceField(choices=wire_choices(KycStatus.values))
    email = serializers.CharField(allow_null=True)
    phone_number = serializers.CharField(allow_null=True)
    address = AddressOut(allow_null=True)
    individual = IndividualOut(allow_null=True)
    business_details = BusinessOut(allow_null=True)
    purpose = serializers.CharField(allow_null=True)
    expected_monthly_volume = serializers.IntegerField(allow_null=True)
    source_of_funds = serializers.CharField(allow_null=True)
    source_of_wealth = serializers.CharField(allow_null=True)
    related_persons = RelatedPersonOut(many=True)
    requirements = RequirementsOut()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return super().to_representation(representation.public(instance))
