"""The applicant's side of a case: opened, submitted (and submitted again), withdrawn."""

from datetime import datetime
from uuid import UUID

from cardholders import queries as cardholders
from cardholders.models import CardholderStatus, KycStatus
from cardholders.requirements import of_kyc
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError
from issuing_portal.core.operations import operation
from kyc import queries
from kyc.models import Case, CaseKind, CaseOutcome, CaseStatus
from kyc.operations.settling import A_CASE, NOTHING, locked, push_down, tell
from kyc.policy import POLICY_VERSION


class CaseOpen(DomainError):
    code, status, title = "kyc_case_open", 409, "The cardholder has an open KYC case already."


class AlreadyApproved(DomainError):
    code, status, title = "kyc_already_approved", 409, "The cardholder is approved; it needs no onboarding case."


class RejectedFinally(DomainError):
    code, status, title = "kyc_rejected_finally", 409, "The cardholder was rejected for good; no further case is taken."


class CustomerClosed(DomainError):
    code, status, title = "cardholder_closed", 409, "The cardholder is closed; no case is taken."


class RequirementsDue(DomainError):
    code, status, title = "requirements_due", 409, "Before the case can go on, the cardholder must tell: {paths}."


@operation
def open_case(*, cardholder_id: UUID, by: Actor, now: datetime) -> Case:
    """Open an onboarding case in DRAFT under the policy version in force.

    Raises: CustomerClosed, CaseOpen, AlreadyApproved, RejectedFinally, NotFound.
    """
    # The lock makes two openings at once wait for each other; the unique constraint is the second lock.
    cardholder = cardholders.locked(cardholder_id)
    if cardholder.status == CardholderStatus.CLOSED:
        raise CustomerClosed
    if queries.open_case_of(cardholder_id):
        raise CaseOpen
    if cardholder.kyc_status == KycStatus.APPROVED:
        raise AlreadyApproved
    before = queries.last_decided(cardholder_id)
    if before is not None and before.outcome == CaseOutcome.REJECTED and not before.retry_allowed:
        raise RejectedFinally
    case = Case.objects.create(
        partner_id=cardholder.partner_id, livemode=cardholder.livemode, programme_id=cardholder.programme_id, cardholder=cardholder,
        kind=CaseKind.ONBOARDING, policy_version=POLICY_VERSION, created_at=now, updated_at=now)
    tell("kyc_case.opened", case, by=by, at=now)
    return case


@operation
def submit_case(*, case_id: UUID, by: Actor, now: datetime) -> Case:
    """Hand the case in (DRAFT → SUBMITTED), or answer what was asked (AWAITING_APPLICANT → IN_REVIEW).

    Raises: RequirementsDue while the cardholder owes facts, CustomerClosed, IllegalMove, NotFound.
    """
    case = locked(case_id)
    target = CaseStatus.IN_REVIEW if case.status == CaseStatus.AWAITING_APPLICANT else CaseStatus.SUBMITTED
    if case.can_become(target):
        require_told(case)
    case.move_to(target, now=now, submitted_at=now, requested_information=[])
    push_down(case, KycStatus.PENDING, NOTHING, by=by, now=now)
    tell("kyc_case.submitted", case, by=by, at=now)
    return case


@operation
def withdraw_case(*, case_id: UUID, by: Actor, now: datetime) -> Case:
    """The partner takes an open case back; the cardholder stands where it stood before.

    Raises: IllegalMove (closed already), NotFound.
    """
    case = locked(case_id)
    before = queries.last_decided(case.cardholder_id)
    case.move_to(CaseStatus.CLOSED, now=now, outcome=CaseOutcome.WITHDRAWN, requested_information=[], decided_at=now)
    status = KycStatus(before.outcome) if before else KycStatus.NOT_STARTED
    push_down(case, status, NOTHING if status == KycStatus.APPROVED else A_CASE, by=by, now=now)
    tell("kyc_case.withdrawn", case, by=by, at=now)
    return case


def require_told(case: Case) -> None:
    """Raises: RequirementsDue, CustomerClosed."""
    if case.cardholder.status == CardholderStatus.CLOSED:
        raise CustomerClosed
    owed = [path for path in case.cardholder.currently_due if path not in of_kyc(case.cardholder.currently_due)]
    if owed:
        raise RequirementsDue(paths=", ".join(owed))
