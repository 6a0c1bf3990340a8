"""`Authorization: Bearer ip_test_…`: which partner calls, in which mode, with which scopes."""

import ipaddress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from issuing_portal.core.actors import Actor
from issuing_portal.core.addresses import client_address
from issuing_portal.core.redaction import redact
from issuing_portal.partners import operations, queries
from issuing_portal.partners.models import ApiKey

ACTING_USER_MAX = 120


@dataclass(frozen=True, slots=True)
class Caller:
    """The partner behind a request. `actor` is passed to operations as `by`."""

    partner_id: UUID
    livemode: bool
    key: ApiKey
    actor: Actor
    is_authenticated: bool = True

    def has_scope(self, scope: str) -> bool:
        return scope in self.key.scopes


class ApiKeyAuthentication(BaseAuthentication):
    """Looks the key up by its public part and compares the hash of the whole in constant time."""

    def authenticate(self, request: Request) -> tuple[Caller, ApiKey] | None:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not token:
            return None
        key = queries.key_in_force(token.strip(), now=timezone.now()) if scheme.lower() == "bearer" else None
        if key is None or not _allowed_from(key, request):
            raise AuthenticationFailed("The API key is unknown, expired, revoked, or not allowed from this address.")
        caller = _caller(key, request._request)
        operations.note_key_used(key=key, by=caller.actor, now=timezone.now())
        return caller, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="issuing-portal"'


def _allowed_from(key: ApiKey, request: Request) -> bool:
    if not key.allowed_networks:
        return True
    try:
        address = ipaddress.ip_address(client_address(request._request))
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network, strict=False) for network in key.allowed_networks)


def _caller(key: ApiKey, request: Any) -> Caller:
    actor = Actor(kind="api_key", id=key.id, label=key.name, channel="api", partner_id=key.partner_id, livemode=key.livemode,
                  request_id=getattr(request, "request_id", ""), acting_user=_acting_user(request))
    return Caller(partner_id=key.partner_id, livemode=key.livemode, key=key, actor=actor)


def _acting_user(request: Any) -> str:
    """The partner's own user, as a short printable text without card numbers: it stays in the trail for ever."""
    sent = request.META.get("HTTP_X_ACTING_USER", "").encode("latin-1", "replace").decode("utf-8", "replace")  # PEP 3333 hands over bytes as Latin-1
    return redact("".join(sign for sign in sent if sign.isprintable()))[:ACTING_USER_MAX]
