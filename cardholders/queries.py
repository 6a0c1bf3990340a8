"""Reads of cardholders: by partner and mode for the API, by programme for staff; and why no card may be issued."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from cardholders.models import Cardholder, CardholderStatus, CardholderType, KycStatus, ScreeningStatus
from issuing_portal.core.errors import NotFound
from issuing_portal.partners.models import CardUserPolicy
from issuing_portal.staff import queries as staff
from issuing_portal.staff.models import User

LOOKUPS = {"email": "email__iexact", "created_at_gte": "created_at__gte", "created_at_lt": "created_at__lt",
           "programme": "programme_id", "business": "business_id"}


@dataclass(frozen=True)
class Blocker:
    """One thing in the way of a card: a stable code, and a sentence that the partner may read."""

    code: str
    text: str


def cardholders_of(partner_id: UUID, livemode: bool, **filters: Any) -> QuerySet[Cardholder]:
    """A partner's cardholders in one mode. Filters: status, type, kyc_status, external_id, business, programme, email, created_at_gte/_lt."""
    chosen = {LOOKUPS.get(name, name): value for name, value in filters.items()}
    return Cardholder.objects.filter(partner_id=partner_id, livemode=livemode, **chosen).prefetch_related("addresses", "related_persons")


def one(partner_id: UUID, livemode: bool, cardholder_id: UUID) -> Cardholder:
    """One cardholder of this partner in this mode. Raises: NotFound."""
    found = cardholders_of(partner_id, livemode).filter(pk=cardholder_id).select_related("programme", "business").first()
    if found is None:
        raise NotFound("cardholder")
    return found


def locked(cardholder_id: UUID) -> Cardholder:
    """The row as it is now, locked until the end of the transaction. Raises: NotFound."""
    found = Cardholder.objects.select_for_update(of=("self",)).select_related("programme", "business").filter(pk=cardholder_id).first()
    if found is None:
        raise NotFound("cardholder")
    return found


def cardholders_seen_by(user: User) -> QuerySet[Cardholder]:
    """The cardholders of every programme where this member of staff may read them."""
    allowed = staff.programmes_of(user, "cardholders.read")
    rows = Cardholder.objects.select_related("programme", "business", "partner")
    return rows if allowed is None else rows.filter(programme_id__in=allowed)


def seen_by(user: User, cardholder_id: UUID | None) -> Cardholder:
    """One of them. Raises: NotFound."""
    found = cardholders_seen_by(user).filter(pk=cardholder_id).first() if cardholder_id else None
    if found is None:
        raise NotFound("cardholder")
    return found


def every() -> QuerySet[Cardholder]:
    """Every cardholder: only to narrow rows further that are limited to their viewer already."""
    return Cardholder.objects.all()


def found(rows: QuerySet[Cardholder], text: str) -> QuerySet[Cardholder]:
    """Rows in which every word of `text` stands in a name, the e-mail address or the partner's reference."""
    for part in text.split()[:6]:
        rows = rows.filter(Q(first_name__icontains=part) | Q(last_name__icontains=part) | Q(legal_name__icontains=part)
                           | Q(email__icontains=part) | Q(external_id__icontains=part))
    return rows


def is_screened_only(cardholder: Cardholder) -> bool:
    """Whether the programme asks of this card user a clear screening and no KYC case of their own."""
    return cardholder.business_id is not None and cardholder.programme.card_user_policy == CardUserPolicy.SCREENING_ONLY


def meets_policy(cardholder: Cardholder) -> bool:
    """Whether this cardholder satisfies what the programme asks of *them* (their business is another question).

    `screening_only` card users: nothing to tell is due and the screening is clear. All others: KYC approved, no screening hit.
    """
    if is_screened_only(cardholder):
        return not cardholder.currently_due and cardholder.screening_status == ScreeningStatus.CLEAR
    return cardholder.kyc_status == KycStatus.APPROVED and cardholder.screening_status != ScreeningStatus.HIT


def card_blockers(cardholder: Cardholder) -> list[Blocker]:
    """Why no card may be issued to this card user, the weightiest reason first; empty when one may.

    Asks the customer (the business, where the person carries a card for one) and the card user. The texts are for partners:
    none of them tells why an issuer stopped somebody. A business may itself be the card user.
    """
    customer = cardholder.customer
    blockers = []
    if customer.pk != cardholder.pk:
        if customer.kyc_status != KycStatus.APPROVED:
            blockers.append(Blocker("kyc_incomplete", "The business that the card would be carried for has not been approved."))
        blockers += _stops(customer, "The business that the card would be carried for")
    if not meets_policy(cardholder):
        noun = "business" if cardholder.type == CardholderType.BUSINESS else "person"
        blockers.append(Blocker("kyc_incomplete", f"The {noun} has not met the programme's requirements yet."))
    blockers += _stops(cardholder, "The cardholder")
    return blockers


def _stops(cardholder: Cardholder, who: str) -> list[Blocker]:
    if cardholder.status in (CardholderStatus.SUSPENDED, CardholderStatus.CLOSED):
        return [Blocker("cardholder_not_active", f"{who} is {cardholder.status.lower()}.")]
    if cardholder.status == CardholderStatus.RESTRICTED:
        return [Blocker("cardholder_restricted", f"{who} is restricted: no new cards.")]
    return []


def card_user_count(business: Cardholder) -> int:
    """How many people that are not closed carry cards for this business."""
    return business.card_users.exclude(status=CardholderStatus.CLOSED).count()
