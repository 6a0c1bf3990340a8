"""A cardholder as the API, the events and the partner see it: one plain dict, in JSON's own types.

Here stand the words for outside (DESIGN §8, three audiences): whatever the issuer's hand did is `under_review`.
"""

from collections.abc import Mapping
from typing import Any

from cardholders.models import Address, Cardholder, CardholderStatus, CardholderType, Hand, KycStatus, RelatedPerson
from issuing_portal.core.clock import to_wire
from issuing_portal.core.ids import public_id

UNDER_REVIEW = "under_review"
PERSONAL = frozenset({"email", "phone_number", "address", "individual", "business_details", "related_persons", "source_of_funds",
                      "source_of_wealth", "metadata"})
"""Members of the public object that erasure must be able to shred."""


def public(cardholder: Cardholder) -> dict[str, Any]:
    """The object as GET shows it. Reads the addresses and the related persons (prefetch them for lists)."""
    addresses = {address.kind: address for address in cardholder.addresses.all()}
    business = cardholder.type == CardholderType.BUSINESS
    return {
        "id": cardholder.public_id, "object": "cardholder", "livemode": cardholder.livemode,
        "created_at": to_wire(cardholder.created_at), "updated_at": to_wire(cardholder.updated_at),
        "type": str(cardholder.type), "programme": public_id("programme", cardholder.programme_id),
        "business": public_id("cardholder", cardholder.business_id) if cardholder.business_id else None,
        "external_id": cardholder.external_id, "metadata": cardholder.metadata,
        "status": cardholder.status.lower(), "kyc_status": cardholder.kyc_status.lower(),
        "email": cardholder.email or None, "phone_number": cardholder.phone_number or None,
        "address": _address(addresses.get("main")),
        "individual": None if business else _individual(cardholder),
        "business_details": _business(cardholder, addresses.get("principal")) if business else None,
        "purpose": cardholder.purpose or None, "expected_monthly_volume": cardholder.expected_monthly_volume_minor,
        "source_of_funds": cardholder.source_of_funds or None, "source_of_wealth": cardholder.source_of_wealth or None,
        "related_persons": [_related(person) for person in _in_order(cardholder) if person.removed_at is None],
        "requirements": {"currently_due": list(cardholder.currently_due), "past_due": list(cardholder.past_due),
                         "disabled_reason": cardholder.disabled_reason or None},
    }


def split(shown: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(data, personal) of an event: together they are the object, apart erasure can shred the second."""
    personal = {name: value for name, value in shown.items() if name in PERSONAL and value not in (None, {}, [])}
    return {name: None if name in personal else value for name, value in shown.items()}, personal


def disabled_reason(cardholder: Cardholder) -> str:
    """Why this cardholder cannot use cards, in a word for outside; "" when nothing stands in the way."""
    if cardholder.status == CardholderStatus.CLOSED:
        return "closed"
    stops = {"SUSPENDED": ("suspended", cardholder.suspended_by), "RESTRICTED": ("restricted", cardholder.restricted_by)}
    if cardholder.status in stops:
        word, hand = stops[cardholder.status]
        return UNDER_REVIEW if hand == Hand.ISSUER else f"{word}_by_{hand}"
    if cardholder.kyc_status == KycStatus.REJECTED:
        return "kyc_rejected"
    if cardholder.status == CardholderStatus.PENDING:
        return "requirements_due" if cardholder.currently_due else UNDER_REVIEW
    return ""


def _address(address: Address | None) -> dict[str, Any] | None:
    if address is None:
        return None
    return {"line1": address.line1, "line2": address.line2 or None, "city": address.city, "region": address.region or None,
            "postal_code": address.postal_code or None, "country": address.country}


def _individual(cardholder: Cardholder) -> dict[str, Any]:
    return {"first_name": cardholder.first_name, "last_name": cardholder.last_name, "date_of_birth": _day(cardholder.date_of_birth),
            "nationalities": list(cardholder.nationalities), "place_of_birth": cardholder.place_of_birth or None,
            "occupation": cardholder.occupation or None, "tax_ids": list(cardholder.tax_ids)}


def _business(cardholder: Cardholder, principal: Address | None) -> dict[str, Any]:
    return {"legal_name": cardholder.legal_name, "legal_form": cardholder.legal_form or None,
            "registration_number": cardholder.registration_number or None, "lei": cardholder.lei or None,
            "incorporation_country": cardholder.incorporation_country or None, "incorporated_on": _day(cardholder.incorporated_on),
            "principal_address": _address(principal), "nature_of_business": cardholder.nature_of_business or None,
            "website": cardholder.website or None}


def _in_order(cardholder: Cardholder) -> list[RelatedPerson]:
    # Sorted here, not by the database: a prefetched list stays one query.
    return sorted(cardholder.related_persons.all(), key=lambda one: one.id)


def _related(person: RelatedPerson) -> dict[str, Any]:
    points = person.ownership_basis_points
    return {"id": person.public_id, "role": str(person.role),
            "ownership_percent": None if points is None else f"{points // 100}.{points % 100:02d}",
            "individual": {"first_name": person.first_name, "last_name": person.last_name, "date_of_birth": _day(person.date_of_birth),
                           "nationalities": list(person.nationalities)}}


def _day(on: Any) -> str | None:
    return on.isoformat() if on else None
