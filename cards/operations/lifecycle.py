"""activate, freeze, unfreeze, terminate, expire: every move of a card but its issue and replacement.

A freeze remembers its hand (cardholder < partner < programme < issuer). Only the same or a higher hand lifts it. A higher
hand may freeze over a lower one; when it lets go, the lower freeze stands again.
"""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from cardholders.models import Hand
from cards import queries
from cards.models import Card, CardStatus, CardTransition
from cards.operations.moves import checked_reason, hand_of, move, note_move, take
from cards.reasons import EXPIRED, PARTNER_REQUEST, REPLACED
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, IllegalMove, StaleState
from issuing_portal.core.operations import operation
from issuing_portal.staff.models import Proposal
from issuing_portal.staff.proposals import Payload, four_eyes, propose

THAWED = {"frozen_by": "", "frozen_from": ""}
EXPIRE_BATCH = 200
EASTERNMOST = timedelta(hours=14)
"""UTC+14, where a day begins first: no card can have run out before its day is over there."""


class FrozenByHigherHand(DomainError):
    code, status, title = "frozen_by_higher_hand", 409, "The card was frozen by the {hand}; only they can lift it."


@operation
def activate_card(*, card_id: UUID, note: str = "", by: Actor, now: datetime) -> Card:
    """INACTIVE → ACTIVE. A renewed card (same number) ends the card that it replaces.

    Raises: NotFound, PermissionRefused, IllegalMove.
    """
    card = take(card_id, by)
    by.require("cards.unfreeze", card.programme_id)
    if card.status == CardStatus.FROZEN:
        raise IllegalMove(noun="card", status="frozen", target="active")
    move(card, CardStatus.ACTIVE, event="card.activated", reason="", hand=own_hand(by), note=note, by=by, now=now, activated_at=now, status_reason="")
    if card.replaces_id:
        _end_predecessor(card.replaces_id, by, now)
    return queries.card_for(by, card.pk)


@operation
def freeze_card(*, card_id: UUID, reason: str = PARTNER_REQUEST, note: str = "", by: Actor, now: datetime) -> Card:
    """Stop a card for every tap from now on; a higher hand may freeze over a lower one.

    `reason` is a code (staff: cards.reasons) or the partner's own word, `note` the staff's words, which never leave the portal.
    Raises: NotFound, PermissionRefused, InvalidInput, IllegalMove.
    """
    card = take(card_id, by)
    reason = checked_reason(reason, by)
    if not by.may("cards.freeze", card.programme_id):
        by.require("cards.freeze_issuer", card.programme_id)
    hand = hand_of(by, card, reason)
    if card.status == CardStatus.FROZEN:
        _freeze_over(card, hand, reason, note, by, now)
    else:
        move(card, CardStatus.FROZEN, event="card.frozen", reason=reason, hand=hand, note=note, by=by, now=now,
             frozen_by=hand, frozen_from=card.status, status_reason=reason)
    return queries.card_for(by, card.pk)


@operation
def unfreeze_card(*, card_id: UUID, reason: str = "", note: str = "", by: Actor, now: datetime) -> Card:
    """Lift a freeze of one's own or a lower hand. The issuer's takes four eyes: propose_unfreeze.

    Raises: NotFound, PermissionRefused, IllegalMove, FrozenByHigherHand.
    """
    card = take(card_id, by)
    if not by.may("cards.unfreeze", card.programme_id):
        by.require("cards.unfreeze_issuer", card.programme_id)
    if card.status != CardStatus.FROZEN:
        raise IllegalMove(noun="card", status=card.status.lower(), target="unfrozen")
    refuse_higher_hand(card, by)
    return _lift(card, own_hand(by), reason, note, by, now)


@operation
def propose_unfreeze(*, card_id: UUID, note: str, by: Actor, now: datetime) -> Proposal:
    """Ask a second person to lift the issuer's freeze. Raises: NotFound, PermissionRefused, StaffOnly, IllegalMove."""
    card = take(card_id, by)
    by.require("cards.unfreeze_issuer", card.programme_id)
    if card.status != CardStatus.FROZEN or card.frozen_by != Hand.ISSUER:
        raise IllegalMove(noun="card", status=card.status.lower(), target="unfrozen by the issuer")
    return propose(verb="cards.unfreeze_issuer", subject=card, summary=f"Unfreeze the card {card.masked}, frozen by compliance",
                   payload={"card": str(card.pk), "note": note}, reason=note, by=by, now=now)


@operation
def terminate_card(*, card_id: UUID, reason: str = PARTNER_REQUEST, note: str = "", by: Actor, now: datetime) -> Card:
    """End a card for good. Raises: NotFound, PermissionRefused, InvalidInput, IllegalMove."""
    card = take(card_id, by)
    by.require("cards.terminate", card.programme_id)
    end(card, reason=checked_reason(reason, by), note=note, by=by, now=now)
    return queries.card_for(by, card.pk)


