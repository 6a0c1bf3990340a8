"""A KYC or KYB case: one subject, one policy version. Documents, checks and hits come with the review."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from issuing_portal.core.states import Stateful, Transitions, status_check
from issuing_portal.partners.models import Owned


class CaseKind(models.TextChoices):
    ONBOARDING = "ONBOARDING"
    PERIODIC_REVIEW = "PERIODIC_REVIEW"
    TRIGGER = "TRIGGER"
    EXIT = "EXIT"


class CaseStatus(models.TextChoices):
    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    IN_REVIEW = "IN_REVIEW"
    AWAITING_APPLICANT = "AWAITING_APPLICANT"
    AWAITING_SECOND_APPROVAL = "AWAITING_SECOND_APPROVAL"
    CLOSED = "CLOSED"


class CaseOutcome(models.TextChoices):
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    ABANDONED = "ABANDONED"


OPEN_STATUSES = [status for status in CaseStatus.values if status != "CLOSED"]


class Case(Stateful, Owned):
    """Where it is (`status`) and what was decided (`outcome`, `reasons`) are two things."""

    noun: ClassVar[str] = "kyc_case"
    TRANSITIONS: ClassVar[Transitions] = {
        "DRAFT": {"SUBMITTED", "CLOSED"},
        "SUBMITTED": {"IN_REVIEW", "AWAITING_APPLICANT", "CLOSED"},
        "IN_REVIEW": {"AWAITING_APPLICANT", "AWAITING_SECOND_APPROVAL", "CLOSED"},
        "AWAITING_APPLICANT": {"IN_REVIEW", "CLOSED"},
        "AWAITING_SECOND_APPROVAL": {"IN_REVIEW", "CLOSED"},
    }
    programme = models.ForeignKey("partners.Programme", on_delete=models.PROTECT, related_name="+")
    cardholder = models.ForeignKey("cardholders.Cardholder", on_delete=models.PROTECT, related_name="kyc_cases")
    kind = models.CharField(max_length=16, choices=CaseKind.choices, default=CaseKind.ONBOARDING)
    status = models.CharField(max_length=32, choices=CaseStatus.choices, default=CaseStatus.DRAFT)
    outcome = models.CharField(max_length=16, choices=CaseOutcome.choices, blank=True)
    retry_allowed = models.BooleanField(null=True, help_text="of a rejection: RETRY (true) or FINAL (false)")
    reasons = ArrayField(models.CharField(max_length=64), default=list)
    requested_information = models.JSONField(default=list, help_text="[{code, text}]: applicant-safe")
    policy_version = models.CharField(max_length=32)
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            status_check(CaseStatus, "kyc_case_status_known"),
            models.UniqueConstraint(fields=["cardholder"], name="kyc_one_open_case", condition=~models.Q(status="CLOSED")),
            models.CheckConstraint(name="kyc_outcome_when_closed", condition=models.Q(status="CLOSED") ^ models.Q(outcome="")),
        ]
        indexes = [models.Index(fields=["partner", "livemode", "-id"], name="kyc_case_by_partner")]
