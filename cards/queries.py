"""Reads of cards: by partner and mode for the API, by programme for staff; and what the outside is told of a card.

Fraud, screening, suspicion and compliance look alike from outside (DESIGN §8): API, events and transitions take their
words from `outside_reason` and `outside_move`, and from nowhere else.
"""

from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from cardholders.models import Cardholder, Hand
from cards.controls import NO_CONTROLS
from cards.models import Card, CardStatus, CardTransition, OwnerKind, SpendControl
from cards.reasons import CONFIDENTIAL, ISSUER_DECISION, REVIEW_CLOSED, UNDER_REVIEW
from issuing_portal.core.actors import Actor
from issuing_portal.core.clock import to_wire
from issuing_portal.core.errors import NotFound
from issuing_portal.core.ids import public_id
from issuing_portal.partners.models import Programme
from issuing_portal.staff import queries as staff
from issuing_portal.staff.models import User

LOOKUPS = {"programme": "programme_id", "cardholder": "cardholder_id", "account": "account_id",
           "created_at_gte": "created_at__gte", "created_at_lt": "created_at__lt"}
FINAL = (CardStatus.TERMINATED, CardStatus.EXPIRED)


def cards_of(partner_id: UUID, livemode: bool, **filters: Any) -> QuerySet[Card]:
    """A partner's cards in one mode. Filters: status, cardholder, account, programme, last4, external_id, type, created_at_gte/_lt."""
    chosen = {LOOKUPS.get(name, name): value for name, value in filters.items()}
    return _whole().filter(partner_id=partner_id, livemode=livemode, **chosen)


def card_of(partner_id: UUID, livemode: bool, card_id: UUID) -> Card:
    """One card of this partner in this mode. Raises: NotFound."""
    return _found(cards_of(partner_id, livemode).filter(pk=card_id))


def card_for(by: Actor, card_id: UUID) -> Card:
    """A card as `by` may meet it: partners only their own in their mode. Raises: NotFound."""
    rows = _whole().filter(pk=card_id)
    return _found(rows if by.partner_id is None else rows.filter(partner_id=by.partner_id, livemode=bool(by.livemode)))


def cards_seen_by(user: User) -> QuerySet[Card]:
    """The cards of every programme where this member of staff may read cards."""
    allowed = staff.programmes_of(user, "cards.read")
    rows = _whole().select_related("cardholder", "account", "partner")
    return rows if allowed is None else rows.filter(programme_id__in=allowed)


def card_seen_by(user: User, card_id: UUID | None) -> Card:
    """One of them. Raises: NotFound."""
    if card_id is None:
        raise NotFound("card")
    return _found(cards_seen_by(user).filter(pk=card_id))


def transitions_of(card: Card, **bounds: Any) -> QuerySet[CardTransition]:
    """The moves of one card, newest first. Bounds: created_at_gte, created_at_lt."""
    names = {"created_at_gte": "at__gte", "created_at_lt": "at__lt"}
    return CardTransition.objects.filter(card=card, **{names[name]: value for name, value in bounds.items()}).order_by("-pk")


def chain_of(card: Card) -> list[Card]:
    """The cards that replaced one another around this one, oldest first (at most 100 either way)."""
    chain = [card]
    while chain[0].replaces_id and len(chain) < 100:
        chain.insert(0, _found(_whole().filter(pk=chain[0].replaces_id)))
    while (later := successor_of(chain[-1])) and len(chain) < 200:
        chain.append(later)
    return chain


def successor_of(card: Card) -> Card | None:
    """The card that replaces this one, if any."""
    return Card.objects.filter(replaces_id=card.pk).first()


def cardholder_for(by: Actor, cardholder_id: UUID) -> Cardholder:
    """A cardholder as `by` may meet them: partners only their own in their mode. Raises: NotFound."""
    rows = Cardholder.objects.select_related("programme", "business").filter(pk=cardholder_id)
    found = (rows if by.partner_id is None else rows.filter(partner_id=by.partner_id, livemode=bool(by.livemode))).first()
    if found is None:
        raise NotFound("cardholder")
    return found


