"""Reads about people: what a user may do and where, and the actor of a request."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, NotFound
from issuing_portal.core.ids import parse_id
from issuing_portal.staff.models import Grant, Invitation, Proposal, ProposalStatus, RecoveryCodes, Role, User
from issuing_portal.staff.roles import STEP_UP_VERBS, VERBS


class StepUpNeeded(DomainError):
    """The verb is sensitive and the second factor was last given too long ago."""

    code, status, title = "step_up_needed", 403, "Confirm with your second factor first, then try again."


def may(user: User, verb: str, programme_id: UUID | None = None) -> bool:
    """Whether a grant in force allows `verb` in that programme; None asks "in any programme at all"."""
    allowed = programmes_of(user, verb)
    if allowed is None:
        return True
    return bool(allowed) if programme_id is None else programme_id in allowed


def programmes_of(user: User, verb: str) -> set[UUID] | None:
    """Where `user` may do `verb`: None for every programme, else their ids (empty: nowhere). Lists filter by it."""
    allowed: set[UUID] = set()
    for grant in grants_in_force(user):
        if verb in VERBS[grant.role]:
            if grant.programme_ids is None:
                return None
            allowed.update(grant.programme_ids)
    return allowed


def roles_of(user: User) -> list[Role]:
    """The roles in force, in the order of the enum."""
    held = {grant.role for grant in grants_in_force(user)}
    return [role for role in Role if role in held]


def grants_in_force(user: User) -> list[Grant]:
    """Grants that count now, by the database's clock; kept on the user object, which lives as long as one request."""
    if not user.is_active:
        return []
    kept: list[Grant] | None = getattr(user, "_grants_in_force", None)
    if kept is None:
        kept = list(Grant.objects.filter(Q(valid_until=None) | Q(valid_until__gt=Now()), user_id=user.pk, revoked_at=None))
        user._grants_in_force = kept  # type: ignore[attr-defined]
    return kept


def actor_for(request: HttpRequest) -> Actor:
    """The staff actor of a portal request (also at `request.actor`).

    `may` raises StepUpNeeded for a sensitive verb that the user holds but has not confirmed lately.
    """
    return staff_actor(request.user, request_id=getattr(request, "request_id", ""), stepped_up=getattr(request, "stepped_up", False))  # type: ignore[arg-type]


def staff_actor(user: User, *, request_id: str = "", stepped_up: bool = False) -> Actor:
    """A member of staff as an actor of the portal."""

    def allowed(verb: str, programme_id: UUID | None) -> bool:
        held = may(user, verb, programme_id)
        if held and verb in STEP_UP_VERBS and not stepped_up:
            raise StepUpNeeded
        return held

    return Actor(kind="staff", id=user.pk, label=user.name, channel="portal", request_id=request_id, may=allowed)


def ids(noun: str, text: str) -> list[UUID]:
    """The UUID of a well-formed public id as a list of one; of anything else, none."""
    found = parse_id(noun, text)
    return [found] if found else []


def members() -> QuerySet[User]:
    """Everyone who was ever invited, with their grants."""
    return User.objects.prefetch_related("grants")


def member(public_id: str) -> User:
    """One member of staff by `usr_…`. Raises: NotFound."""
    found = User.objects.filter(pk__in=ids("user", public_id)).first()
    if found is None:
        raise NotFound("user")
    return found


def proposals_seen_by(user: User) -> QuerySet[Proposal]:
    """Proposals about programmes where the user may read them; those about no programme are for staff of all programmes."""
    allowed = programmes_of(user, "proposals.read")
    everything = Proposal.objects.select_related("maker", "checker")
    return everything if allowed is None else everything.filter(Q(programme_id__in=allowed) | Q(maker_id=user.pk))


def proposal_seen_by(user: User, public_id: str) -> Proposal:
    """One proposal by `ppl_…`. Raises: NotFound."""
    found = proposals_seen_by(user).filter(pk__in=ids("proposal", public_id)).first()
    if found is None:
        raise NotFound("proposal")
    return found


def proposals_waiting(now: datetime) -> QuerySet[Proposal]:
    """Pending proposals that have not expired."""
    return Proposal.objects.filter(status=ProposalStatus.PENDING, expires_at__gt=now)


def names_of(values: list[Any]) -> dict[str, str]:
    """Names of the people whose UUIDs (as text) are among these values."""
    found = []
    for value in values:
        try:
            found.append(UUID(value) if isinstance(value, str) else UUID(int=0))
        except ValueError:
            continue
    return {str(key): name for key, name in User.objects.filter(pk__in=found).values_list("pk", "name")}


def standing_grants(user: User) -> QuerySet[Grant]:
    """Grants that nobody took back, newest first; one past its date counts no more, and the sweep closes it."""
    return Grant.objects.filter(user=user, revoked_at=None).select_related("given_by", "approved_by").order_by("-id")


def grant_of(public_id: str) -> Grant:
    """One standing grant by `grt_…`. Raises: NotFound."""
    found = Grant.objects.filter(pk__in=ids("grant", public_id), revoked_at=None).select_related("user").first()
    if found is None:
        raise NotFound("grant")
    return found


def programme_names(*, within: set[UUID] | None = None) -> dict[UUID, str]:
    """Programmes that a grant can name, of those in `within` (None: all). By string, as a foreign key would: partners stand above this package."""
    programmes: Any = apps.get_model("partners", "Programme")
    return {key: name for key, name in programmes.objects.order_by("name").values_list("pk", "name") if within is None or key in within}


def recovery_codes_left(user: User) -> int:
    """How many recovery codes still work."""
    kept = RecoveryCodes.objects.filter(user=user).first()
    return len(kept.hashes) if kept else 0


def invited_by(token: str, now: datetime) -> User | None:
    """Whom an open link belongs to."""
    found = Invitation.objects.select_related("user").filter(
        token_hash=token_hash(token), used_at=None, expires_at__gt=now, user__is_active=True).first()
    return found.user if found else None


def token_hash(token: str) -> bytes:
    """What is kept of a link's token: it has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
