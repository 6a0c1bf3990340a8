"""Keys and processor secrets by staff: one person proposes, another approves and is shown the secret, once. Stopping takes one person."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import NotFound
from issuing_portal.core.operations import operation
from issuing_portal.partners.models import ApiKey, Partner, ProcessorConnection, Programme
from issuing_portal.partners.operations import connections, keys
from issuing_portal.partners.operations.keys import KeySpec
from issuing_portal.partners.operations.rights import require_for_partner
from issuing_portal.staff.models import Proposal
from issuing_portal.staff.proposals import Payload, ShownOnce, four_eyes, propose

CHECKER = "partners.approve"
HAND_OVER = "Pass it on by a safe way, not through the person who proposed it. What is kept of it opens nothing by itself."


@operation
def propose_api_key(*, partner_id: UUID, livemode: bool, spec: KeySpec, reason: str, by: Actor, now: datetime) -> Proposal:
    """Propose issue_api_key. Raises: NotFound (partner), PermissionRefused, InvalidInput."""
    partner = _partner(partner_id)
    require_for_partner(by, "api_keys.create", partner.pk)
    keys.check_spec(spec, now)
    return propose(verb="api_keys.create", subject=partner, summary=f"A new {_mode(livemode)} API key “{spec.name.strip()}” for {partner.name}",
                   payload={"partner": str(partner.pk), "livemode": livemode, **_spec_as_payload(spec)}, reason=reason, by=by, now=now)


@operation
def propose_api_key_rotation(*, key_id: UUID, overlap: timedelta, reason: str, by: Actor, now: datetime) -> Proposal:
    """Propose rotate_api_key. Raises: NotFound, PermissionRefused, InvalidInput, KeyNotInForce, KeyAlreadyRotated."""
    key = keys.rotatable(key_id, overlap, now)
    require_for_partner(by, "api_keys.rotate", key.partner_id)
    summary = f"Rotate the {_mode(key.livemode)} API key “{key.name}” (…{key.last4}) of {key.partner.name}"
    return propose(verb="api_keys.rotate", subject=key, summary=summary, reason=reason, by=by, now=now,
                   payload={"partner": str(key.partner_id), "api_key": str(key.pk), "overlap_seconds": int(overlap.total_seconds())})


@operation
def propose_processor_connection(*, partner_id: UUID, livemode: bool, name: str, reason: str, by: Actor, now: datetime) -> Proposal:
    """Propose create_processor_connection. Raises: NotFound (partner), PermissionRefused, InvalidInput."""
    partner = _partner(partner_id)
    require_for_partner(by, "connections.create", partner.pk)
    connections.check_name(name)
    return propose(verb="connections.create", subject=partner, reason=reason, by=by, now=now,
                   summary=f"A new {_mode(livemode)} processor connection “{name.strip()}” for {partner.name}",
                   payload={"partner": str(partner.pk), "livemode": livemode, "name": name.strip()})


@operation
def propose_secret_rotation(*, connection_id: UUID, overlap: timedelta, reason: str, by: Actor, now: datetime) -> Proposal:
    """Propose rotate_processor_secret. Raises: NotFound, PermissionRefused, InvalidInput, ConnectionClosed."""
    connection = connections.rotatable_connection(connection_id, overlap)
    require_for_partner(by, "connections.rotate", connection.partner_id)
    summary = f"Rotate the secret of the {_mode(connection.livemode)} processor connection “{connection.name}” of {connection.partner.name}"
    return propose(verb="connections.rotate", subject=connection, summary=summary, reason=reason, by=by, now=now, payload={
        "partner": str(connection.partner_id), "connection": str(connection.pk), "overlap_seconds": int(overlap.total_seconds())})


def _reach(payload: Payload) -> Sequence[UUID]:
    """A key or a connection reaches every programme of its partner, so the checker's right must too."""
    return list(Programme.objects.filter(partner_id=payload["partner"]).values_list("pk", flat=True))


def _partner_state(payload: Payload) -> Payload:
    return {"partner_status": str(_partner(UUID(payload["partner"])).status)}


def _key_state(payload: Payload) -> Payload:
    key = ApiKey.objects.get(pk=payload["api_key"])
    return _partner_state(payload) | {
        "key_revoked": key.revoked_at is not None, "key_rotated": ApiKey.objects.filter(replaces=key).exists(),
        "key_expires": key.expires_at.isoformat() if key.expires_at else None}


def _connection_state(payload: Payload) -> Payload:
    """`updated_at` moves with every rotation, and with none of the key-encryption key's."""
    connection = ProcessorConnection.objects.get(pk=payload["connection"])
    return _partner_state(payload) | {"connection_active": connection.active, "connection_changed": connection.updated_at.isoformat()}


@four_eyes("api_keys.create", permission=CHECKER, evidence=_partner_state, reach=_reach)
def _create_key(*, payload: Payload, by: Actor, now: datetime) -> ShownOnce:
    key, token = keys.make_key(
        partner_id=UUID(payload["partner"]), livemode=payload["livemode"], spec=_spec_of(payload), by=by, now=now)
    return ShownOnce(f"The new {_mode(key.livemode)} key “{key.name}” of {key.partner.name}", HAND_OVER, token)


@four_eyes("api_keys.rotate", permission=CHECKER, evidence=_key_state, reach=_reach)
def _rotate_key(*, payload: Payload, by: Actor, now: datetime) -> ShownOnce:
    key, token = keys.replace_key(key_id=UUID(payload["api_key"]), overlap=_overlap(payload), by=by, now=now)
    return ShownOnce(f"The new secret of the {_mode(key.livemode)} key “{key.name}” of {key.partner.name}", HAND_OVER, token)


@four_eyes("connections.create", permission=CHECKER, evidence=_partner_state, reach=_reach)
def _create_connection(*, payload: Payload, by: Actor, now: datetime) -> ShownOnce:
    connection, secret = connections.make_connection(
        partner_id=UUID(payload["partner"]), livemode=payload["livemode"], name=payload["name"], by=by, now=now)
    return ShownOnce(f"The secret of the processor connection “{connection.name}”", HAND_OVER, secret)


@four_eyes("connections.rotate", permission=CHECKER, evidence=_connection_state, reach=_reach)
def _rotate_secret(*, payload: Payload, by: Actor, now: datetime) -> ShownOnce:
    connection, secret = connections.replace_secret(connection_id=UUID(payload["connection"]), overlap=_overlap(payload), by=by, now=now)
    return ShownOnce(f"The new secret of the processor connection “{connection.name}”", HAND_OVER, secret)


def _spec_as_payload(spec: KeySpec) -> Payload:
    return {"name": spec.name.strip(), "scopes": list(spec.scopes), "allowed_networks": list(spec.allowed_networks),
            "expires_at": spec.expires_at.isoformat() if spec.expires_at else None, "rate_per_second": spec.rate_per_second}


def _spec_of(payload: Payload) -> KeySpec:
    return KeySpec(name=payload["name"], scopes=tuple(payload["scopes"]), allowed_networks=tuple(payload["allowed_networks"]),
                   expires_at=datetime.fromisoformat(payload["expires_at"]) if payload["expires_at"] else None,
                   rate_per_second=payload["rate_per_second"])


def _overlap(payload: Payload) -> timedelta:
    return timedelta(seconds=payload["overlap_seconds"])


def _mode(livemode: bool) -> str:
    return "live" if livemode else "test"


def _partner(partner_id: UUID) -> Partner:
    partner = Partner.objects.filter(pk=partner_id).first()
    if partner is None:
        raise NotFound("partner")
    return partner
