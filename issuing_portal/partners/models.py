"""Partner, Programme, ApiKey, ProcessorConnection; and Owned, the base of every row that belongs to a partner."""

from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from issuing_portal.core.rows import DatedRow
from issuing_portal.core.states import Stateful, Transitions, status_check


class PartnerStatus(models.TextChoices):
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


class Partner(Stateful, DatedRow):
    """A company whose app calls us."""

    noun: ClassVar[str] = "partner"
    TRANSITIONS: ClassVar[Transitions] = {"ACTIVE": {"SUSPENDED"}, "SUSPENDED": {"ACTIVE"}}
    name = models.CharField(max_length=120)
    status = models.CharField(max_length=16, choices=PartnerStatus.choices, default=PartnerStatus.ACTIVE)
    contact_email = models.EmailField(blank=True)

    class Meta:
        constraints = [status_check(PartnerStatus, "partner_status_known")]

    @property
    def partner_id(self) -> UUID:
        """Itself: so its events are found among the partner's."""
        return self.id

    def __str__(self) -> str:
        return self.name


class Owned(DatedRow):
    """A row of one partner in one mode: a test key never sees live rows, and another partner's row is not there."""

    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    livemode = models.BooleanField()

    class Meta:
        abstract = True


class Scheme(models.TextChoices):
    VISA = "visa"
    MASTERCARD = "mastercard"


class ProgrammeStatus(models.TextChoices):
    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


class CardUserPolicy(models.TextChoices):
    FULL_KYC = "full_kyc", "Full KYC"
    SCREENING_ONLY = "screening_only", "Screening only"


class Programme(Stateful, Owned):
    """A card programme: its BIN, sponsor, scheme, currency, region, forms and policies."""

    noun: ClassVar[str] = "programme"
    TRANSITIONS: ClassVar[Transitions] = {"DRAFT": {"ACTIVE"}, "ACTIVE": {"SUSPENDED", "CLOSED"}, "SUSPENDED": {"ACTIVE", "CLOSED"}}
    name = models.CharField(max_length=120)
    status = models.CharField(max_length=16, choices=ProgrammeStatus.choices, default=ProgrammeStatus.ACTIVE)
    scheme = models.CharField(max_length=16, choices=Scheme.choices)
    currency = models.CharField(max_length=3)
    bin = models.CharField(max_length=8)
    bin_sponsor = models.CharField(max_length=120)
    region = models.CharField(max_length=2, help_text="ISO 3166-1 alpha-2 of the programme's home, or EU")
    timezone = models.CharField(max_length=64, default="UTC", help_text="where its days and months begin")
    card_forms = ArrayField(models.CharField(max_length=16), default=list)
    card_user_policy = models.CharField(max_length=16, choices=CardUserPolicy.choices, default=CardUserPolicy.FULL_KYC)
    card_validity_months = models.PositiveSmallIntegerField(default=36)
    required_facts = ArrayField(
        models.CharField(max_length=64), default=list, help_text="what a cardholder must tell beyond the minimum, e.g. purpose")
    hold_days_final = models.PositiveSmallIntegerField(default=7)
    hold_days_pre_authorisation = models.PositiveSmallIntegerField(default=30)

    class Meta:
        constraints = [
            status_check(ProgrammeStatus, "programme_status_known"),
            models.CheckConstraint(name="programme_bin_digits", condition=models.Q(bin__regex=r"^\d{6,8}$")),
        ]
        indexes = [models.Index(fields=["partner", "livemode", "-id"], name="programme_by_partner")]

    @property
    def programme_id(self) -> UUID:
        """Itself: so its events are found among the programme's."""
        return self.id

    def __str__(self) -> str:
        return self.name


class ApiKey(Owned):
    """A partner's key: `ip_test_` or `ip_live_`, a look-up part and a secret; only a hash of the whole is kept."""

    noun = "api_key"
    name = models.CharField(max_length=120)
    lookup = models.CharField(max_length=24)
    secret_hash = models.BinaryField()
    last4 = models.CharField(max_length=4)
    scopes = ArrayField(models.CharField(max_length=48), default=list)
    allowed_networks = ArrayField(models.CharField(max_length=64), default=list, help_text="empty: from anywhere")
    rate_per_second = models.PositiveIntegerField(null=True, help_text="null: the installation's default")
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lookup"], name="api_key_lookup_once")]
        indexes = [models.Index(fields=["partner", "livemode", "-id"], name="api_key_by_partner")]


class ProcessorConnection(Owned):
    """One issuer processor's way in: `/processor/v1/{connection}/…`, signed with a secret that we can open."""

    noun = "processor_connection"
    name = models.CharField(max_length=120)
    secret_sealed = models.TextField(help_text="encrypted; bound to this row's id")
    previous_secret_sealed = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True)
    active = models.BooleanField(default=True)

    class Meta:
        indexes = [models.Index(fields=["partner", "livemode", "-id"], name="connection_by_partner")]
