"""Four eyes: a maker proposes, somebody else approves the exact payload, and it is done in that same transaction.

A domain registers what an approval does, and proposes from its own operation::

    @four_eyes("accounts.withdraw", permission="accounts.approve", evidence=_balances)
    def _withdraw(*, payload: Payload, by: Actor, now: datetime) -> Any: …       # `by` is the checker

    @operation
    def propose_withdrawal(*, account_id, amount, reason, by, now):
        by.require("accounts.withdraw", account.programme_id)                   # the maker's own permission
        return proposals.propose(verb="accounts.withdraw", subject=account, summary="Withdraw 120.00 GBP from …",
                                 payload={"account": …, "amount_minor": 12000}, reason=reason, by=by, now=now)

`evidence(payload)` tells what the decision rests on; where it differs at approval from what the maker saw, the approval is
refused and says what changed. `reach(payload)` names the programmes in each of which the checker needs the permission, where
the act reaches further than its subject's own. The database refuses a checker who is the maker, whatever this module does.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, NotFound
from issuing_portal.core.operations import operation
from issuing_portal.core.redaction import redact
from issuing_portal.events import operations as events
from issuing_portal.staff.models import Proposal, ProposalStatus, User

Payload = dict[str, Any]
LIFETIME = timedelta(hours=72)


class Execute(Protocol):
    """What an approval does."""

    def __call__(self, *, payload: Payload, by: Actor, now: datetime) -> Any: ...


E = TypeVar("E", bound=Execute)


class FourEyes(DomainError):
    code, status, title = "four_eyes", 409, "Someone other than the maker must decide this proposal."


class StaffOnly(DomainError):
    code, status, title = "staff_only", 403, "Only a member of staff can propose or decide."


class MakerGone(DomainError):
    code, status, title = "maker_inactive", 409, "The maker is no longer active; make the proposal again."


class ProposalExpired(DomainError):
    code, status, title = "proposal_expired", 409, "The proposal has expired; make it again."


class PayloadChanged(DomainError):
    code, status, title = "payload_changed", 409, "This is not what you were shown; look at the proposal again."


class EvidenceStale(DomainError):
    code, status, title = "evidence_stale", 409, "Since the proposal was made this has changed: {changed}. Make it again on today's facts."


@dataclass(frozen=True)
class Kind:
    """One registered kind of proposal."""

    verb: str
    permission: str
    execute: Execute
    evidence: Callable[[Payload], Payload]
    reach: Callable[[Payload], Sequence[UUID]]

    def programmes(self, proposal: Proposal) -> Sequence[UUID | None]:
        """Where the checker needs the permission, in each of them (None: anywhere)."""
        return self.reach(proposal.payload) or [proposal.programme_id]


@dataclass(frozen=True)
class Carried:
    """An approved proposal and what its executor returned (a ShownOnce reaches the checker's page)."""

    proposal: Proposal
    result: Any


@dataclass(frozen=True)
class ShownOnce:
    """A secret that an executor hands to the checker: the page after the approval shows it, and nothing keeps it.

    A `secret` that begins with a slash is an address of ours and is shown as a whole link.
    """

    title: str
    about: str
    secret: str


KINDS: dict[str, Kind] = {}


def _no_evidence(payload: Payload) -> Payload:
    return {}


def _own_programme(payload: Payload) -> Sequence[UUID]:
    return ()


def four_eyes(verb: str, *, permission: str, evidence: Callable[[Payload], Payload] = _no_evidence,
              reach: Callable[[Payload], Sequence[UUID]] = _own_programme) -> Callable[[E], E]:
    """Register what an approval of `verb` does, and the permission of its checker."""
    def register(execute: E) -> E:
        KINDS[verb] = Kind(verb, permission, execute, evidence, reach)
        return execute
    return register


def payload_hash(payload: Payload) -> str:
    """SHA-256 over canonical JSON: what the maker froze and the checker saw."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()).hexdigest()


@operation
def propose(*, verb: str, subject: Any, summary: str, payload: Payload, reason: str, by: Actor, now: datetime) -> Proposal:
    """Put `payload` before a second person. The calling operation has checked the maker's own permission.

    `subject` is a row (its partner and programme say who sees the proposal); `payload` is plain JSON.
    Raises: StaffOnly.
    """
    kind = KINDS[verb]
    programme = subject.id if subject.noun == "programme" else getattr(subject, "programme_id", None)
    proposal = Proposal.objects.create(
        verb=verb, summary=summary[:300], subject_noun=subject.noun, subject_id=subject.id, partner_id=getattr(subject, "partner_id", None),
        programme_id=programme, payload=payload, payload_hash=payload_hash(payload), evidence=kind.evidence(payload), reason=redact(reason),
        maker_id=_person(by), expires_at=now + LIFETIME, created_at=now, updated_at=now)
    events.record("proposal.made", subject=proposal, by=by, at=now, reason=reason, data=_facts(proposal))
    return proposal


@operation
def approve_proposal(*, proposal_id: UUID, payload_hash: str, by: Actor, now: datetime) -> Carried:
    """Approve exactly what the checker saw (`payload_hash`), and do it.

    The executor acts with the checker's name and the authority of both: maker and checker were each asked for theirs.
    Raises: NotFound, FourEyes, PermissionRefused, ProposalExpired, PayloadChanged, MakerGone, EvidenceStale, IllegalMove,
    and whatever the executor refuses.
    """
    proposal = _to_decide(proposal_id, by, now)
    if payload_hash != proposal.payload_hash or _hash_of(proposal) != proposal.payload_hash:
        raise PayloadChanged
    if not proposal.maker.is_active:
        raise MakerGone
    kind = KINDS[proposal.verb]
    proposal.move_to(ProposalStatus.APPROVED, now=now, checker_id=by.id, decided_at=now)
    _still_true(kind, proposal)
    result = kind.execute(payload=proposal.payload, by=replace(by, may=_authorised), now=now)
    events.record("proposal.approved", subject=proposal, by=by, at=now, data=_facts(proposal))
    return Carried(proposal, result)


@operation
def refuse_proposal(*, proposal_id: UUID, reason: str, by: Actor, now: datetime) -> Proposal:
    """Refuse, with words for the maker. Raises: as approve_proposal."""
    proposal = _to_decide(proposal_id, by, now)
    proposal.move_to(ProposalStatus.REFUSED, now=now, checker_id=by.id, decided_at=now, decision_note=redact(reason))
    events.record("proposal.refused", subject=proposal, by=by, at=now, reason=reason, data=_facts(proposal))
    return proposal


@operation
def expire_proposals(*, by: Actor, now: datetime) -> int:
    """Close every proposal that nobody decided in time; how many."""
    late = Proposal.objects.filter(status=ProposalStatus.PENDING, expires_at__lte=now).select_for_update(skip_locked=True).order_by("pk")
    for proposal in (found := list(late)):
        proposal.move_to(ProposalStatus.EXPIRED, now=now, decided_at=now)
        events.record("proposal.expired", subject=proposal, by=by, at=now, data=_facts(proposal))
    return len(found)


def may_decide(proposal: Proposal, user: User, now: datetime) -> bool:
    """Whether the portal offers this person the decision."""
    kind = KINDS[proposal.verb]
    return (proposal.status == ProposalStatus.PENDING and proposal.expires_at > now and proposal.maker_id != user.pk
            and all(user.may(kind.permission, programme_id) for programme_id in kind.programmes(proposal)))


def _to_decide(proposal_id: UUID, by: Actor, now: datetime) -> Proposal:
    proposal = Proposal.objects.select_for_update(of=("self",)).select_related("maker").filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound("proposal")
    kind = KINDS[proposal.verb]
    for programme_id in kind.programmes(proposal):
        by.require(kind.permission, programme_id)
    if proposal.maker_id == _person(by):
        raise FourEyes
    if proposal.status == ProposalStatus.PENDING and proposal.expires_at <= now:
        raise ProposalExpired
    return proposal


def _still_true(kind: Kind, proposal: Proposal) -> None:
    today = json.loads(json.dumps(kind.evidence(proposal.payload)))
    changed = sorted(name for name in {*today, *proposal.evidence} if today.get(name) != proposal.evidence.get(name))
    if changed:
        raise EvidenceStale(changed=", ".join(name.replace("_", " ") for name in changed))


def _person(by: Actor) -> UUID:
    if by.kind != "staff" or by.id is None:
        raise StaffOnly
    return by.id


def _authorised(verb: str, programme_id: UUID | None) -> bool:
    return True


def _hash_of(proposal: Proposal) -> str:
    return payload_hash(proposal.payload)


def _facts(proposal: Proposal) -> dict[str, Any]:
    return {"verb": proposal.verb, "subject": proposal.subject_noun, "subject_id": str(proposal.subject_id),
            "payload_hash": proposal.payload_hash, "status": str(proposal.status)}