def programmes_of(partner_id: UUID, livemode: bool, **filters: Any) -> QuerySet[Programme]:
    """A partner's programmes in one mode. Filters: status, created_at_gte/_lt."""
    return Programme.objects.filter(partner_id=partner_id, livemode=livemode, **{LOOKUPS.get(name, name): value for name, value in filters.items()})


def controls_in_force(owner_id: UUID) -> SpendControl | None:
    """The version of an owner's controls that counts now."""
    return SpendControl.objects.filter(owner_id=owner_id, active_to=None).first()


def control_versions(owner_id: UUID) -> QuerySet[SpendControl]:
    """Every version of an owner's controls, newest first."""
    return SpendControl.objects.filter(owner_id=owner_id).order_by("-version")


def spec_of(owner_id: UUID, programme: Programme) -> dict[str, Any]:
    """The controls of an owner as GET shows them: without any, no limit and the programme's time zone."""
    found = controls_in_force(owner_id)
    return found.spec if found else {**NO_CONTROLS, "timezone": programme.timezone}


def outside_reason(card: Card) -> tuple[str | None, str | None]:
    """What the outside is told of a stopped card: (frozen_by, status_reason)."""
    if card.frozen_by == Hand.ISSUER:
        return Hand.ISSUER.value, UNDER_REVIEW
    reason = ISSUER_DECISION if card.status_reason in CONFIDENTIAL else card.status_reason
    return card.frozen_by or None, reason or None


def outside_move(move: CardTransition) -> tuple[str | None, str | None]:
    """What the outside is told of one move: (hand, reason)."""
    if move.hand != Hand.ISSUER:
        return move.hand or None, move.reason or None
    if move.to_status == CardStatus.FROZEN:
        return Hand.ISSUER.value, UNDER_REVIEW
    return Hand.ISSUER.value, REVIEW_CLOSED if move.to_status in (CardStatus.ACTIVE, CardStatus.INACTIVE) else ISSUER_DECISION


def public_card(card: Card) -> dict[str, Any]:
    """The card as GET shows it: the API's answer and every event's data."""
    frozen_by, status_reason = outside_reason(card)
    later = getattr(card, "successor_id", None) or Card.objects.filter(replaces_id=card.pk).values_list("pk", flat=True).first()
    return {
        "id": card.public_id, "object": card.noun, "livemode": card.livemode,
        "created_at": to_wire(card.created_at), "updated_at": to_wire(card.updated_at),
        "programme": public_id("programme", card.programme_id), "cardholder": public_id("cardholder", card.cardholder_id),
        "account": public_id("account", card.account_id), "form": str(card.form), "type": str(card.type), "status": card.status.lower(),
        "frozen_by": frozen_by, "status_reason": status_reason, "scheme": card.scheme, "bin": card.bin, "last4": card.last4,
        "expiry_month": card.expiry_month, "expiry_year": card.expiry_year, "expires_on": card.expires_on.isoformat(),
        "sequence_number": card.sequence_number, "replaces": public_id("card", card.replaces_id) if card.replaces_id else None,
        "replaced_by": public_id("card", later) if later else None, "replacement_reason": card.replacement_reason or None,
        "shipment": None, "issued_at": to_wire(card.issued_at), "activated_at": to_wire(card.activated_at) if card.activated_at else None,
        "controls": _spec(card), "external_id": card.external_id, "metadata": card.metadata,
    }


def _spec(card: Card) -> dict[str, Any]:
    if hasattr(card, "spec_in_force"):
        return card.spec_in_force or {**NO_CONTROLS, "timezone": card.programme.timezone}
    return spec_of(card.pk, card.programme)


def _whole() -> QuerySet[Card]:
    """Cards with what GET shows beside them, without a query per row."""
    spec = SpendControl.objects.filter(owner_kind=OwnerKind.CARD, owner_id=OuterRef("pk"), active_to=None).values("spec")
    later = Card.objects.filter(replaces_id=OuterRef("pk")).values("pk")
    return Card.objects.select_related("programme").annotate(spec_in_force=Subquery(spec), successor_id=Subquery(later))


def _found(rows: QuerySet[Card]) -> Card:
    card = rows.first()
    if card is None:
        raise NotFound("card")
    return card
