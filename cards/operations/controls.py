"""Spend controls of a card, cardholder, account or programme: versioned, one in force."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cardholders.models import Cardholder
from cards import controls, queries
from cards.models import Card, OwnerKind, SpendControl
from cards.operations.moves import take, tell
from issuing_portal.core.actors import Actor
from issuing_portal.core.clock import to_wire
from issuing_portal.core.errors import DomainError, NotFound
from issuing_portal.core.ids import public_id
from issuing_portal.core.operations import operation
from issuing_portal.events import operations as events
from issuing_portal.ledger import queries as ledger
from issuing_portal.ledger.models import Account
from issuing_portal.partners.models import Programme
from issuing_portal.staff.models import Proposal
from issuing_portal.staff.proposals import Payload, four_eyes, propose


class NeedsFourEyes(DomainError):
    code, status, title = "four_eyes_needed", 409, "This loosens the controls ({how}); it must be proposed, and approved by a second person."


class NothingLoosened(DomainError):
    code, status, title = "nothing_loosened", 409, "This loosens nothing; it needs no second person."


@dataclass(frozen=True)
class Owner:
    """Whose controls: a row of one of four kinds, and its programme."""

    kind: OwnerKind
    row: Card | Cardholder | Account | Programme
    programme: Programme


@operation
def set_card_controls(*, card_id: UUID, spec: Any, note: str = "", by: Actor, now: datetime) -> SpendControl:
    """A new version of a card's controls, in force at once. Staff who would loosen them propose it: propose_card_controls.

    Raises: NotFound, PermissionRefused, InvalidInput, NeedsFourEyes.
    """
    card = take(card_id, by)
    by.require("cards.controls", card.programme_id)
    new = controls.parse_controls(spec, timezone=card.programme.timezone)
    looser = controls.loosened(queries.spec_of(card.pk, card.programme), new)
    if looser and by.kind == "staff":
        raise NeedsFourEyes(how="; ".join(looser))
    return _set_on_card(card, new, note, by, now)


@operation
def propose_card_controls(*, card_id: UUID, spec: Any, note: str, by: Actor, now: datetime) -> Proposal:
    """Ask a second person to let a card's controls be loosened.

    Raises: NotFound, PermissionRefused, InvalidInput, StaffOnly, NothingLoosened.
    """
    card = take(card_id, by)
    by.require("cards.controls", card.programme_id)
    new = controls.parse_controls(spec, timezone=card.programme.timezone)
    looser = controls.loosened(queries.spec_of(card.pk, card.programme), new)
    if not looser:
        raise NothingLoosened
    return propose(verb="cards.loosen_card_controls", subject=card, summary=f"Loosen the controls of card {card.masked}: {'; '.join(looser)}",
                   payload={"card": str(card.pk), "spec": new, "note": note}, reason=note, by=by, now=now)


def _set_on_card(card: Card, spec: Any, note: str, by: Actor, now: datetime) -> SpendControl:
    made = write_version(Owner(OwnerKind.CARD, card, card.programme), spec, by, now)
    tell("card.controls_changed", card, by=by, at=now, reason=note)
    return made


@operation
def set_account_controls(*, account_id: UUID, spec: Any, by: Actor, now: datetime) -> SpendControl:
    """The same for an account: its cards' taps count together. Raises: NotFound, PermissionRefused, InvalidInput."""
    account = ledger.account_for(by, account_id)
    by.require("cards.controls", account.programme_id)
    return _told(write_version(Owner(OwnerKind.ACCOUNT, account, account.programme), spec, by, now), by, now)


@operation
def set_cardholder_controls(*, cardholder_id: UUID, spec: Any, by: Actor, now: datetime) -> SpendControl:
    """The same for a cardholder: all their cards' taps count together. Raises: NotFound, PermissionRefused, InvalidInput."""
    cardholder = queries.cardholder_for(by, cardholder_id)
    by.require("cards.controls", cardholder.programme_id)
    return _told(write_version(Owner(OwnerKind.CARDHOLDER, cardholder, cardholder.programme), spec, by, now), by, now)


