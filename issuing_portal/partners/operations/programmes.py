"""A programme's own facts. Its system accounts are opened above, by ledger.operations.set_up_programme."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import available_timezones

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import InvalidInput, NotFound
from issuing_portal.core.money import is_currency
from issuing_portal.core.operations import operation
from issuing_portal.events.operations import record
from issuing_portal.partners.models import CardUserPolicy, Partner, Programme, ProgrammeStatus, Scheme

BIN = re.compile(r"^\d{6,8}\Z")
FIRST_DIGITS = {Scheme.VISA: ("4",), Scheme.MASTERCARD: ("5", "2")}
CARD_FORMS = {"virtual", "physical"}


@dataclass(frozen=True, kw_only=True)
class ProgrammeSpec:
    """What a programme fixes at birth."""

    name: str
    scheme: str
    currency: str
    bin: str
    bin_sponsor: str
    region: str
    timezone: str = "UTC"
    card_forms: tuple[str, ...] = ("virtual",)
    card_user_policy: str = CardUserPolicy.FULL_KYC
    card_validity_months: int = 36
    required_facts: tuple[str, ...] = ()


@operation
def create_programme(*, partner_id: UUID, livemode: bool, spec: ProgrammeSpec, by: Actor, now: datetime) -> Programme:
    """A programme without money: call ledger.operations.set_up_programme, which opens its system accounts with it.

    Raises: NotFound (partner), PermissionRefused, InvalidInput.
    """
    by.require("programmes.create", None)
    if not Partner.objects.filter(pk=partner_id).exists():
        raise NotFound("partner")
    _check(spec)
    programme = Programme.objects.create(
        partner_id=partner_id, livemode=livemode, name=spec.name, scheme=spec.scheme, currency=spec.currency, bin=spec.bin,
        bin_sponsor=spec.bin_sponsor, region=spec.region, timezone=spec.timezone, card_forms=list(spec.card_forms),
        card_user_policy=spec.card_user_policy, card_validity_months=spec.card_validity_months,
        required_facts=list(spec.required_facts), created_at=now, updated_at=now)
    record("programme.created", subject=programme, by=by, at=now, data=_facts(programme))
    return programme


@operation
def suspend_programme(*, programme_id: UUID, reason: str, by: Actor, now: datetime) -> Programme:
    """No card of the programme may pay any more; what the network has moved is booked on.

    Raises: NotFound, PermissionRefused, IllegalMove, StaleState.
    """
    return _move(programme_id, ProgrammeStatus.SUSPENDED, reason, by, now)


@operation
def reactivate_programme(*, programme_id: UUID, reason: str, by: Actor, now: datetime) -> Programme:
    """Cards of the programme pay again.

    Raises: NotFound, PermissionRefused, IllegalMove, StaleState.
    """
    return _move(programme_id, ProgrammeStatus.ACTIVE, reason, by, now)


def _move(programme_id: UUID, target: ProgrammeStatus, reason: str, by: Actor, now: datetime) -> Programme:
    by.require("programmes.update", programme_id)
    programme = Programme.objects.filter(pk=programme_id).first()
    if programme is None:
        raise NotFound("programme")
    programme.move_to(target, now=now)
    record("programme.updated", subject=programme, by=by, at=now, reason=reason, data=_facts(programme))
    return programme


def _facts(programme: Programme) -> dict[str, str]:
    return {"name": programme.name, "scheme": programme.scheme, "currency": programme.currency, "bin": programme.bin,
            "status": str(programme.status).lower()}


def _check(spec: ProgrammeSpec) -> None:
    wrong = [
        ("name", "length", "A programme's name has 1 to 120 characters.", not 1 <= len(spec.name) <= 120),
        ("scheme", "invalid_choice", "The scheme is visa or mastercard.", spec.scheme not in Scheme.values),
        ("currency", "unknown_currency", "This is not an ISO 4217 currency code.", not is_currency(spec.currency)),
        ("bin", "invalid", "A BIN has six to eight digits of its scheme's range.",
         not BIN.match(spec.bin) or not spec.bin.startswith(FIRST_DIGITS.get(Scheme(spec.scheme), ()) if spec.scheme in Scheme.values else ())),
        ("timezone", "invalid", "This is not a time zone of the IANA database.", spec.timezone not in available_timezones()),
        ("card_forms", "invalid_choice", "A card is virtual or physical.", not spec.card_forms or not set(spec.card_forms) <= CARD_FORMS),
        ("card_user_policy", "invalid_choice", "The policy is full_kyc or screening_only.", spec.card_user_policy not in CardUserPolicy.values),
        ("card_validity_months", "invalid", "Cards are valid for 1 to 120 months.", not 1 <= spec.card_validity_months <= 120),
    ]
    refused = [(field, code, message) for field, code, message, is_wrong in wrong if is_wrong]
    if refused:
        raise InvalidInput(*refused)
