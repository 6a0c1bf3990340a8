"""Reversal by the network, release by staff or partner: a hold ends, once, and its allowance comes back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from authorisations import queries, wire
from authorisations.messages import HOLDING_KINDS, Reversal
from authorisations.models import OPEN_STATUSES, Authorisation, AuthorisationMessage, AuthorisationStatus, NetworkReference
from authorisations.operations.booked import adjust_windows, answered_before, keep, original
from authorisations.operations.taps import Line
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError
from issuing_portal.core.ids import new_id, public_id
from issuing_portal.core.money import Money
from issuing_portal.core.operations import operation
from issuing_portal.events import operations as events
from issuing_portal.ledger import operations as ledger
from issuing_portal.staff import proposals


class NothingHeld(DomainError):
    code, status, title = "nothing_held", 409, "The authorisation is {status} and holds nothing that could be released."


class SecondPersonNeeded(DomainError):
    code, status, title = "four_eyes_needed", 403, "A hold of this size is released by two people: propose it."


@operation
def reverse(*, told: Reversal, line: Line, by: Actor, now: datetime) -> dict[str, Any]:
    """Take back `amount` of a hold, or the whole of it. An authorisation that has not come yet is declined when it comes.

    Returns {result: booked | replayed | queued_for_reconciliation, authorisation, released_amount}.
    Raises: ReferenceReused.
    """
    before = answered_before(told, "reversal", line, now)
    if before:
        return before
    found = original(told, line)
    if found is None:
        return _wait_for_it(told, line, now)
    released = min(told.amount or found.held_minor, found.held_minor)
    settled = found.status not in OPEN_STATUSES and found.status != AuthorisationStatus.DECLINED
    answer = {"result": "queued_for_reconciliation" if settled and not released else "booked",
              "authorisation": public_id("authorisation", found.id), "released_amount": released}
    keep(told, "reversal", line, authorisation_id=found.id, answer=answer, evaluation={"status": found.status, "held": found.held_minor}, now=now)
    if released:
        give_back(found, released, reason="reversed", by=by, now=now)
    return answer


SECOND_PERSON_ABOVE = 100_000
"""Minor units: a member of staff releases a hold up to this alone; above it a second person approves (DESIGN §8)."""


def needs_second_person(found: Authorisation) -> bool:
    """Whether a release by staff is proposed and approved by two."""
    return found.held_minor > SECOND_PERSON_ABOVE


@operation
def release_hold(*, authorisation_id: UUID, partner_id: UUID, livemode: bool, reason: str, by: Actor, now: datetime) -> Authorisation:
    """End the hold of an open authorisation without the network's word; the network may still clear it.

    Raises: NotFound, NothingHeld, SecondPersonNeeded (staff, above SECOND_PERSON_ABOVE).
    """
    found = _to_release(authorisation_id, partner_id, livemode, by)
    if by.kind == "staff" and needs_second_person(found):
        raise SecondPersonNeeded
    return _end_hold(found, reason=reason, by=by, now=now)


@operation
def propose_release(*, authorisation_id: UUID, partner_id: UUID, livemode: bool, reason: str, by: Actor, now: datetime) -> proposals.Proposal:
    """Put the release of a large hold before a second person. Raises: NotFound, NothingHeld."""
    found = _to_release(authorisation_id, partner_id, livemode, by)
    if not found.held_minor:
        raise NothingHeld(status=found.status.lower())
    held = Money(found.held_minor, found.currency).format()
    payload = {"authorisation": str(found.pk), "held_minor": found.held_minor, "reason": reason}
    return proposals.propose(verb="authorisations.release", subject=found, summary=f"Release the hold of {held} at {found.merchant_name}",
                             payload=payload, reason=reason, by=by, now=now)


def _evidence(payload: dict[str, Any]) -> dict[str, Any]:
    found = Authorisation.objects.get(pk=payload["authorisation"])
    return {"status": found.status, "held_minor": found.held_minor}


@proposals.four_eyes("authorisations.release", permission="authorisations.approve", evidence=_evidence)
def _release_approved(*, payload: dict[str, Any], by: Actor, now: datetime) -> Authorisation:
    found = Authorisation.objects.select_for_update().get(pk=payload["authorisation"])
    return _end_hold(found, reason=payload["reason"], by=by, now=now)


def _to_release(authorisation_id: UUID, partner_id: UUID, livemode: bool, by: Actor) -> Authorisation:
    found = queries.authorisation(partner_id, livemode, authorisation_id)
    by.require("authorisations.release", found.programme_id)
    return Authorisation.objects.select_for_update().get(pk=found.pk)


def _end_hold(found: Authorisation, *, reason: str, by: Actor, now: datetime) -> Authorisation:
    if found.status not in OPEN_STATUSES or not found.held_minor:
        raise NothingHeld(status=found.status.lower())
    released = found.held_minor
    AuthorisationMessage.objects.create(
        id=new_id(), partner_id=found.partner_id, livemode=found.livemode, authorisation_id=found.id, connection_id=found.connection_id, kind="release",
        network_reference=found.network_reference, original_network_reference=found.network_reference, amount_minor=released, currency=found.currency,
        payload={"reason": reason}, answer={"result": "booked", "released_amount": released}, received_at=now)
    give_back(found, released, reason="released", by=by, now=now)
    return found


def give_back(found: Authorisation, released: int, *, reason: str, by: Actor, now: datetime) -> None:
    """End `released` of a locked authorisation's hold, and with the last of it the authorisation."""
    left = found.held_minor - released
    windows = adjust_windows(found, by_minor=-released, whole=left == 0 and found.cleared_minor == 0)
    target = AuthorisationStatus.CLEARED if found.cleared_minor else AuthorisationStatus.REVERSED
    if left:
        Authorisation.objects.filter(pk=found.pk).update(held_minor=left, windows=windows, updated_at=now)
        found.held_minor, found.windows, found.updated_at = left, windows, now
    else:
        found.move_to(target, now=now, held_minor=0, windows=windows, reason=reason if target == AuthorisationStatus.REVERSED else found.reason)
    assert found.account_id, "what holds has an account"
    ledger.release_hold(account_id=found.account_id, amount_minor=released, by=by, now=now)
    messages = queries.messages_of([found.id])[found.id]
    events.record("authorisation.reversed", subject=found, by=by, at=now, data=wire.shown(found, messages), reason=reason)


def _wait_for_it(told: Reversal, line: Line, now: datetime) -> dict[str, Any]:
    """Kept, and wins: a tombstone stands where the authorisation's own reference row would, and the unique index decides."""
    answer = {"result": "queued_for_reconciliation", "authorisation": None, "released_amount": 0}
    message = keep(told, "reversal", line, authorisation_id=None, answer=answer, evaluation={"orphan": True}, now=now)
    NetworkReference.objects.bulk_create([
        NetworkReference(connection_id=line.id, kind=kind, network_reference=told.original_network_reference, fingerprint=b"", message_id=message.id,
                         answer={"tombstone": True}) for kind in HOLDING_KINDS])
    return answer
