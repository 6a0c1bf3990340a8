"""Who a cardholder is: created, and its facts changed. Statuses are in standing.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from cardholders import queries
from cardholders.models import Address, AddressKind, Cardholder, CardholderStatus, CardholderType, KycStatus, RelatedPerson, ScreeningStatus
from cardholders.operations.settling import activate_if_ready, settle, tell
from cardholders.requirements import KYC_CASE
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, InvalidInput, NotFound
from issuing_portal.core.operations import operation
from issuing_portal.partners import queries as partners
from issuing_portal.partners.models import Programme, ProgrammeStatus

COLUMNS = frozenset({
    "external_id", "metadata", "email", "phone_number", "first_name", "last_name", "date_of_birth", "nationalities", "place_of_birth", "occupation",
    "tax_ids", "legal_name", "legal_form", "registration_number", "lei", "incorporation_country", "incorporated_on", "nature_of_business", "website",
    "purpose", "expected_monthly_volume_minor", "source_of_funds", "source_of_wealth",
})
"""What the partner tells of a cardholder in one column each."""

IDENTITY = frozenset({
    "first_name", "last_name", "date_of_birth", "nationalities", "place_of_birth", "legal_name", "legal_form", "registration_number", "lei",
    "incorporation_country", "address", "related_persons",
})
"""Facts that a KYC approval rests on."""


class ExternalIdTaken(DomainError):
    code, status, title = "external_id_taken", 409, "Another cardholder has this external_id."


class CardholderClosed(DomainError):
    code, status, title = "cardholder_closed", 409, "The cardholder is closed; nothing about it changes any more."


class ProgrammeNotActive(DomainError):
    code, status, title = "programme_not_active", 409, "The programme is {status}; only an active programme takes cardholders."


class BusinessRefused(InvalidInput):
    """The `business` of a card user is not one that a card can be carried for."""

    def __init__(self, message: str) -> None:
        super().__init__(("business", "business_refused", message))


@dataclass(frozen=True)
class Facts:
    """What the partner tells; absent means untouched.

    `columns`: names of COLUMNS. `addresses`: by AddressKind, the whole address (line1, line2, city, region, postal_code,
    country), or None to take a principal address away. `related_persons`: the whole new list (role, ownership_basis_points,
    first_name, last_name, date_of_birth, nationalities); None leaves it.
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    addresses: Mapping[str, Mapping[str, str] | None] = field(default_factory=dict)
    related_persons: Sequence[Mapping[str, Any]] | None = None

    @property
    def names(self) -> set[str]:
        """What is told, by name, for the trail."""
        return set(self.columns) | ({"address"} if self.addresses else set()) | ({"related_persons"} if self.related_persons is not None else set())


@dataclass(frozen=True)
class NewCardholder:
    """A cardholder to be: whose, in which mode and programme, of which type; for a card user the id of the business."""

    partner_id: UUID
    livemode: bool
    programme_id: UUID
    type: str
    facts: Facts
    business_id: UUID | None = None


@operation
def create_cardholder(*, new: NewCardholder, by: Actor, now: datetime) -> Cardholder:
    """Register a cardholder, PENDING until the programme's policy is met.

    Until sanctions lists are bound, a test-mode cardholder's screening is CLEAR at once and a live one's stays PENDING: so a
    card user under `screening_only` is ACTIVE at once in test mode (when nothing is due), and waits in live mode.
    Raises: InvalidInput (unknown programme, BusinessRefused), ProgrammeNotActive, ExternalIdTaken.
    """
    programme = _programme(new)
    business = _business(new)
    _require_free_external_id(new.partner_id, new.livemode, new.facts.columns.get("external_id"))
    cardholder = Cardholder(
        partner_id=new.partner_id, livemode=new.livemode, programme=programme, type=new.type, business=business,
        screening_status=ScreeningStatus.PENDING if new.livemode else ScreeningStatus.CLEAR, created_at=now, updated_at=now)
    if not queries.is_screened_only(cardholder):
        cardholder.currently_due = [KYC_CASE]
    _tell_columns(cardholder, new.facts)
    cardholder.save(force_insert=True)
    _tell_relations(cardholder, new.facts, now)
    settle(cardholder, now=now)
    tell("cardholder.created", cardholder, by=by, at=now)
    activate_if_ready(cardholder, by=by, now=now)
    return cardholder


