"""Processor connections: one secret each, sealed at rest, with an overlap while it is rotated."""

from datetime import datetime, timedelta
from uuid import UUID

from issuing_portal.core.actors import Actor
from issuing_portal.core.crypto import encrypt_text
from issuing_portal.core.errors import DomainError, InvalidInput, NotFound
from issuing_portal.core.ids import new_id
from issuing_portal.core.operations import operation
from issuing_portal.core.signing import new_secret
from issuing_portal.events.operations import record
from issuing_portal.partners.models import Partner, ProcessorConnection
from issuing_portal.partners.operations.four_eyes import refuse_staff_alone
from issuing_portal.partners.operations.rights import require_for_partner

OVERLAP_MAX = timedelta(days=7)


class ConnectionClosed(DomainError):
    code, status, title = "connection_closed", 409, "The processor connection is closed."


@operation
def create_processor_connection(*, partner_id: UUID, livemode: bool, name: str, reason: str = "", by: Actor,
                                now: datetime) -> tuple[ProcessorConnection, str]:
    """The connection and its plain `whsec_…` secret, which is shown this once.

    Raises: NotFound (partner), FourEyesNeeded (staff propose it), InvalidInput.
    """
    refuse_staff_alone(by, "A new processor connection")
    return make_connection(partner_id=partner_id, livemode=livemode, name=name, reason=reason, by=by, now=now)


def make_connection(*, partner_id: UUID, livemode: bool, name: str, reason: str = "", by: Actor, now: datetime) -> tuple[ProcessorConnection, str]:
    """The work of create_processor_connection, for whoever has the right, or had it approved."""
    if not Partner.objects.filter(pk=partner_id).exists():
        raise NotFound("partner")
    check_name(name)
    secret, made = new_secret(), new_id()
    connection = ProcessorConnection.objects.create(
        id=made, partner_id=partner_id, livemode=livemode, name=name.strip(), secret_sealed=encrypt_text(secret, bound_to=str(made).encode()),
        created_at=now, updated_at=now)
    record("processor_connection.created", subject=connection, by=by, at=now, reason=reason, data={"name": connection.name})
    return connection, secret


@operation
def rotate_processor_secret(*, connection_id: UUID, overlap: timedelta, reason: str = "", by: Actor,
                            now: datetime) -> tuple[ProcessorConnection, str]:
    """A new secret at once; the old one is taken as well until `overlap` (0 to 7 days) has passed.

    Raises: NotFound, FourEyesNeeded (staff propose it), InvalidInput, ConnectionClosed.
    """
    refuse_staff_alone(by, "A rotation of a processor's secret")
    return replace_secret(connection_id=connection_id, overlap=overlap, reason=reason, by=by, now=now)


def replace_secret(*, connection_id: UUID, overlap: timedelta, reason: str = "", by: Actor, now: datetime) -> tuple[ProcessorConnection, str]:
    """The work of rotate_processor_secret, for whoever has the right, or had it approved."""
    connection = rotatable_connection(connection_id, overlap)
    secret = new_secret()
    connection.previous_secret_sealed = connection.secret_sealed if overlap else ""
    connection.previous_until = now + overlap if overlap else None
    connection.secret_sealed = encrypt_text(secret, bound_to=str(connection.id).encode())
    connection.updated_at = now
    connection.save(update_fields=["previous_secret_sealed", "previous_until", "secret_sealed", "updated_at"])
    record("processor_connection.rotated", subject=connection, by=by, at=now, reason=reason,
           data={"name": connection.name, "overlap_seconds": int(overlap.total_seconds())})
    return connection, secret


@operation
def close_connection(*, connection_id: UUID, reason: str, by: Actor, now: datetime) -> ProcessorConnection:
    """Nothing signed for this connection is heard any more.

    Raises: NotFound, PermissionRefused, ConnectionClosed.
    """
    connection = _open(connection_id)
    require_for_partner(by, "connections.rotate", connection.partner_id)
    connection.active, connection.updated_at = False, now
    connection.save(update_fields=["active", "updated_at"])
    record("processor_connection.closed", subject=connection, by=by, at=now, reason=reason, data={"name": connection.name})
    return connection


def check_name(name: str) -> None:
    """Raises InvalidInput where this is no name of a connection."""
    if not 1 <= len(name.strip()) <= 120:
        raise InvalidInput(("name", "length", "A connection's name has 1 to 120 characters."))


def rotatable_connection(connection_id: UUID, overlap: timedelta) -> ProcessorConnection:
    """The connection, locked, if its secret can be rotated with this overlap. Raises: NotFound, InvalidInput, ConnectionClosed."""
    if not timedelta(0) <= overlap <= OVERLAP_MAX:
        raise InvalidInput(("overlap_seconds", "invalid", "The overlap is 0 to 604800 seconds."))
    return _open(connection_id)


def _open(connection_id: UUID) -> ProcessorConnection:
    connection = ProcessorConnection.objects.select_for_update().filter(pk=connection_id).first()
    if connection is None:
        raise NotFound("processor connection")
    if not connection.active:
        raise ConnectionClosed
    return connection
