"""What every verb on a card shares: taking the row, whose hand it is, and writing a move with its event."""

from datetime import datetime
from typing import Any
from uuid import UUID

from cardholders.models import Hand
from cards import queries
from cards.models import Card, CardTransition
from cards.reasons import CARDHOLDER_REQUEST, CONFIDENTIAL, RESERVED
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import InvalidInput, NotFound
from issuing_portal.core.redaction import holds_secret
from issuing_portal.events import operations as events
from issuing_portal.events.operations import actor_json

REASON_MAX = 64


def take(card_id: UUID, by: Actor) -> Card:
    """The card, locked until the transaction ends, so that two hands at once act one after the other. Raises: NotFound."""
    rows = Card.objects.select_for_update(no_key=True).filter(pk=card_id)
    if by.partner_id is not None:
        rows = rows.filter(partner_id=by.partner_id, livemode=bool(by.livemode))
    card = rows.first()
    if card is None:
        raise NotFound("card")
    return card


def hand_of(by: Actor, card: Card, reason: str) -> Hand:
    """Whose hand stops or ends a card.

    A confidential reason makes it the issuer's, whoever of the staff gives it: once suspicion is said, only compliance lifts it.
    """
    if by.kind in ("api_key", "cardholder"):
        return Hand.CARDHOLDER if by.kind == "cardholder" or reason == CARDHOLDER_REQUEST else Hand.PARTNER
    if reason in CONFIDENTIAL:
        return Hand.ISSUER
    if by.kind == "staff" and not by.may("cards.freeze", card.programme_id):
        return Hand.ISSUER
    return Hand.PROGRAMME


def checked_reason(reason: str, by: Actor) -> str:
    """A reason as it is kept: at most 64 characters, no card number, and from outside none of our own codes. Raises: InvalidInput."""
    if not reason or len(reason) > REASON_MAX or holds_secret(reason) or "\x00" in reason:
        raise InvalidInput(("reason", "invalid", f"1 to {REASON_MAX} characters without a card number."))
    if by.kind == "api_key" and reason in RESERVED:
        raise InvalidInput(("reason", "reserved", "This reason is kept for the issuer; use another word."))
    return reason


def move(card: Card, target: str, *, event: str, reason: str, hand: Hand, note: str, by: Actor, now: datetime, **also: Any) -> None:
    """Move a card by the table, and write the row and the event of it. Raises: IllegalMove, StaleState."""
    before = str(card.status)
    card.move_to(target, now=now, **also)
    note_move(card, before, event=event, reason=reason, hand=hand, note=note, by=by, now=now)


def note_move(card: Card, before: str, *, event: str, reason: str, hand: Hand | str, note: str, by: Actor, now: datetime) -> None:
    """The append-only row of a move, and its event."""
    CardTransition.objects.create(card=card, from_status=before, to_status=card.status, reason=reason, note=note, hand=hand,
                                  actor=actor_json(by), at=now)
    tell(event, card, by=by, at=now, reason=note, internal={"reason": reason, "hand": str(hand)})


def tell(event: str, card: Card, *, by: Actor, at: datetime, reason: str = "", internal: dict[str, Any] | None = None) -> None:
    """Record an event with the card as GET shows it; its metadata apart, as what erasure must be able to shred."""
    shown = queries.public_card(queries.card_for(by, card.pk))
    personal = {"metadata": shown["metadata"]} if shown["metadata"] else None
    events.record(event, subject=card, by=by, at=at, reason=reason, internal=internal, data={**shown, "metadata": {}},
                  personal=personal, person_id=card.cardholder_id)