@operation
def update_cardholder(*, cardholder_id: UUID, facts: Facts, by: Actor, now: datetime) -> Cardholder:
    """Change what the partner tells.

    A change of IDENTITY facts after an approval keeps status and kyc_status; the event's internal part names the changed
    facts and says `review_due`, from which the review opens a trigger case.
    Raises: CardholderClosed, ExternalIdTaken, NotFound.
    """
    cardholder = queries.locked(cardholder_id)
    if cardholder.status == CardholderStatus.CLOSED:
        raise CardholderClosed
    external_id = facts.columns.get("external_id")
    if external_id != cardholder.external_id:
        _require_free_external_id(cardholder.partner_id, cardholder.livemode, external_id)
    _tell_columns(cardholder, facts)
    cardholder.save(update_fields=[*facts.columns, "updated_at"])
    _tell_relations(cardholder, facts, now)
    settle(cardholder, now=now)
    changed = sorted(facts.names)
    review_due = cardholder.kyc_status == KycStatus.APPROVED and not IDENTITY.isdisjoint(changed)
    tell("cardholder.updated", cardholder, by=by, at=now, internal={"changed": changed, "review_due": review_due})
    activate_if_ready(cardholder, by=by, now=now)
    return cardholder


def _programme(new: NewCardholder) -> Programme:
    try:
        programme = partners.programme_of(new.partner_id, new.livemode, new.programme_id)
    except NotFound as missing:
        raise InvalidInput(("programme", "not_found", "There is no such programme.")) from missing
    if programme.status != ProgrammeStatus.ACTIVE:
        raise ProgrammeNotActive(status=programme.status.lower())
    return programme


def _business(new: NewCardholder) -> Cardholder | None:
    if new.business_id is None:
        return None
    if new.type != CardholderType.INDIVIDUAL:
        raise BusinessRefused("Only a person carries a card for a business.")
    found = queries.cardholders_of(new.partner_id, new.livemode).filter(pk=new.business_id).first()
    if found is None:
        raise BusinessRefused("There is no such cardholder.")
    if found.type != CardholderType.BUSINESS:
        raise BusinessRefused("This cardholder is a person, not a business.")
    if found.programme_id != new.programme_id:
        raise BusinessRefused("The business belongs to another programme.")
    if found.status == CardholderStatus.CLOSED:
        raise BusinessRefused("The business is closed.")
    return found


def _require_free_external_id(partner_id: UUID, livemode: bool, external_id: str | None) -> None:
    # The unique constraint is the judge of a race (api/problems.py words it); this is the kind message.
    if external_id is not None and queries.cardholders_of(partner_id, livemode, external_id=external_id).exists():
        raise ExternalIdTaken


def _tell_columns(cardholder: Cardholder, facts: Facts) -> None:
    for name, value in facts.columns.items():
        if name not in COLUMNS:
            raise ValueError(f"{name} is no fact of a cardholder")
        setattr(cardholder, name, value)


def _tell_relations(cardholder: Cardholder, facts: Facts, now: datetime) -> None:
    for kind, address in facts.addresses.items():
        if address is None:
            Address.objects.filter(cardholder=cardholder, kind=AddressKind(kind)).delete()
            continue
        known = {"line2": "", "region": "", "postal_code": "", **address}
        Address.objects.update_or_create(cardholder=cardholder, kind=kind, defaults={**known, "updated_at": now},
                                         create_defaults={**known, "created_at": now, "updated_at": now})
    if facts.related_persons is not None:
        cardholder.related_persons.filter(removed_at=None).update(removed_at=now, updated_at=now)
        for person in facts.related_persons:
            RelatedPerson.objects.create(cardholder=cardholder, created_at=now, updated_at=now, **person)
