"""Writes of KYC cases: the partner's steps (applications) and the verdicts (decisions). Every verb is here by its name."""

from kyc.operations.applications import (
    AlreadyApproved,
    CaseOpen,
    CustomerClosed,
    RejectedFinally,
    RequirementsDue,
    open_case,
    submit_case,
    withdraw_case,
)
from kyc.operations.decisions import (
    CaseNotInReview,
    LiveCase,
    Rejection,
    SameApprover,
    Verdict,
    approve_case,
    reject_case,
    request_information,
    sandbox_verdict,
    take_into_review,
)

__all__ = [
    "AlreadyApproved", "CaseNotInReview", "CaseOpen", "CustomerClosed", "LiveCase", "RejectedFinally", "Rejection", "RequirementsDue",
    "SameApprover", "Verdict", "approve_case", "open_case", "reject_case", "request_information", "sandbox_verdict", "submit_case",
    "take_into_review", "withdraw_case",
]
