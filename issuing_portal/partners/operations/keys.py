"""API keys: made, rotated with an overlap, revoked. The plain token is returned once and kept nowhere."""

import hashlib
import ipaddress
import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, InvalidInput, NotFound
from issuing_portal.core.operations import operation
from issuing_portal.events.operations import record
from issuing_portal.partners import queries
from issuing_portal.partners.models import ApiKey
from issuing_portal.partners.operations.four_eyes import refuse_staff_alone
from issuing_portal.partners.operations.rights import require_for_partner
from issuing_portal.partners.scopes import SCOPES

BASE62 = string.digits + string.ascii_letters
OVERLAP_MAX = timedelta(days=7)
TOUCHED_EVERY = timedelta(minutes=1)


class BeyondMaker(DomainError):
    code, status, title = "beyond_own_rights", 403, "A key cannot make, or take over, a key with {what} that it does not have itself."


class KeyNotInForce(DomainError):
    code, status, title = "api_key_not_in_force", 409, "The API key is {status}."


class KeyAlreadyRotated(DomainError):
    code, status, title = "api_key_already_rotated", 409, "The API key was rotated already; rotate the key that replaced it."


@dataclass(frozen=True, kw_only=True)
class KeySpec:
    """What a key may do: scopes of partners.scopes, networks in CIDR (empty: from anywhere), its last instant."""

    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None
    allowed_networks: tuple[str, ...] = ()
    rate_per_second: int | None = None


@operation
def issue_api_key(*, partner_id: UUID, livemode: bool, spec: KeySpec, reason: str = "", by: Actor, now: datetime) -> tuple[ApiKey, str]:
    """The new key and its plain token, which is shown this once.

    Raises: NotFound (partner), FourEyesNeeded (staff propose it), InvalidInput, BeyondMaker.
    """
    refuse_staff_alone(by, "A new API key")
    return make_key(partner_id=partner_id, livemode=livemode, spec=spec, reason=reason, by=by, now=now)


def make_key(*, partner_id: UUID, livemode: bool, spec: KeySpec, reason: str = "", by: Actor, now: datetime) -> tuple[ApiKey, str]:
    """The work of issue_api_key, for whoever has the right, or had it approved."""
    if not queries.partners().filter(pk=partner_id).exists():
        raise NotFound("partner")
    check_spec(spec, now)
    _within_maker(by, partner_id, livemode, spec)
    key, token = _new_key(partner_id, livemode, spec, now)
    record("api_key.created", subject=key, by=by, at=now, reason=reason, data=queries.key_facts(key, now=now))
    return key, token


@operation
def rotate_api_key(*, key_id: UUID, overlap: timedelta, reason: str = "", by: Actor, now: datetime) -> tuple[ApiKey, str]:
    """A new key with the rights and the lifetime of the old one, and its token; the old one ends after `overlap` (0 to 7 days).

    Raises: NotFound, FourEyesNeeded (staff propose it), InvalidInput, KeyNotInForce, KeyAlreadyRotated, BeyondMaker.
    """
    refuse_staff_alone(by, "A rotation of an API key")
    return replace_key(key_id=key_id, overlap=overlap, reason=reason, by=by, now=now)


def replace_key(*, key_id: UUID, overlap: timedelta, reason: str = "", by: Actor, now: datetime) -> tuple[ApiKey, str]:
    """The work of rotate_api_key, for whoever has the right, or had it approved."""
    old = rotatable(key_id, overlap, now)
    expires_at = now + (old.expires_at - old.created_at) if old.expires_at else None
    spec = KeySpec(name=old.name, scopes=tuple(old.scopes), expires_at=expires_at, allowed_networks=tuple(old.allowed_networks),
                   rate_per_second=old.rate_per_second)
    _within_maker(by, old.partner_id, old.livemode, spec)
    key, token = _new_key(old.partner_id, old.livemode, spec, now, replaces=old)
    old.expires_at = min(now + overlap, old.expires_at or now + overlap)
    old.updated_at = now
    old.save(update_fields=["expires_at", "updated_at"])
    record("api_key.rotated", subject=old, by=by, at=now, reason=reason, data=queries.key_facts(old, now=now))
    record("api_key.created", subject=key, by=by, at=now, data=queries.key_facts(key, now=now))
    return key, token


