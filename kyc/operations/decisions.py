"""The reviewer's side of a case: taken, questions asked, approved, rejected; and the sandbox's verdicts.

Every verdict moves the case and pushes `kyc_status` and what is owed down to the cardholder, in one transaction. Cards are
never told: issuing one asks the cardholder.
"""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from cardholders.models import KycStatus
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, IllegalMove, InvalidInput
from issuing_portal.core.operations import operation
from issuing_portal.events.models import Event
from kyc import policy
from kyc.models import Case, CaseOutcome, CaseStatus
from kyc.operations.applications import require_told
from kyc.operations.settling import A_CASE, AN_ANSWER, NOTHING, locked, push_down, tell


class CaseNotInReview(DomainError):
    code, status, title = "kyc_case_not_in_review", 409, "The case is {status}; only a case in review is decided."


class SameApprover(DomainError):
    code, status, title = "same_approver", 409, "The second approval comes from somebody else."


class LiveCase(DomainError):
    code, status, title = "live_mode_refused", 403, "The sandbox decides no live case."


class Rejection(StrEnum):
    """Whether the cardholder may try again."""

    RETRY = "retry"
    FINAL = "final"


@dataclass(frozen=True)
class Verdict:
    """What the sandbox is to say of a case. `reasons`: codes of policy; `requests`: codes of policy.REQUESTS."""

    kind: Literal["approve", "reject", "request_information"]
    reasons: Sequence[str] = ("identity_not_verified",)
    rejection: Rejection = Rejection.RETRY
    requests: Sequence[str] = ("proof_of_address",)


@operation
def take_into_review(*, case_id: UUID, by: Actor, now: datetime) -> Case:
    """A reviewer takes a submitted case. Raises: IllegalMove, PermissionRefused, NotFound."""
    case = locked(case_id)
    by.require("kyc.decide", case.programme_id)
    if case.status != CaseStatus.SUBMITTED:
        raise IllegalMove(noun="kyc case", status=case.status.lower(), target="in_review")
    case.move_to(CaseStatus.IN_REVIEW, now=now)
    tell("kyc_case.taken", case, by=by, at=now)
    return case


@operation
def request_information(*, case_id: UUID, requests: Sequence[str], reason: str = "", by: Actor, now: datetime) -> Case:
    """Ask the applicant for `requests` (codes of policy.REQUESTS); the case waits for the answer.

    Raises: InvalidInput (none, or an unknown code), IllegalMove, PermissionRefused, NotFound.
    """
    case = locked(case_id)
    by.require("kyc.decide", case.programme_id)
    _ask(case, requests, reason=reason, by=by, now=now)
    return case


@operation
def approve_case(*, case_id: UUID, reason: str, by: Actor, now: datetime) -> Case:
    """Approve a case in review; where the policy asks two approvals, the second person closes it.

    Raises: CaseNotInReview, RequirementsDue, SameApprover, PermissionRefused, NotFound.
    """
    case = locked(case_id)
    by.require("kyc.decide", case.programme_id)
    if case.status not in (CaseStatus.IN_REVIEW, CaseStatus.AWAITING_SECOND_APPROVAL):
        raise CaseNotInReview(status=case.status.lower())
    require_told(case)
    if case.status == CaseStatus.AWAITING_SECOND_APPROVAL:
        if _first_approver(case) == str(by.id):
            raise SameApprover
    elif policy.approvals_needed(case.policy_version) > 1:
        case.move_to(CaseStatus.AWAITING_SECOND_APPROVAL, now=now)
        tell("kyc_case.first_approved", case, by=by, at=now, reason=reason)
        return case
    _approve(case, reason=reason, by=by, now=now)
    return case


@operation
def reject_case(*, case_id: UUID, rejection: Rejection, reasons: Sequence[str], reason: str, by: Actor, now: datetime) -> Case:
    """Reject a case in review, for now (RETRY) or for good (FINAL), with codes of policy and staff's own words.

    Raises: CaseNotInReview, InvalidInput, PermissionRefused, NotFound.
    """
    case = locked(case_id)
    by.require("kyc.decide", case.programme_id)
    if case.status not in (CaseStatus.IN_REVIEW, CaseStatus.AWAITING_SECOND_APPROVAL):
        raise CaseNotInReview(status=case.status.lower())
    _reject(case, rejection, reasons, reason=reason, by=by, now=now)
    return case


@operation
def sandbox_verdict(*, case_id: UUID, verdict: Verdict, by: Actor, now: datetime) -> Case:
    """A verdict on any open test-mode case, whatever has been told or sent (API §5).

    Raises: LiveCase, IllegalMove (closed already), InvalidInput, NotFound.
    """
    case = locked(case_id)
    if case.livemode:
        raise LiveCase
    say: dict[str, Callable[[], None]] = {
        "approve": lambda: _approve(case, reason="", by=by, now=now),
        "reject": lambda: _reject(case, verdict.rejection, verdict.reasons, reason="", by=by, now=now),
        "request_information": lambda: _ask(_brought_to_review(case, now=now), verdict.requests, reason="", by=by, now=now),
    }
    say[verdict.kind]()
    return case


def _approve(case: Case, *, reason: str, by: Actor, now: datetime) -> None:
    case.move_to(CaseStatus.CLOSED, now=now, outcome=CaseOutcome.APPROVED, requested_information=[], decided_at=now)
    push_down(case, KycStatus.APPROVED, NOTHING, by=by, now=now)
    tell("kyc_case.approved", case, by=by, at=now, reason=reason)


def _reject(case: Case, rejection: Rejection, codes: Sequence[str], *, reason: str, by: Actor, now: datetime) -> None:
    _require_known("reasons", codes, policy.REASONS.keys() | policy.CONFIDENTIAL.keys())
    retry = rejection == Rejection.RETRY
    case.move_to(CaseStatus.CLOSED, now=now, outcome=CaseOutcome.REJECTED, retry_allowed=retry, reasons=list(dict.fromkeys(codes)),
                 requested_information=[], decided_at=now)
    push_down(case, KycStatus.REJECTED, A_CASE if retry else NOTHING, by=by, now=now)
    tell("kyc_case.rejected", case, by=by, at=now, reason=reason, internal={"reasons": list(codes)})


def _ask(case: Case, codes: Sequence[str], *, reason: str, by: Actor, now: datetime) -> None:
    _require_known("requests", codes, policy.REQUESTS.keys())
    case.move_to(CaseStatus.AWAITING_APPLICANT, now=now, requested_information=policy.requests_for(codes))
    push_down(case, KycStatus.PENDING, AN_ANSWER, by=by, now=now)
    tell("kyc_case.information_requested", case, by=by, at=now, reason=reason)


def _require_known(field: str, codes: Sequence[str], known: Container[str]) -> None:
    if not codes:
        raise InvalidInput((field, "required", "At least one."))
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise InvalidInput((field, "invalid_choice", f"“{unknown[0]}” is not known here."))


def _brought_to_review(case: Case, *, now: datetime) -> Case:
    """Step by legal step to IN_REVIEW, from wherever an open case is: the sandbox skips the waiting, not the table."""
    if case.status == CaseStatus.DRAFT:
        case.move_to(CaseStatus.SUBMITTED, now=now, submitted_at=now)
    if case.status != CaseStatus.IN_REVIEW:
        case.move_to(CaseStatus.IN_REVIEW, now=now)
    return case


def _first_approver(case: Case) -> str:
    last = Event.objects.filter(subject_id=case.pk, type="kyc_case.first_approved").order_by("-sequence").first()
    return str(last.actor["id"]) if last else ""