@operation
def expire_due(*, by: Actor, now: datetime) -> int:
    """Expire up to EXPIRE_BATCH cards whose last day is over in their programme's time zone; how many there were."""
    late = Card.objects.select_related("programme").filter(expires_on__lt=(now + EASTERNMOST).date()).exclude(status__in=queries.FINAL)
    found = list(late.order_by("expires_on", "pk").select_for_update(of=("self",), no_key=True, skip_locked=True)[:EXPIRE_BATCH])
    expired = [card for card in found if card.is_past_expiry(now.astimezone(ZoneInfo(card.programme.timezone)).date())]
    for card in expired:
        move(card, CardStatus.EXPIRED, event="card.expired", reason=EXPIRED, hand=Hand.PROGRAMME, note="", by=by, now=now,
             status_reason=EXPIRED, **THAWED)
    return len(expired)


def end(card: Card, *, reason: str, note: str = "", by: Actor, now: datetime) -> None:
    """Move a taken card to TERMINATED. Raises: IllegalMove."""
    move(card, CardStatus.TERMINATED, event="card.terminated", reason=reason, hand=hand_of(by, card, reason), note=note, by=by, now=now,
         status_reason=reason, **THAWED)


def own_hand(by: Actor) -> Hand:
    """The hand that an actor lifts with; the issuer's own is reached by four eyes alone."""
    return {"cardholder": Hand.CARDHOLDER, "api_key": Hand.PARTNER}.get(by.kind, Hand.PROGRAMME)


def refuse_higher_hand(card: Card, by: Actor) -> None:
    """Raises FrozenByHigherHand where a higher hand than this actor's holds the card frozen."""
    if card.frozen_by and not own_hand(by).outranks_or_equals(card.frozen_by):
        raise FrozenByHigherHand(hand=card.frozen_by)


def _freeze_over(card: Card, hand: Hand, reason: str, note: str, by: Actor, now: datetime) -> None:
    if Hand(card.frozen_by).outranks_or_equals(hand):
        raise IllegalMove(noun="card", status="frozen", target="frozen")
    _hold(card, hand, reason, now)
    note_move(card, CardStatus.FROZEN, event="card.frozen", reason=reason, hand=hand, note=note, by=by, now=now)


def _lift(card: Card, hand: Hand, reason: str, note: str, by: Actor, now: datetime) -> Card:
    below = _freeze_below(card)
    if below is None:
        move(card, card.frozen_from or CardStatus.ACTIVE, event="card.unfrozen", reason=reason, hand=hand, note=note, by=by, now=now,
             status_reason="", **THAWED)
    else:
        _hold(card, Hand(below.hand), below.reason, now)
        note_move(card, CardStatus.FROZEN, event="card.frozen", reason=below.reason, hand=below.hand, note=note, by=by, now=now)
    return queries.card_for(by, card.pk)


def _freeze_below(card: Card) -> CardTransition | None:
    """The freeze of a lower hand that this one was laid over, if any."""
    for row in CardTransition.objects.filter(card=card).order_by("-pk")[:20]:
        if row.to_status != CardStatus.FROZEN:
            return None
        if list(Hand).index(Hand(row.hand)) < list(Hand).index(Hand(card.frozen_by)):
            return row
        if row.from_status != CardStatus.FROZEN:
            return None
    return None


def _hold(card: Card, hand: Hand, reason: str, now: datetime) -> None:
    """Another hand on a card that stays FROZEN: compare-and-swap on the hand that was seen."""
    held = Card.objects.filter(pk=card.pk, status=CardStatus.FROZEN, frozen_by=card.frozen_by)
    if not held.update(frozen_by=hand, status_reason=reason, updated_at=now):
        raise StaleState(noun="card")
    card.frozen_by, card.status_reason, card.updated_at = hand, reason, now


def _end_predecessor(old_id: UUID, by: Actor, now: datetime) -> None:
    old = take(old_id, by)
    if old.status not in queries.FINAL:
        end(old, reason=REPLACED, by=by, now=now)


def _what_is_frozen(payload: Payload) -> Payload:
    card = Card.objects.filter(pk=payload["card"]).first()
    return {"status": str(card.status), "frozen_by": card.frozen_by, "status_reason": card.status_reason} if card else {}


@four_eyes("cards.unfreeze_issuer", permission="cards.approve", evidence=_what_is_frozen)
def _unfreeze_approved(*, payload: Payload, by: Actor, now: datetime) -> Card:
    return _lift(take(UUID(payload["card"]), by), Hand.ISSUER, "", payload["note"], by, now)
