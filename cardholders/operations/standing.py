"""What a cardholder may do: approved, restricted, suspended, reactivated, closed; and whose hand did it.

Only the same or a higher hand lifts a stop (models.Hand). A higher hand takes a stop over, and a lifted suspension leads back
to where the cardholder stood before it, so that no hand can wash off another's.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import models

from cardholders import queries
from cardholders.models import Cardholder, CardholderStatus, Hand, KycStatus
from cardholders.operations.registration import CardholderClosed
from cardholders.operations.settling import activate_if_ready, settle, tell
from cardholders.requirements import of_kyc
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, PermissionRefused, StaleState
from issuing_portal.core.operations import operation

CONFIDENTIAL_VERB = "cards.freeze_issuer"
"""Whoever may freeze in the issuer's name acts in the issuer's name here too (the compliance roles)."""


class StopReason(models.TextChoices):
    """Typed reasons of staff; none of them is ever said outside."""

    FRAUD_SUSPICION = "fraud_suspicion", "Suspicion of fraud"
    SCREENING = "screening", "Screening or sanctions"
    KYC_CONCERN = "kyc_concern", "Doubts about identity or documents"
    PROGRAMME_RULE = "programme_rule", "Breach of the programme's terms"
    CUSTOMER_REQUEST = "customer_request", "The customer asked for it"
    PARTNER_REQUEST = "partner_request", "The partner asked for it"
    OTHER = "other", "Something else"


class SuspendedByHigherHand(DomainError):
    code, status, title = "suspended_by_higher_hand", 409, "The cardholder was suspended by the {hand}; only the same or a higher hand lifts it."


class RestrictedByHigherHand(DomainError):
    code, status, title = "restricted_by_higher_hand", 409, "The cardholder was restricted by the {hand}; only the same or a higher hand lifts it."


class NotApproved(DomainError):
    code, status, title = "kyc_incomplete", 409, "The cardholder does not meet the programme's requirements; it cannot become active."


def hand_of(by: Actor, programme_id: UUID) -> Hand:
    """Whose hand an actor is: compliance and the system are the issuer's, other staff the programme's, a key the partner's.

    Raises: PermissionRefused for a processor, which stops no cardholder.
    """
    if by.kind == "staff":
        return Hand.ISSUER if by.may(CONFIDENTIAL_VERB, programme_id) else Hand.PROGRAMME
    hands = {"system": Hand.ISSUER, "api_key": Hand.PARTNER, "cardholder": Hand.CARDHOLDER}
    if by.kind not in hands:
        raise PermissionRefused(verb="cardholders.suspend")
    return hands[by.kind]


@operation
def suspend_cardholder(*, cardholder_id: UUID, code: str = "", reason: str = "", by: Actor, now: datetime) -> Cardholder:
    """Stop every card of this cardholder; of a business, those of all its card users.

    `code` is a StopReason of staff, `reason` their words: both stay inside. On a suspended cardholder a higher hand takes the
    suspension over; the same or a lower one is refused.
    Raises: IllegalMove, PermissionRefused, NotFound.
    """
    cardholder = queries.locked(cardholder_id)
    by.require("cardholders.suspend", cardholder.programme_id)
    hand = hand_of(by, cardholder.programme_id)
    words: dict[str, str] = {"status_reason": code or "partner_request", "suspended_by": hand}
    if cardholder.status == CardholderStatus.SUSPENDED and _is_higher(hand, cardholder.suspended_by):
        _take_over(cardholder, "suspended_by", words, now=now)
    else:
        cardholder.move_to(CardholderStatus.SUSPENDED, now=now, **words)
    settle(cardholder, now=now)
    tell("cardholder.suspended", cardholder, by=by, at=now, reason=reason, internal={"code": code, "hand": str(hand)})
    return cardholder


@operation
def restrict_cardholder(*, cardholder_id: UUID, code: str, reason: str, by: Actor, now: datetime) -> Cardholder:
    """No new cards; those there are go on working. For staff; a higher hand takes a restriction over.

    Raises: IllegalMove, PermissionRefused, NotFound.
    """
    cardholder = queries.locked(cardholder_id)
    by.require("cardholders.suspend", cardholder.programme_id)
    hand = hand_of(by, cardholder.programme_id)
    words: dict[str, str] = {"status_reason": code, "restricted_by": hand}
    if cardholder.status == CardholderStatus.RESTRICTED and _is_higher(hand, cardholder.restricted_by):
        _take_over(cardholder, "restricted_by", words, now=now)
    else:
        cardholder.move_to(CardholderStatus.RESTRICTED, now=now, **words)
    settle(cardholder, now=now)
    tell("cardholder.restricted", cardholder, by=by, at=now, reason=reason, internal={"code": code, "hand": str(hand)})
    return cardholder


@operation
def reactivate_cardholder(*, cardholder_id: UUID, reason: str = "", by: Actor, now: datetime) -> Cardholder:
    """Lift a suspension or a restriction.

    A lifted suspension leads back to RESTRICTED where a restriction stands, to ACTIVE where the policy is met, else to PENDING.
    Raises: SuspendedByHigherHand, RestrictedByHigherHand, NotApproved, IllegalMove, PermissionRefused, NotFound.
    """
    cardholder = queries.locked(cardholder_id)
    by.require("cardholders.reactivate", cardholder.programme_id)
    hand = hand_of(by, cardholder.programme_id)
    if cardholder.status == CardholderStatus.SUSPENDED:
        if not hand.outranks_or_equals(cardholder.suspended_by):
            raise SuspendedByHigherHand(hand=Hand(cardholder.suspended_by).value)
        cardholder.move_to(_before_suspension(cardholder), now=now, suspended_by="", status_reason="")
    else:
        if cardholder.status == CardholderStatus.RESTRICTED and not hand.outranks_or_equals(cardholder.restricted_by):
            raise RestrictedByHigherHand(hand=Hand(cardholder.restricted_by).value)
        if cardholder.can_become(CardholderStatus.ACTIVE) and not queries.meets_policy(cardholder):
            raise NotApproved
        cardholder.move_to(CardholderStatus.ACTIVE, now=now, restricted_by="", status_reason="")
    settle(cardholder, now=now)
    back = "cardholder.activated" if cardholder.status == CardholderStatus.ACTIVE else "cardholder.updated"
    tell(back, cardholder, by=by, at=now, reason=reason, internal={"hand": str(hand)})
    return cardholder


@operation
def close_cardholder(*, cardholder_id: UUID, code: str = "", reason: str = "", by: Actor, now: datetime) -> Cardholder:
    """End the relation, for good: no card of this cardholder works any more, and no new one is issued.

    Money is not touched: accounts are closed apart, at zero.
    Raises: IllegalMove (closed already), PermissionRefused, NotFound.
    """
    cardholder = queries.locked(cardholder_id)
    by.require("cardholders.close", cardholder.programme_id)
    cardholder.move_to(CardholderStatus.CLOSED, now=now, status_reason=code or "partner_request")
    settle(cardholder, now=now)
    tell("cardholder.closed", cardholder, by=by, at=now, reason=reason, internal={"code": code})
    return cardholder


@operation
def mark_kyc(*, cardholder_id: UUID, kyc_status: KycStatus, requirements: Sequence[str] = (), by: Actor, now: datetime) -> Cardholder:
    """Kyc's verdict, pushed down: the status, and kyc's own entries in what is currently due (`kyc_case…`).

    An approval makes a PENDING cardholder ACTIVE; a suspension or restriction it does not lift. A closed one only remembers.
    Raises: NotFound.
    """
    cardholder = queries.locked(cardholder_id)
    cardholder.kyc_status = kyc_status
    cardholder.save(update_fields=["kyc_status"])
    _put_requirements(cardholder, requirements, now=now)
    if not activate_if_ready(cardholder, by=by, now=now):
        tell("cardholder.updated", cardholder, by=by, at=now)
    return cardholder


@operation
def set_requirements(*, cardholder_id: UUID, requirements: Sequence[str], by: Actor, now: datetime) -> Cardholder:
    """Replace kyc's own entries in what is currently due. Raises: CardholderClosed, NotFound."""
    cardholder = queries.locked(cardholder_id)
    if cardholder.status == CardholderStatus.CLOSED:
        raise CardholderClosed
    _put_requirements(cardholder, requirements, now=now)
    tell("cardholder.updated", cardholder, by=by, at=now)
    return cardholder


def _put_requirements(cardholder: Cardholder, entries: Sequence[str], *, now: datetime) -> None:
    if of_kyc(entries) != list(entries):
        raise ValueError("kyc pushes its own entries only; facts that are due are counted here")
    cardholder.currently_due = list(entries)
    settle(cardholder, now=now)


def _before_suspension(cardholder: Cardholder) -> CardholderStatus:
    if cardholder.restricted_by:
        return CardholderStatus.RESTRICTED
    return CardholderStatus.ACTIVE if queries.meets_policy(cardholder) else CardholderStatus.PENDING


def _is_higher(hand: Hand, other: str) -> bool:
    return hand.outranks_or_equals(other) and hand != other


def _take_over(cardholder: Cardholder, column: str, words: dict[str, str], *, now: datetime) -> None:
    # No move, so no move_to; the same compare-and-swap, on the hand.
    seen = {"pk": cardholder.pk, "status": cardholder.status, column: getattr(cardholder, column)}
    if not Cardholder.objects.filter(**seen).update(**words, updated_at=now):
        raise StaleState(noun="cardholder")
    for name, value in words.items():
        setattr(cardholder, name, value)
