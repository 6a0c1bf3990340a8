"""What happens to people who are here: passwords, sessions, deactivation, reset of a lost second factor (four eyes)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import connection
from django.db.models import F
from django.urls import reverse

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, InvalidInput, NotFound
from issuing_portal.core.operations import operation
from issuing_portal.events import operations as events
from issuing_portal.staff.models import Grant, Proposal, Role, User
from issuing_portal.staff.operations.factors import own, withdraw_factor
from issuing_portal.staff.operations.invitations import fresh_link
from issuing_portal.staff.operations.passwords import set_password
from issuing_portal.staff.proposals import Payload, ShownOnce, four_eyes, propose


class NotYourself(DomainError):
    code, status, title = "not_yourself", 409, "Nobody does this to their own account; ask another administrator."


class LastAdministrator(DomainError):
    code, status, title = "last_administrator", 409, "This is the last administrator; nobody could put it right afterwards."


class AlreadySo(DomainError):
    code, status, title = "already_so", 409, "The person is {state} already."


@operation
def change_password(*, user_id: UUID, current: str, new: str, by: Actor, now: datetime) -> User:
    """Change one's own password; every other session ends. Raises: InvalidInput, PermissionRefused."""
    user = own(user_id, by)
    if not check_password(current, user.password):
        raise InvalidInput(("current", "wrong_password", "That is not your present password."))
    set_password(user, new)
    user.updated_at = now
    user.save(update_fields=["password", "former_passwords", "updated_at"])
    events.record("user.password_changed", subject=user, by=by, at=now)
    return user


@operation
def end_other_sessions(*, user_id: UUID, by: Actor, now: datetime) -> User:
    """End every session of one's own; the edge keeps the present one. Raises: PermissionRefused."""
    user = own(user_id, by)
    end_sessions([user.pk], now)
    user.refresh_from_db()
    events.record("user.signed_out", subject=user, by=by, at=now, internal={"everywhere": True})
    return user


@operation
def deactivate_user(*, user_id: UUID, reason: str, by: Actor, now: datetime) -> User:
    """Shut somebody out at once: sessions end, links are void, grants stay for the day of a return.

    Raises: PermissionRefused, NotFound, NotYourself, AlreadySo, LastAdministrator.
    """
    by.require("staff.deactivate", None)
    user = other(user_id, by)
    if not user.is_active:
        raise AlreadySo(state="deactivated")
    keep_an_administrator(without=user.pk)
    user.invitations.filter(used_at=None).update(used_at=now, updated_at=now)
    User.objects.filter(pk=user.pk).update(is_active=False, session_version=F("session_version") + 1, updated_at=now)
    user.refresh_from_db()
    events.record("user.deactivated", subject=user, by=by, at=now, reason=reason)
    return user


@operation
def reactivate_user(*, user_id: UUID, reason: str, by: Actor, now: datetime) -> User:
    """Let somebody back in, with what they had. Raises: PermissionRefused, NotFound, NotYourself, AlreadySo."""
    by.require("staff.deactivate", None)
    user = other(user_id, by)
    if user.is_active:
        raise AlreadySo(state="active")
    User.objects.filter(pk=user.pk).update(is_active=True, updated_at=now)
    user.refresh_from_db()
    events.record("user.reactivated", subject=user, by=by, at=now, reason=reason)
    return user


@operation
def propose_factor_reset(*, user_id: UUID, reason: str, by: Actor, now: datetime) -> Proposal:
    """Ask a second administrator to void a person's factor and password, and to hand them a new link.

    Raises: PermissionRefused, StepUpNeeded, NotFound, NotYourself.
    """
    by.require("staff.reset_factor", None)
    user = other(user_id, by)
    return propose(verb="staff.reset_factor", subject=user, summary=f"Reset the second factor of {user.name}",
                   payload={"user": str(user.pk)}, reason=reason, by=by, now=now)


def _reset_evidence(payload: Payload) -> Payload:
    user = User.objects.get(pk=payload["user"])
    return {"active": user.is_active, "enrolled": user.enrolled_at.isoformat() if user.enrolled_at else None}


@four_eyes("staff.reset_factor", permission="staff.approve_reset", evidence=_reset_evidence)
def _reset_factor(*, payload: Payload, by: Actor, now: datetime) -> Any:
    """Returns the new link. The password goes too: the link alone brings the person back, and only them."""
    user = other(UUID(payload["user"]), by)
    withdraw_factor(user)
    User.objects.filter(pk=user.pk).update(
        password=make_password(None), enrolled_at=None, session_version=F("session_version") + 1, updated_at=now)
    events.record("user.factor_reset", subject=user, by=by, at=now)
    return ShownOnce(f"A new link for {user.name}", "Hand it over yourself; it works once, within three days.",
                     reverse("staff:invitation", args=[fresh_link(user, now)]))


def other(user_id: UUID, by: Actor) -> User:
    """Somebody else, locked. Raises: NotFound, NotYourself."""
    if by.kind == "staff" and by.id == user_id:
        raise NotYourself
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise NotFound("user")
    return user


def end_sessions(user_ids: list[UUID], now: datetime) -> None:
    """Every session of these people ends with its next request."""
    User.objects.filter(pk__in=user_ids).update(session_version=F("session_version") + 1, updated_at=now)


def keep_an_administrator(*, without: UUID) -> None:
    """Raises LastAdministrator where nobody but `without` is left to administer everything.

    Two who shut each other out at once are seen one after the other: row locks would not do, for the second one's statement
    keeps the snapshot in which the first was active. The lock ends with the transaction, and the read after it is a new one.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('staff.administrators', 7))")
    standing = Grant.objects.filter(role=Role.ADMINISTRATOR, revoked_at=None, programme_ids=None, user__is_active=True)
    if {*standing.values_list("user_id", flat=True)} == {without}:
        raise LastAdministrator
