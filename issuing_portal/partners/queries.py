"""Reads of partners, programmes, keys and connections. Every partner-facing read takes partner and mode first."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from issuing_portal.core.clock import to_wire
from issuing_portal.core.crypto import decrypt_text
from issuing_portal.core.errors import NotFound
from issuing_portal.partners.models import ApiKey, Partner, PartnerStatus, ProcessorConnection, Programme

LOOKUP_RANDOM, SECRET_LENGTH = 12, 32
LOOKUP_LENGTH = len("ip_test_") + LOOKUP_RANDOM
TOKEN = re.compile(rf"^ip_(?:test|live)_[0-9A-Za-z]{{{LOOKUP_RANDOM + SECRET_LENGTH}}}\Z")


def key_in_force(token: str, *, now: datetime) -> ApiKey | None:
    """The API key that `token` is, when it is genuine, of an active partner, not revoked and not expired."""
    key = ApiKey.objects.select_related("partner", "replaced_by").filter(lookup=token[:LOOKUP_LENGTH]).first() if TOKEN.match(token) else None
    genuine = hmac.compare_digest(bytes(key.secret_hash) if key else b"\0" * 32, hashlib.sha256(token.encode("utf-8", "replace")).digest())
    if key is None or not genuine or key.partner.status != PartnerStatus.ACTIVE:
        return None
    return key if key_status(key, now=now) in ("active", "rotating") else None


def key_status(key: ApiKey, *, now: datetime) -> str:
    """`active`, `rotating` (rotated; still in its overlap), `expired` or `revoked`."""
    if key.revoked_at and key.revoked_at <= now:
        return "revoked"
    if key.expires_at and key.expires_at <= now:
        return "expired"
    return "rotating" if hasattr(key, "replaced_by") else "active"


def key_facts(key: ApiKey, *, now: datetime) -> dict[str, Any]:
    """A key as the API and its events show it: nothing that opens anything."""
    replacement = getattr(key, "replaced_by", None)
    return {
        "id": key.public_id, "object": "api_key", "livemode": key.livemode,
        "created_at": to_wire(key.created_at), "updated_at": to_wire(key.updated_at),
        "name": key.name, "last4": key.last4, "scopes": list(key.scopes), "allowed_networks": list(key.allowed_networks),
        "rate_per_second": key.rate_per_second, "status": key_status(key, now=now),
        "expires_at": to_wire(key.expires_at) if key.expires_at else None, "revoked_at": to_wire(key.revoked_at) if key.revoked_at else None,
        "last_used_at": to_wire(key.last_used_at) if key.last_used_at else None,
        "replaces": key.replaces.public_id if key.replaces else None, "replaced_by": replacement.public_id if replacement else None,
    }


def keys_of(partner_id: UUID, livemode: bool, **filters: Any) -> QuerySet[ApiKey]:
    """A partner's keys of one mode; `filters`: created_at_gte, created_at_lt."""
    rows = ApiKey.objects.filter(partner_id=partner_id, livemode=livemode).select_related("replaces", "replaced_by")
    for name, lookup in (("created_at_gte", "created_at__gte"), ("created_at_lt", "created_at__lt")):
        if filters.get(name) is not None:
            rows = rows.filter(**{lookup: filters[name]})
    return rows


def key_of(partner_id: UUID, livemode: bool, key_id: UUID) -> ApiKey:
    """One of the partner's keys. Raises: NotFound."""
    key = keys_of(partner_id, livemode).filter(pk=key_id).first()
    if key is None:
        raise NotFound("API key")
    return key


def programmes_of(partner_id: UUID, livemode: bool) -> QuerySet[Programme]:
    """A partner's programmes of one mode."""
    return Programme.objects.filter(partner_id=partner_id, livemode=livemode)


def programme_of(partner_id: UUID, livemode: bool, programme_id: UUID) -> Programme:
    """One of the partner's programmes. Raises: NotFound."""
    programme = programmes_of(partner_id, livemode).filter(pk=programme_id).first()
    if programme is None:
        raise NotFound("programme")
    return programme