@operation
def set_programme_controls(*, programme_id: UUID, spec: Any, note: str, by: Actor, now: datetime) -> SpendControl:
    """Tighten a programme's default controls. Staff who would loosen them propose it: propose_programme_controls.

    Raises: NotFound, PermissionRefused, InvalidInput, NeedsFourEyes.
    """
    programme = _programme(programme_id)
    by.require("cards.controls", programme.pk)
    new = controls.parse_controls(spec, timezone=programme.timezone)
    looser = controls.loosened(queries.spec_of(programme.pk, programme), new)
    if looser and by.kind == "staff":
        raise NeedsFourEyes(how="; ".join(looser))
    made = write_version(Owner(OwnerKind.PROGRAMME, programme, programme), new, by, now)
    events.record("programme.updated", subject=programme, by=by, at=now, reason=note, internal={"controls_version": made.version})
    return made


@operation
def propose_programme_controls(*, programme_id: UUID, spec: Any, note: str, by: Actor, now: datetime) -> Proposal:
    """Ask a second person to let a programme's controls be loosened.

    Raises: NotFound, PermissionRefused, InvalidInput, StaffOnly, NothingLoosened.
    """
    programme = _programme(programme_id)
    by.require("cards.controls", programme.pk)
    new = controls.parse_controls(spec, timezone=programme.timezone)
    looser = controls.loosened(queries.spec_of(programme.pk, programme), new)
    if not looser:
        raise NothingLoosened
    return propose(verb="cards.loosen_controls", subject=programme, summary=f"Loosen the controls of {programme.name}: {'; '.join(looser)}",
                   payload={"programme": str(programme.pk), "spec": new, "note": note}, reason=note, by=by, now=now)


def write_version(owner: Owner, spec: Any, by: Actor, now: datetime) -> SpendControl:
    """Close the version in force and write the next. Raises: InvalidInput."""
    parsed = controls.parse_controls(spec, timezone=owner.programme.timezone)
    last = SpendControl.objects.select_for_update().filter(owner_id=owner.row.pk).order_by("-version").first()
    SpendControl.objects.filter(owner_id=owner.row.pk, active_to=None).update(active_to=now, updated_at=now)
    return SpendControl.objects.create(
        partner_id=owner.row.partner_id, livemode=owner.row.livemode, owner_kind=owner.kind, owner_id=owner.row.pk,
        version=last.version + 1 if last else 1, spec=parsed, active_from=now, created_at=now, updated_at=now)


def _told(made: SpendControl, by: Actor, now: datetime) -> SpendControl:
    owner = public_id(made.owner_kind, made.owner_id)
    events.record("spend_control.created", subject=made, by=by, at=now, data={
        "id": made.public_id, "object": made.noun, "livemode": made.livemode, "created_at": to_wire(now), "updated_at": to_wire(now),
        "owner": owner, "version": made.version, "controls": made.spec})
    return made


def _programme(programme_id: UUID) -> Programme:
    # The row is taken, so that two editors at once write two versions one after the other.
    found = Programme.objects.select_for_update(no_key=True).filter(pk=programme_id).first()
    if found is None:
        raise NotFound("programme")
    return found


def _version_in_force(payload: Payload) -> Payload:
    found = queries.controls_in_force(UUID(payload.get("card") or payload["programme"]))
    return {"controls_version": found.version if found else 0}


@four_eyes("cards.loosen_controls", permission="programmes.approve", evidence=_version_in_force)
def _loosen_approved(*, payload: Payload, by: Actor, now: datetime) -> SpendControl:
    programme = _programme(UUID(payload["programme"]))
    made = write_version(Owner(OwnerKind.PROGRAMME, programme, programme), payload["spec"], by, now)
    events.record("programme.updated", subject=programme, by=by, at=now, reason=payload["note"], internal={"controls_version": made.version})
    return made


@four_eyes("cards.loosen_card_controls", permission="cards.approve", evidence=_version_in_force)
def _loosen_card_approved(*, payload: Payload, by: Actor, now: datetime) -> SpendControl:
    return _set_on_card(take(UUID(payload["card"]), by), payload["spec"], payload["note"], by, now)
