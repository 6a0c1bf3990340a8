"""What reversal, clearing and refund share: answered once by reference, the message kept, windows given back.

These tell of money that the network has moved: they are always booked, whatever the state of card or account.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction

from authorisations.messages import TAP_KINDS, Advice, Increment, Presentment, Reversal, as_stored, fingerprint
from authorisations.models import Authorisation, AuthorisationMessage, NetworkReference, SpendWindow
from authorisations.operations.taps import Line
from issuing_portal.core.errors import DomainError
from issuing_portal.core.ids import new_id

Told = Reversal | Increment | Advice | Presentment


class ReferenceReused(DomainError):
    """Another content under a known reference: recorded, shown, never booked."""

    code, status, title = "duplicate_mismatch", 409, "The network reference {reference} was used for another message."


def answered_before(told: Told, kind: str, line: Line, now: datetime) -> dict[str, Any] | None:
    """The stored answer, as `replayed`; None when the reference is new. Raises ReferenceReused.

    Takes the reference's advisory lock first: of two at once, the second waits and then finds the first's answer.
    """
    with connection.cursor() as cursor:
        # The tap's tight limits are for answers that are waited for; a booking may queue behind a busy account.
        cursor.execute("SELECT set_config('statement_timeout', '5000', true), set_config('lock_timeout', '4000', true)")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", [f"{line.id}:{kind}:{told.network_reference}"])
    known = NetworkReference.objects.filter(connection_id=line.id, kind=kind, network_reference=told.network_reference).first()
    if known is None:
        return None
    if bytes(known.fingerprint) != fingerprint(told):
        raise ReferenceReused(reference=told.network_reference)
    return known.answer | {"result": "replayed", "first_result": known.answer["result"]}


def original(told: Told, line: Line) -> Authorisation | None:
    """The authorisation that a message points at, locked; None when we never saw it."""
    if not told.original_network_reference:
        return None
    known = NetworkReference.objects.filter(
        connection_id=line.id, kind__in=TAP_KINDS, network_reference=told.original_network_reference, authorisation_id__isnull=False).first()
    return Authorisation.objects.select_for_update().get(pk=known.authorisation_id) if known else None


def keep(told: Told, kind: str, line: Line, *, authorisation_id: UUID | None, answer: dict[str, Any], evaluation: dict[str, Any],
         now: datetime) -> AuthorisationMessage:
    """Store the message as it came (without PAN) and its answer under its reference."""
    message = AuthorisationMessage.objects.create(
        id=new_id(), partner_id=line.partner_id, livemode=line.livemode, authorisation_id=authorisation_id, connection_id=line.id, kind=kind,
        network_reference=told.network_reference, original_network_reference=told.original_network_reference or "",
        amount_minor=told.amount, currency=told.currency or "", payload=as_stored(told), answer=answer, evaluation=evaluation, received_at=now)
    NetworkReference.objects.create(
        connection_id=line.id, kind=kind, network_reference=told.network_reference, fingerprint=fingerprint(told), message_id=message.id,
        original_reference=told.original_network_reference or "", authorisation_id=authorisation_id, answer=answer)
    return message


def keep_mismatch(told: Told, kind: str, line: Line, *, now: datetime) -> None:
    """The error row of another content under a known reference (its own transaction: the refusal rolls the verb back)."""
    known = NetworkReference.objects.get(connection_id=line.id, kind=kind, network_reference=told.network_reference)
    with transaction.atomic():
        AuthorisationMessage.objects.create(
            id=new_id(), partner_id=line.partner_id, livemode=line.livemode, authorisation_id=known.authorisation_id, connection_id=line.id,
            kind=kind, network_reference=told.network_reference, original_network_reference=told.original_network_reference or "",
            amount_minor=told.amount, currency=told.currency or "", payload=as_stored(told), answer={"result": "duplicate_mismatch"},
            evaluation={"mismatch": True}, received_at=now)


def adjust_windows(authorisation: Authorisation, *, by_minor: int, whole: bool) -> list[Any]:
    """Move what this authorisation counts for in its windows by `by_minor` (negative gives back); `whole` gives back the tap too.

    Returns the new `windows` column. Rows are updated in the order in which taps take them.
    """
    changed = []
    rest: dict[tuple[str, str], int] = {}
    for owner, key, starts_at, amount, count in _latest_first(authorisation.windows):
        # An increment may count in a later window of the same limit: what came last is given back first, and only once.
        moved, fewer = max(-amount, rest.get((owner, key), by_minor)), count if whole else 0
        rest[owner, key] = rest.get((owner, key), by_minor) - moved
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {SpendWindow._meta.db_table} SET spent_minor = spent_minor + %s, count = count - %s "
                "WHERE owner_id = %s AND limit_key = %s AND starts_at = %s",
                [moved, fewer, owner, key, msgspec.convert(starts_at, datetime)])
        changed.append([owner, key, starts_at, amount + moved, count - fewer])
    return changed


def _latest_first(windows: list[Any]) -> list[Any]:
    """By owner and limit, as taps take them, and within one limit the latest window first."""
    return sorted(sorted(windows, key=lambda row: row[2], reverse=True), key=lambda row: (row[0], row[1]))