def partners() -> QuerySet[Partner]:
    """Every partner (for staff of all programmes, and for operations)."""
    return Partner.objects.all()


def programmes_seen_by(programme_ids: set[UUID] | None) -> QuerySet[Programme]:
    """Programmes that staff may see: `programme_ids` from staff.queries.programmes_of (None: all)."""
    rows = Programme.objects.select_related("partner")
    return rows if programme_ids is None else rows.filter(pk__in=programme_ids)


def partners_seen_by(programme_ids: set[UUID] | None) -> QuerySet[Partner]:
    """Partners that own a programme which staff may see (None: all)."""
    rows = Partner.objects.all()
    return rows if programme_ids is None else rows.filter(pk__in=Programme.objects.filter(pk__in=programme_ids).values("partner_id"))


def partner_seen_by(programme_ids: set[UUID] | None, partner_id: UUID | None) -> Partner:
    """One partner that staff may see. Raises: NotFound."""
    partner = partners_seen_by(programme_ids).filter(pk=partner_id).first()
    if partner is None:
        raise NotFound("partner")
    return partner


def programme_seen_by(programme_ids: set[UUID] | None, programme_id: UUID | None) -> Programme:
    """One programme that staff may see. Raises: NotFound."""
    programme = programmes_seen_by(programme_ids).filter(pk=programme_id).first()
    if programme is None:
        raise NotFound("programme")
    return programme


def key_seen_by(programme_ids: set[UUID] | None, key_id: UUID | None) -> ApiKey:
    """One key of a partner that staff may see. Raises: NotFound."""
    rows = ApiKey.objects.select_related("partner", "replaces", "replaced_by")
    key = rows.filter(pk=key_id, partner__in=partners_seen_by(programme_ids)).first()
    if key is None:
        raise NotFound("API key")
    return key


def connection_seen_by(programme_ids: set[UUID] | None, connection_id: UUID | None) -> ProcessorConnection:
    """One connection of a partner that staff may see. Raises: NotFound."""
    rows = ProcessorConnection.objects.select_related("partner")
    connection = rows.filter(pk=connection_id, partner__in=partners_seen_by(programme_ids)).first()
    if connection is None:
        raise NotFound("processor connection")
    return connection


@dataclass(frozen=True)
class Connection:
    """A processor connection in force: whose it is, and the secrets that sign for it now (newest first)."""

    id: UUID
    partner_id: UUID
    livemode: bool
    secrets: tuple[str, ...]


def connection_in_force(connection_id: UUID, *, now: datetime) -> Connection | None:
    """The connection with its opened secrets; None when it is unknown or closed."""
    found = ProcessorConnection.objects.filter(pk=connection_id, active=True).first()
    if found is None:
        return None
    sealed = [found.secret_sealed]
    if found.previous_secret_sealed and found.previous_until and found.previous_until > now:
        sealed.append(found.previous_secret_sealed)
    opened = tuple(decrypt_text(one, bound_to=str(found.id).encode()) for one in sealed)
    return Connection(id=found.id, partner_id=found.partner_id, livemode=found.livemode, secrets=opened)


def connection_secrets(connection_id: UUID, now: datetime) -> list[str]:
    """The secrets in force of a connection, newest first; none when it is unknown or closed."""
    found = connection_in_force(connection_id, now=now)
    return list(found.secrets) if found else []


def every_key_of(partner: Partner) -> QuerySet[ApiKey]:
    """Keys of both modes, newest first, for staff."""
    return ApiKey.objects.filter(partner=partner).select_related("replaced_by").order_by("-pk")


def every_connection_of(partner: Partner) -> QuerySet[ProcessorConnection]:
    """Connections of both modes, newest first, for staff."""
    return ProcessorConnection.objects.filter(partner=partner).order_by("-pk")


def connections_of(partner_id: UUID, livemode: bool) -> QuerySet[ProcessorConnection]:
    """A partner's processor connections of one mode."""
    return ProcessorConnection.objects.filter(partner_id=partner_id, livemode=livemode)
