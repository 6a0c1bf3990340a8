"""Roles: given and taken by four eyes, ended by their date. A change of roles ends the person's sessions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, InvalidInput, NotFound
from issuing_portal.core.operations import operation
from issuing_portal.events import operations as events
from issuing_portal.staff.models import Grant, Proposal, Role, User
from issuing_portal.staff.operations.people import NotYourself, end_sessions, keep_an_administrator, other
from issuing_portal.staff.proposals import FourEyes, Payload, expire_proposals, four_eyes, propose
from issuing_portal.staff.queries import programmes_of


class BeyondYourOwn(DomainError):
    code, status, title = "beyond_your_own", 403, "You administer fewer programmes than this grant names."


@operation
def propose_grant(*, user_id: UUID, role: str, programme_ids: list[UUID] | None, valid_until: datetime | None, reason: str,
                  by: Actor, now: datetime) -> Proposal:
    """Ask a second administrator to give a role for some programmes (None: all), until an instant perhaps.

    Raises: PermissionRefused, StepUpNeeded, NotFound, NotYourself, BeyondYourOwn, InvalidInput.
    """
    by.require("staff.grant", None)
    user = other(user_id, by)
    if role not in Role.values:
        raise InvalidInput(("role", "invalid_choice", "There is no such role."))
    if programme_ids is not None and not programme_ids:
        raise InvalidInput(("programme_ids", "required", "Name at least one programme, or all of them."))
    if valid_until is not None and valid_until <= now:
        raise InvalidInput(("valid_until", "in_the_past", "The end lies in the past."))
    _within_own(by, "staff.grant", programme_ids)
    named = sorted(str(one) for one in programme_ids) if programme_ids is not None else None
    where = "every programme" if named is None else f"{len(named)} programme{'s' if len(named) > 1 else ''}"
    return propose(
        verb="staff.give_grant", subject=user, summary=f"Give {user.name} the role {Role(role).label} for {where}",
        payload={"user": str(user.pk), "role": str(Role(role)), "programmes": named, "until": valid_until.isoformat() if valid_until else None,
                 "given_by": str(by.id)},
        reason=reason, by=by, now=now)


@operation
def propose_revocation(*, grant_id: UUID, reason: str, by: Actor, now: datetime) -> Proposal:
    """Ask a second administrator to take a role back. (To shut somebody out at once: deactivate_user.)

    Raises: PermissionRefused, StepUpNeeded, NotFound, NotYourself, BeyondYourOwn.
    """
    by.require("staff.grant", None)
    grant = _standing(grant_id)
    _within_own(by, "staff.grant", grant.programme_ids)
    user = other(grant.user_id, by)
    return propose(verb="staff.revoke_grant", subject=user, summary=f"Take the role {Role(grant.role).label} from {user.name}",
                   payload={"grant": str(grant.pk), "user": str(user.pk), "role": grant.role}, reason=reason, by=by, now=now)


@operation
def end_what_is_over(*, by: Actor, now: datetime) -> tuple[int, int]:
    """The sweep: grants and proposals whose time has passed; how many of each."""
    return expire_grants(by=by, now=now), expire_proposals(by=by, now=now)


@operation
def expire_grants(*, by: Actor, now: datetime) -> int:
    """Close grants whose date has passed (they stopped counting at that instant); how many."""
    ended = list(Grant.objects.select_for_update(skip_locked=True).filter(revoked_at=None, valid_until__lte=now).order_by("pk"))
    for grant in ended:
        Grant.objects.filter(pk=grant.pk).update(revoked_at=now, updated_at=now)
        events.record("grant.ended", subject=grant, by=by, at=now, data=_facts(grant))
    end_sessions([grant.user_id for grant in ended], now)
    return len(ended)


def _rights(payload: Payload) -> Payload:
    """What a decision about roles rests on: that the person is here, and which roles they hold."""
    user = User.objects.get(pk=payload["user"])
    held = Grant.objects.filter(user=user, revoked_at=None).order_by("pk")
    return {"active": user.is_active, "roles_held": [f"{grant.role}:{grant.pk}" for grant in held]}


@four_eyes("staff.give_grant", permission="staff.approve_grant", evidence=_rights)
def _give_grant(*, payload: Payload, by: Actor, now: datetime) -> Any:
    programmes = None if payload["programmes"] is None else [UUID(one) for one in payload["programmes"]]
    if str(by.id) == payload["user"]:
        raise NotYourself
    _within_own(by, "staff.approve_grant", programmes)
    grant = Grant.objects.create(
        user_id=UUID(payload["user"]), role=payload["role"], programme_ids=programmes,
        valid_until=datetime.fromisoformat(payload["until"]) if payload["until"] else None,
        given_by_id=UUID(payload["given_by"]), approved_by_id=by.id, created_at=now, updated_at=now)
    end_sessions([grant.user_id], now)
    events.record("grant.given", subject=grant, by=by, at=now, data=_facts(grant))
    return grant


@four_eyes("staff.revoke_grant", permission="staff.approve_grant", evidence=_rights)
def _revoke_grant(*, payload: Payload, by: Actor, now: datetime) -> Any:
    grant = _standing(UUID(payload["grant"]))
    _within_own(by, "staff.approve_grant", grant.programme_ids)
    if grant.user_id == by.id:
        raise FourEyes
    if grant.role == Role.ADMINISTRATOR:
        keep_an_administrator(without=grant.user_id)
    Grant.objects.filter(pk=grant.pk).update(revoked_at=now, revoked_by_id=by.id, updated_at=now)
    end_sessions([grant.user_id], now)
    events.record("grant.revoked", subject=grant, by=by, at=now, data=_facts(grant))
    return grant


def _standing(grant_id: UUID) -> Grant:
    grant = Grant.objects.select_for_update().filter(pk=grant_id, revoked_at=None).first()
    if grant is None:
        raise NotFound("grant")
    return grant


def _within_own(by: Actor, verb: str, programme_ids: list[UUID] | None) -> None:
    """Nobody hands out more than they hold. Raises: BeyondYourOwn."""
    mine = programmes_of(User.objects.get(pk=str(by.id)), verb)
    if mine is not None and (programme_ids is None or not mine.issuperset(programme_ids)):
        raise BeyondYourOwn


def _facts(grant: Grant) -> dict[str, Any]:
    return {"role": grant.role, "programmes": None if grant.programme_ids is None else [str(one) for one in grant.programme_ids],
            "until": grant.valid_until.isoformat() if grant.valid_until else None, "user_id": str(grant.user_id)}
