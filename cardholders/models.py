"""Cardholder (individual or business), its address and the people related to it."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from issuing_portal.core.rows import DatedRow
from issuing_portal.core.states import Stateful, Transitions, status_check
from issuing_portal.partners.models import Owned


class CardholderType(models.TextChoices):
    INDIVIDUAL = "individual"
    BUSINESS = "business"


class CardholderStatus(models.TextChoices):
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    RESTRICTED = "RESTRICTED"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


class KycStatus(models.TextChoices):
    NOT_STARTED = "NOT_STARTED"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class ScreeningStatus(models.TextChoices):
    PENDING = "PENDING"
    CLEAR = "CLEAR"
    HIT = "HIT"


class Hand(models.TextChoices):
    """Who stopped it; only the same or a higher hand lifts it. The order of this list is the order of rank."""

    CARDHOLDER = "cardholder"
    PARTNER = "partner"
    PROGRAMME = "programme"
    ISSUER = "issuer"

    def outranks_or_equals(self, other: str) -> bool:
        ranks = list(Hand)
        return ranks.index(self) >= ranks.index(Hand(other))


class Cardholder(Stateful, Owned):
    """A customer, or a person who carries a card for a business (then `business` is the customer).

    Personal columns are listed in PERSONAL: they enter the audit trail as salted hashes only.
    """

    noun: ClassVar[str] = "cardholder"
    TRANSITIONS: ClassVar[Transitions] = {
        "PENDING": {"ACTIVE", "SUSPENDED", "CLOSED"},
        "ACTIVE": {"RESTRICTED", "SUSPENDED", "CLOSED"},
        "RESTRICTED": {"ACTIVE", "SUSPENDED", "CLOSED"},
        # A lifted suspension leads back to where the cardholder stood: never to more than it had.
        "SUSPENDED": {"ACTIVE", "RESTRICTED", "PENDING", "CLOSED"},
    }
    PERSONAL = ("email", "phone_number", "first_name", "last_name", "date_of_birth", "nationalities", "place_of_birth",
                "occupation", "tax_ids", "source_of_funds", "source_of_wealth", "metadata", "legal_name")

    programme = models.ForeignKey("partners.Programme", on_delete=models.PROTECT, related_name="+")
    business = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="card_users")
    type = models.CharField(max_length=16, choices=CardholderType.choices)
    status = models.CharField(max_length=16, choices=CardholderStatus.choices, default=CardholderStatus.PENDING)
    status_reason = models.CharField(max_length=64, blank=True)
    suspended_by = models.CharField(max_length=16, choices=Hand.choices, blank=True)
    restricted_by = models.CharField(max_length=16, choices=Hand.choices, blank=True, help_text="kept through a suspension")
    kyc_status = models.CharField(max_length=16, choices=KycStatus.choices, default=KycStatus.NOT_STARTED)
    screening_status = models.CharField(max_length=16, choices=ScreeningStatus.choices, default=ScreeningStatus.PENDING)
    currently_due = ArrayField(models.CharField(max_length=80), default=list)
    past_due = ArrayField(models.CharField(max_length=80), default=list)
    disabled_reason = models.CharField(max_length=64, blank=True)
    external_id = models.CharField(max_length=120, null=True)
    metadata = models.JSONField(default=dict)
    email = models.EmailField(blank=True)
    phone_number = models.CharField(max_length=20, blank=True)
    # individual
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    date_of_birth = models.DateField(null=True)
    nationalities = ArrayField(models.CharField(max_length=2), default=list)
    place_of_birth = models.CharField(max_length=100, blank=True)
    occupation = models.CharField(max_length=100, blank=True)
    tax_ids = ArrayField(models.CharField(max_length=64), default=list)
    # business
    legal_name = models.CharField(max_length=200, blank=True)
    legal_form = models.CharField(max_length=100, blank=True)
    registration_number = models.CharField(max_length=64, blank=True)
    lei = models.CharField(max_length=20, blank=True)
    incorporation_country = models.CharField(max_length=2, blank=True)
    incorporated_on = models.DateField(null=True)
    nature_of_business = models.CharField(max_length=200, blank=True)
    website = models.URLField(blank=True)
    # both
    purpose = models.CharField(max_length=200, blank=True)
    expected_monthly_volume_minor = models.BigIntegerField(null=True)
    source_of_funds = models.CharField(max_length=200, blank=True)
    source_of_wealth = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            status_check(CardholderStatus, "cardholder_status_known"),
            status_check(KycStatus, "cardholder_kyc_status_known", "kyc_status"),
            models.UniqueConstraint(fields=["partner", "livemode", "external_id"], name="cardholder_external_id_once",
                                    condition=models.Q(external_id__isnull=False)),
            models.CheckConstraint(name="cardholder_suspension_has_hand", condition=~models.Q(status="SUSPENDED") | ~models.Q(suspended_by="")),
            models.CheckConstraint(name="cardholder_restriction_has_hand", condition=~models.Q(status="RESTRICTED") | ~models.Q(restricted_by="")),
            models.CheckConstraint(name="cardholder_business_carries_none", condition=models.Q(type="individual") | models.Q(business=None)),
        ]
        indexes = [models.Index(fields=["partner", "livemode", "-id"], name="cardholder_by_partner")]

    @property
    def name(self) -> str:
        return self.legal_name if self.type == CardholderType.BUSINESS else f"{self.first_name} {self.last_name}".strip()

    @property
    def customer(self) -> "Cardholder":
        """Who the programme serves: the business a card is carried for, or the person."""
        return self.business if self.business is not None else self


class AddressKind(models.TextChoices):
    MAIN = "main"
    PRINCIPAL = "principal"


class Address(DatedRow):
    """Where a cardholder lives, or a business is (`main`, and for a business perhaps `principal`)."""

    PERSONAL = ("line1", "line2", "city", "region", "postal_code")
    cardholder = models.ForeignKey(Cardholder, on_delete=models.PROTECT, related_name="addresses")
    kind = models.CharField(max_length=16, choices=AddressKind.choices, default=AddressKind.MAIN)
    line1 = models.CharField(max_length=200)
    line2 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100)
    region = models.CharField(max_length=100, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cardholder", "kind"], name="address_once_per_kind")]


class RelatedRole(models.TextChoices):
    DIRECTOR = "director"
    BENEFICIAL_OWNER = "beneficial_owner"
    REPRESENTATIVE = "representative"


class RelatedPerson(DatedRow):
    """A director, owner or representative of a business. Ownership in basis points (2,500 is a quarter)."""

    noun = "related_person"
    PERSONAL = ("first_name", "last_name", "date_of_birth", "nationalities")
    cardholder = models.ForeignKey(Cardholder, on_delete=models.PROTECT, related_name="related_persons")
    role = models.CharField(max_length=24, choices=RelatedRole.choices)
    ownership_basis_points = models.PositiveIntegerField(null=True)
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    date_of_birth = models.DateField(null=True)
    nationalities = ArrayField(models.CharField(max_length=2), default=list)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="ownership_at_most_whole",
                                   condition=models.Q(ownership_basis_points=None) | models.Q(ownership_basis_points__lte=10000)),
        ]

    @property
    def share(self) -> str:
        """The share as percent, two decimals; "" where none was told."""
        points = self.ownership_basis_points
        return "" if points is None else f"{points // 100}.{points % 100:02d} %"
