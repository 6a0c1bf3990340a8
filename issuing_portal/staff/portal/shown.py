"""How people, grants and proposals look: plain values for the templates."""

import json
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from issuing_portal.core.ids import public_id
from issuing_portal.events.models import Event
from issuing_portal.portal.details import Fact, Moment
from issuing_portal.portal.statuses import word
from issuing_portal.staff import queries
from issuing_portal.staff.models import Grant, Proposal, Role, User
from issuing_portal.staff.proposals import Payload

SHOWN = 30
BAD = {"user.sign_in_failed", "user.locked_out", "user.deactivated", "user.factor_reset", "grant.revoked"}


@dataclass(frozen=True)
class NamedGrant:
    """A grant as a line of a table."""

    role: str
    where: str
    until: Any
    given_by: str
    approved_by: str
    revoke_url: str


def named_grants(user: User, *, revocable: bool = False) -> list[NamedGrant]:
    """The standing grants of a person, with programmes by name."""
    names = {str(key): name for key, name in queries.programme_names().items()}
    return [NamedGrant(
        role=Role(grant.role).label, where=where(grant.programme_ids, names), until=grant.valid_until,
        given_by=grant.given_by.name if grant.given_by else "Command line", approved_by=grant.approved_by.name if grant.approved_by else "–",
        revoke_url=reverse("staff:revoke", args=[grant.public_id]) if revocable else "") for grant in queries.standing_grants(user)]


def where(programme_ids: Any, names: dict[str, str]) -> str:
    """The programmes of a grant in words."""
    return "Every programme" if programme_ids is None else ", ".join(names.get(str(one), str(one)) for one in programme_ids)


def role_words(user: User) -> str:
    """Roles of a listed person, from the prefetched grants."""
    now = timezone.now()
    held = {grant.role for grant in user.grants.all() if grant.revoked_at is None and (grant.valid_until is None or grant.valid_until > now)}
    return ", ".join(role.label for role in Role if role in held)


def happenings(user: User, viewer: User) -> list[Moment]:
    """The latest events about a person and their grants. Sign-in addresses are for the person and for readers of the trail."""
    about = [user.pk, *Grant.objects.filter(user=user).values_list("pk", flat=True)]
    closely = viewer.pk == user.pk or viewer.may("audit.read")
    return [Moment(
        at=event.occurred_at, title=word(event.type.replace(".", " ")), actor=event.actor.get("label", ""), reason=event.reason,
        detail=str(event.internal.get("address", "")) if closely else "", colour="red" if event.type in BAD else "blue",
    ) for event in Event.objects.filter(subject_id__in=about).order_by("-id")[:SHOWN]]


def payload_facts(payload: Payload) -> list[Fact]:
    """The exact payload, name by name, nothing rounded or left out; beside an id that we know, what it stands for."""
    names = {str(key): name for key, name in queries.programme_names().items()} | queries.names_of(list(payload.values()))
    return [Fact(word(name), exactly(value), help=", ".join(names[one] for one in texts(value) if one in names))
            for name, value in sorted(payload.items())]


def exactly(value: Any) -> str:
    """A value of the payload as JSON writes it; a text as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def texts(value: Any) -> list[str]:
    """The texts of a value that is one, or a list of some."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def subject_id(proposal: Proposal) -> str:
    """The public id of what a proposal is about."""
    return public_id(proposal.subject_noun, proposal.subject_id)
