"""Expiry: a hold that nobody ended ends by the network's word, or by its day (`expire_due`, rung by beat each minute).

Both take the authorisation's row lock, as a clearing does: whoever is second finds what the first left.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError

from authorisations import queries, wire
from authorisations.messages import Expiry
from authorisations.models import OPEN_STATUSES, Authorisation, AuthorisationMessage, AuthorisationStatus
from authorisations.operations.booked import adjust_windows, answered_before, keep, original
from authorisations.operations.taps import Line
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError
from issuing_portal.core.ids import new_id, public_id
from issuing_portal.core.operations import operation
from issuing_portal.events import operations as events
from issuing_portal.ledger import operations as ledger

EXPIRE_BATCH = 500
log = structlog.get_logger(__name__)


@operation
def expire(*, told: Expiry, line: Line, by: Actor, now: datetime) -> dict[str, Any]:
    """End `amount` of a hold, or the whole of it, because the network let it lapse. One that has ended already stays as it is.

    Returns {result: booked | replayed | queued_for_reconciliation, authorisation, released_amount}. Raises: ReferenceReused.
    """
    before = answered_before(told, "expiry", line, now)
    if before:
        return before
    found = original(told, line)
    released = min(told.amount or found.held_minor, found.held_minor) if found else 0
    answer = {"result": "booked" if found else "queued_for_reconciliation",
              "authorisation": public_id("authorisation", found.id) if found else None, "released_amount": released}
    evaluation = {"status": found.status, "held": found.held_minor} if found else {"orphan": True}
    keep(told, "expiry", line, authorisation_id=found.id if found else None, answer=answer, evaluation=evaluation, now=now)
    if found and released:
        _lapse(found, released, by=by, now=now)
    return answer


def expire_due(*, by: Actor, now: datetime) -> int:
    """End up to EXPIRE_BATCH holds whose day is over, each in a transaction of its own; how many were due.

    No @operation: one transaction over many accounts would lock them out of order. A row that someone holds is
    passed over: a clearing is at it, or another sweep. One that cannot be ended is logged, and stops no other.
    """
    due = list(Authorisation.objects.filter(status__in=OPEN_STATUSES, hold_expires_at__lte=now)
               .order_by("hold_expires_at").values_list("id", flat=True)[:EXPIRE_BATCH])
    for authorisation_id in due:
        try:
            _expire_one(authorisation_id=authorisation_id, by=by, now=now)
        except (DomainError, DatabaseError) as error:
            log.error("hold_not_ended", authorisation=public_id("authorisation", authorisation_id), exc_info=error)
    return len(due)


@operation
def _expire_one(*, authorisation_id: UUID, by: Actor, now: datetime) -> None:
    found = Authorisation.objects.select_for_update(skip_locked=True).filter(
        pk=authorisation_id, status__in=OPEN_STATUSES, hold_expires_at__lte=now, held_minor__gt=0).first()
    if found is None:
        return
    released = found.held_minor
    AuthorisationMessage.objects.create(
        id=new_id(), partner_id=found.partner_id, livemode=found.livemode, authorisation_id=found.id, connection_id=found.connection_id, kind="sweep",
        network_reference=found.network_reference, original_network_reference=found.network_reference, amount_minor=released, currency=found.currency,
        payload={}, answer={"result": "booked", "released_amount": released}, evaluation={"hold_expires_at": str(found.hold_expires_at)}, received_at=now)
    _lapse(found, released, by=by, now=now)


def _lapse(found: Authorisation, released: int, *, by: Actor, now: datetime) -> None:
    """Give `released` of a locked authorisation back: windows first, the account row last, as taps take them."""
    left = found.held_minor - released
    windows = adjust_windows(found, by_minor=-released, whole=left == 0 and found.cleared_minor == 0)
    if left:
        Authorisation.objects.filter(pk=found.pk).update(held_minor=left, windows=windows, updated_at=now)
        found.held_minor, found.windows, found.updated_at = left, windows, now
    else:
        found.move_to(AuthorisationStatus.EXPIRED, now=now, held_minor=0, windows=windows)
    messages = queries.messages_of([found.id])[found.id]
    events.record("authorisation.expired", subject=found, by=by, at=now, data=wire.shown(found, messages))
    assert found.account_id, "what holds has an account"
    ledger.release_hold(account_id=found.account_id, amount_minor=released, by=by, now=now)
