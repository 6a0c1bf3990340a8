"""replace_card: the two ways in which one card follows another (DESIGN §4, Replacement).

| reason | number | the old card | the new card |
|---|---|---|---|
| damaged, expired | the same, next sequence, later expiry (hence another CVV2) | works until the new one is activated, or runs out | INACTIVE |
| lost, stolen, not_received, compromised | a new one | TERMINATED at once | ACTIVE, or INACTIVE where the old one never was active |
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cardholders.models import Cardholder
from cards import queries, vault
from cards.models import SAME_PAN_REASONS, Card, CardStatus, OwnerKind, ReplacementReason
from cards.operations.controls import Owner, write_version
from cards.operations.issuing import NewCard, Plastic, last_day, make_card, month_end, refuse_ineligible
from cards.operations.lifecycle import end, own_hand, refuse_higher_hand
from cards.operations.moves import note_move, take, tell
from cards.reasons import CONFIDENTIAL
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError
from issuing_portal.core.operations import operation


class AlreadyReplaced(DomainError):
    code, status, title = "already_replaced", 409, "The card was replaced already."


class NotReplaceable(DomainError):
    code, status, title = "not_replaceable", 409, "A card that is {status} cannot be replaced for this reason."


@dataclass(frozen=True)
class Replaced:
    """The card that was, and the one that follows it."""

    old: Card
    new: Card


@operation
def replace_card(*, card_id: UUID, reason: str, note: str = "", by: Actor, now: datetime) -> Replaced:
    """Replace a card for one of ReplacementReason. Controls go along; external_id and metadata stay with the old card.

    Raises: NotFound, PermissionRefused, AlreadyReplaced, NotReplaceable, FrozenByHigherHand, CardholderNotEligible,
    ProgrammeNotActive, SequenceExhausted, BinExhausted.
    """
    old = take(card_id, by)
    by.require("cards.replace", old.programme_id)
    same_number = reason in SAME_PAN_REASONS
    _refuse(old, same_number, by)
    cardholder = queries.cardholder_for(by, old.cardholder_id)
    refuse_ineligible(old.programme, cardholder)
    was_used = old.activated_at is not None
    if not same_number and old.status not in queries.FINAL:
        end(old, reason=reason, note=note, by=by, now=now)
    new = _follow(old, cardholder, reason, same_number, activate=was_used and not same_number, by=by, now=now)
    tell("card.replaced", old, by=by, at=now, reason=note, internal={"reason": reason})
    return Replaced(queries.card_for(by, old.pk), new)


def _refuse(old: Card, same_number: bool, by: Actor) -> None:
    if queries.successor_of(old):
        raise AlreadyReplaced
    refuse_higher_hand(old, by)
    if old.status == CardStatus.TERMINATED and (same_number or old.status_reason in CONFIDENTIAL):
        raise NotReplaceable(status="terminated")


def _follow(old: Card, cardholder: Cardholder, reason: str, same_number: bool, *, activate: bool, by: Actor, now: datetime) -> Card:
    programme = old.programme
    expires_on = last_day(programme, now)
    if same_number:
        # A renewal within the month of issue would keep the expiry, and with it the CVV2: then one month more.
        expires_on = max(expires_on, month_end(old.expiry_year, old.expiry_month, 1))
        entry = vault.renew_number(old.vault_entry, expiry=vault.Expiry(expires_on.year, expires_on.month), now=now)
        plastic = Plastic(entry, old.last4, expires_on, old, reason)
    else:
        kept = vault.issue_number(bin=programme.bin, expiry=vault.Expiry(expires_on.year, expires_on.month), now=now)
        plastic = Plastic(kept.entry, kept.last4, expires_on, old, reason)
    wanted = NewCard(cardholder=cardholder.pk, account=old.account_id, form=old.form, type=old.type, activate=activate)
    new = make_card(wanted, cardholder, plastic, now)
    in_force = queries.controls_in_force(old.pk)
    if in_force:
        write_version(Owner(OwnerKind.CARD, new, programme), in_force.spec, by, now)
    note_move(new, "", event="card.issued", reason=ReplacementReason(reason), hand=own_hand(by), note="", by=by, now=now)
    return queries.card_for(by, new.pk)