@operation
def revoke_api_key(*, key_id: UUID, reason: str = "", by: Actor, now: datetime) -> ApiKey:
    """The key is dead from `now` on.

    Raises: NotFound, PermissionRefused, KeyNotInForce.
    """
    key = _in_force(key_id, now)
    require_for_partner(by, "api_keys.revoke", key.partner_id)
    key.revoked_at = key.updated_at = now
    key.save(update_fields=["revoked_at", "updated_at"])
    record("api_key.revoked", subject=key, by=by, at=now, reason=reason, data=queries.key_facts(key, now=now))
    return key


@operation
def note_key_used(*, key: ApiKey, by: Actor, now: datetime) -> None:
    """Remember when the key was last used, to the minute: a write per request would be a hot row."""
    if key.last_used_at is None or now - key.last_used_at >= TOUCHED_EVERY:
        ApiKey.objects.filter(pk=key.pk, last_used_at=key.last_used_at).update(last_used_at=now)


def rotatable(key_id: UUID, overlap: timedelta, now: datetime) -> ApiKey:
    """The key, locked, if it can be rotated with this overlap. Raises: NotFound, InvalidInput, KeyNotInForce, KeyAlreadyRotated."""
    if not timedelta(0) <= overlap <= OVERLAP_MAX:
        raise InvalidInput(("overlap_seconds", "invalid", "The overlap is 0 to 604800 seconds."))
    key = _in_force(key_id, now)
    if ApiKey.objects.filter(replaces=key).exists():
        raise KeyAlreadyRotated
    return key


def _in_force(key_id: UUID, now: datetime) -> ApiKey:
    key = ApiKey.objects.select_for_update().filter(pk=key_id).first()
    if key is None:
        raise NotFound("API key")
    status = queries.key_status(key, now=now)
    if status in ("revoked", "expired"):
        raise KeyNotInForce(status=status)
    return key


def _new_key(partner_id: UUID, livemode: bool, spec: KeySpec, now: datetime, replaces: ApiKey | None = None) -> tuple[ApiKey, str]:
    lookup = ("ip_live_" if livemode else "ip_test_") + _random(queries.LOOKUP_RANDOM)
    token = lookup + _random(queries.SECRET_LENGTH)
    key = ApiKey.objects.create(
        partner_id=partner_id, livemode=livemode, name=spec.name, lookup=lookup, secret_hash=hashlib.sha256(token.encode()).digest(),
        last4=token[-4:], scopes=[scope for scope in SCOPES if scope in spec.scopes], allowed_networks=list(spec.allowed_networks),
        rate_per_second=spec.rate_per_second, expires_at=spec.expires_at, replaces=replaces, created_at=now, updated_at=now)
    return key, token


def _random(length: int) -> str:
    return "".join(secrets.choice(BASE62) for _ in range(length))


def check_spec(spec: KeySpec, now: datetime) -> None:
    """Raises InvalidInput with everything that is wrong about a key to be."""
    wrong = []
    if not 1 <= len(spec.name.strip()) <= 120:
        wrong.append(("name", "length", "A key's name has 1 to 120 characters."))
    unknown = [scope for scope in spec.scopes if scope not in SCOPES]
    if unknown or not spec.scopes:
        told = f"These scopes are not known: {', '.join(unknown)[:200]}." if unknown else "A key has at least one scope."
        wrong.append(("scopes", "unknown_scope", told))
    if spec.expires_at is not None and spec.expires_at <= now:
        wrong.append(("expires_at", "in_the_past", "The expiry lies in the past."))
    if any(_network(network) is None for network in spec.allowed_networks):
        wrong.append(("allowed_networks", "invalid", "A network is written in CIDR notation, e.g. 203.0.113.0/24."))
    if wrong:
        raise InvalidInput(*wrong)


def _within_maker(by: Actor, partner_id: UUID, livemode: bool, spec: KeySpec) -> None:
    """A key makes no key that reaches further than itself: else the smallest `api_keys:write` would own everything."""
    if by.kind != "api_key":
        return
    maker = ApiKey.objects.get(pk=by.id)
    if maker.partner_id != partner_id or maker.livemode != livemode:
        raise NotFound("API key")
    if not set(spec.scopes) <= set(maker.scopes):
        raise BeyondMaker(what="scopes")
    if maker.allowed_networks and not (spec.allowed_networks and all(_inside(network, maker.allowed_networks) for network in spec.allowed_networks)):
        raise BeyondMaker(what="networks")


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _inside(text: str, allowed: list[str]) -> bool:
    network = _network(text)
    return any(network is not None and outer is not None and network.version == outer.version and network.subnet_of(outer)  # type: ignore[arg-type]
               for outer in map(_network, allowed))
