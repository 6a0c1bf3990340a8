"""How people come in: a single-use link, then a password and a second factor in one step."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, NotFound
from issuing_portal.core.operations import operation
from issuing_portal.events import operations as events
from issuing_portal.staff.models import Authenticator, Grant, Invitation, Role, User
from issuing_portal.staff.operations.factors import put_authenticator, put_recovery_codes, store_authenticator
from issuing_portal.staff.operations.passwords import set_password
from issuing_portal.staff.queries import token_hash

LIFETIME = timedelta(days=3)
ADMINISTRATORS_NEEDED = 2


class EmailTaken(DomainError):
    code, status, title = "email_taken", 409, "Someone with this address is already here."


class InvitationVoid(DomainError):
    code, status, title = "invitation_void", 409, "This link was used, replaced or has expired. Ask an administrator for a new one."


class AlreadyEnrolled(DomainError):
    code, status, title = "already_enrolled", 409, "This person has come in already; reset the second factor instead."


class AdministratorsExist(DomainError):
    code, status, title = "administrators_exist", 409, "There are two administrators already; further ones are made in the portal, by four eyes."


class DemoRefused(DomainError):
    code, status, title = "demo_refused", 403, "Demo people exist only where ENVIRONMENT is not production."


@dataclass(frozen=True)
class Invited:
    """Somebody invited; `token` belongs in the link and is shown once."""

    user: User
    token: str


@dataclass(frozen=True)
class Accepted:
    """Somebody who came in, with the recovery codes to show once."""

    user: User
    device: Authenticator
    recovery_codes: list[str]


@dataclass(frozen=True)
class Newcomer:
    """A demo person: known password and authenticator secret (base32)."""

    email: str
    name: str
    password: str
    totp_secret: str
    role: Role
    programme_ids: list[UUID] | None = None


@operation
def invite_user(*, email: str, name: str, by: Actor, now: datetime) -> Invited:
    """Invite a person, without any role yet. Raises: PermissionRefused, EmailTaken."""
    by.require("staff.invite", None)
    return _invite(_new_user(email, name, by, now), by, now)


@operation
def invite_again(*, user_id: UUID, by: Actor, now: datetime) -> Invited:
    """A new link for somebody who has not come in; the old one is void. Raises: PermissionRefused, NotFound, AlreadyEnrolled."""
    by.require("staff.invite", None)
    user = User.objects.select_for_update().filter(pk=user_id, is_active=True).first()
    if user is None:
        raise NotFound("user")
    if user.enrolled_at is not None:
        raise AlreadyEnrolled
    return _invite(user, by, now)


@operation
def invite_first_administrator(*, email: str, name: str, by: Actor, now: datetime) -> Invited:
    """The bootstrap on the command line: four eyes need two administrators, so it serves the first two and nobody after.

    Raises: AdministratorsExist, EmailTaken.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('staff.first_administrator', 7))")
    held = Grant.objects.filter(role=Role.ADMINISTRATOR, revoked_at=None, user__is_active=True)
    if held.values("user").distinct().count() >= ADMINISTRATORS_NEEDED:
        raise AdministratorsExist
    user = _new_user(email, name, by, now)
    grant = Grant.objects.create(user=user, role=Role.ADMINISTRATOR, created_at=now, updated_at=now)
    events.record("grant.given", subject=grant, by=by, at=now, data={"role": Role.ADMINISTRATOR.value, "user": user.public_id})
    return _invite(user, by, now)


@operation
def accept_invitation(*, token: str, password: str, secret: str, code: str, by: Actor, now: datetime) -> Accepted:
    """Set the password and enrol the authenticator that shows `code` for `secret`: all of it, or nothing.

    Raises: InvitationVoid, WrongCode, InvalidInput (the password).
    """
    invitation = Invitation.objects.select_for_update(of=("self",)).select_related("user").filter(token_hash=token_hash(token)).first()
    if invitation is None or invitation.used_at is not None or invitation.expires_at <= now or not invitation.user.is_active:
        raise InvitationVoid
    user = invitation.user
    set_password(user, password)
    device = put_authenticator(user, secret, code)
    codes = put_recovery_codes(user, now)
    Invitation.objects.filter(pk=invitation.pk).update(used_at=now, updated_at=now)
    user.enrolled_at = user.updated_at = now
    user.save(update_fields=["password", "former_passwords", "enrolled_at", "updated_at"])
    events.record("user.enrolled", subject=user, by=by, at=now)
    return Accepted(user, device, codes)


@operation
def add_demo_person(*, person: Newcomer, by: Actor, now: datetime) -> User:
    """A ready person for the demo and for tests, found again by e-mail. Raises: DemoRefused in production."""
    if settings.PRODUCTION:
        raise DemoRefused
    known = User.objects.filter(email__iexact=person.email).first()
    if known is not None:
        return known
    user = User.objects.create(email=person.email, name=person.name, password=make_password(person.password), enrolled_at=now,
                               created_at=now, updated_at=now)
    store_authenticator(user, person.totp_secret)
    Grant.objects.create(user=user, role=person.role, programme_ids=person.programme_ids, created_at=now, updated_at=now)
    events.record("user.enrolled", subject=user, by=by, at=now, internal={"demo": True})
    return user


def fresh_link(user: User, now: datetime) -> str:
    """A new token for this person; earlier links are void."""
    Invitation.objects.filter(user=user, used_at=None).update(used_at=now, updated_at=now)
    token = secrets.token_urlsafe(32)
    Invitation.objects.create(user=user, token_hash=token_hash(token), expires_at=now + LIFETIME, created_at=now, updated_at=now)
    return token


def _new_user(email: str, name: str, by: Actor, now: datetime) -> User:
    if User.objects.filter(email__iexact=email).exists():
        raise EmailTaken
    return User.objects.create(email=email.lower(), name=name, password=make_password(None), invited_by_id=by.id if by.kind == "staff" else None,
                               created_at=now, updated_at=now)


def _invite(user: User, by: Actor, now: datetime) -> Invited:
    token = fresh_link(user, now)
    events.record("user.invited", subject=user, by=by, at=now, personal={"email": user.email, "name": user.name})
    return Invited(user, token)
