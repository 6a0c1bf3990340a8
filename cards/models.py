"""Card, its transitions, spend controls, the PAN vault's table and reveal sessions."""

from datetime import date
from typing import ClassVar

from django.db import models

from cardholders.models import Hand
from issuing_portal.core.ids import new_id
from issuing_portal.core.rows import Row
from issuing_portal.core.states import Stateful, Transitions, status_check
from issuing_portal.partners.models import Owned


class CardForm(models.TextChoices):
    VIRTUAL = "virtual"
    PHYSICAL = "physical"


class CardType(models.TextChoices):
    STANDARD = "standard"
    SINGLE_USE = "single_use"
    MERCHANT_LOCKED = "merchant_locked"


class CardStatus(models.TextChoices):
    INACTIVE = "INACTIVE"
    ACTIVE = "ACTIVE"
    FROZEN = "FROZEN"
    TERMINATED = "TERMINATED"
    EXPIRED = "EXPIRED"


class ReplacementReason(models.TextChoices):
    LOST = "lost"
    STOLEN = "stolen"
    NOT_RECEIVED = "not_received"
    COMPROMISED = "compromised"
    DAMAGED = "damaged"
    EXPIRED = "expired"


SAME_PAN_REASONS = {ReplacementReason.DAMAGED, ReplacementReason.EXPIRED}


class VaultEntry(Row):
    """The one table with a PAN, encrypted. Unique by (PAN, expiry, sequence): a message is resolved by these."""

    pan_sealed = models.BinaryField()
    wrapped_key = models.BinaryField()
    key_id = models.CharField(max_length=64)
    pan_hash = models.BinaryField(help_text="HMAC-SHA256 over the whole PAN, keyed outside the database")
    expiry_year = models.PositiveSmallIntegerField()
    expiry_month = models.PositiveSmallIntegerField()
    sequence_number = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pan_hash", "expiry_year", "expiry_month", "sequence_number"], name="vault_card_once")]


class Card(Stateful, Owned):
    """One card. First digits and last four stand here; the number itself only in the vault."""

    noun: ClassVar[str] = "card"
    TRANSITIONS: ClassVar[Transitions] = {
        "INACTIVE": {"ACTIVE", "FROZEN", "TERMINATED", "EXPIRED"},
        "ACTIVE": {"FROZEN", "TERMINATED", "EXPIRED"},
        "FROZEN": {"ACTIVE", "INACTIVE", "TERMINATED", "EXPIRED"},
    }
    programme = models.ForeignKey("partners.Programme", on_delete=models.PROTECT, related_name="+")
    cardholder = models.ForeignKey("cardholders.Cardholder", on_delete=models.PROTECT, related_name="cards")
    account = models.ForeignKey("ledger.Account", on_delete=models.PROTECT, related_name="cards")
    vault_entry = models.OneToOneField(VaultEntry, on_delete=models.PROTECT, related_name="card")
    form = models.CharField(max_length=16, choices=CardForm.choices, default=CardForm.VIRTUAL)
    type = models.CharField(max_length=16, choices=CardType.choices, default=CardType.STANDARD)
    status = models.CharField(max_length=16, choices=CardStatus.choices, default=CardStatus.INACTIVE)
    status_reason = models.CharField(max_length=64, blank=True, help_text="a code; what partners read of it is written by queries.outside_reason")
    frozen_by = models.CharField(max_length=16, choices=Hand.choices, blank=True)
    frozen_from = models.CharField(max_length=16, choices=CardStatus.choices, blank=True, help_text="where unfreezing leads back to")
    scheme = models.CharField(max_length=16)
    bin = models.CharField(max_length=8)
    last4 = models.CharField(max_length=4)
    expiry_month = models.PositiveSmallIntegerField()
    expiry_year = models.PositiveSmallIntegerField()
    expires_on = models.DateField(help_text="the last day it may be used")
    sequence_number = models.PositiveSmallIntegerField(default=1)
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    replacement_reason = models.CharField(max_length=16, choices=ReplacementReason.choices, blank=True)
    windows_id = models.UUIDField(default=new_id, help_text="whose spend windows it counts in: a replacement goes on with its predecessor's")
    external_id = models.CharField(max_length=120, null=True)
    metadata = models.JSONField(default=dict)
    issued_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            status_check(CardStatus, "card_status_known"),
            models.CheckConstraint(name="card_frozen_has_hand", condition=models.Q(status="FROZEN") ^ models.Q(frozen_by="")),
            models.UniqueConstraint(fields=["partner", "livemode", "external_id"], name="card_external_id_once",
                                    condition=models.Q(external_id__isnull=False)),
        ]
        indexes = [
            models.Index(fields=["partner", "livemode", "-id"], name="card_by_partner"),
            models.Index(fields=["expires_on"], name="card_by_expiry", condition=models.Q(status__in=["INACTIVE", "ACTIVE", "FROZEN"])),
        ]

    @property
    def masked(self) -> str:
        return f"•••• {self.last4}"

    def is_past_expiry(self, today: date) -> bool:
        return today > self.expires_on


class CardTransition(Row):
    """Every move of a card: from, to, reason, hand, actor, channel. Append-only."""

    noun = "card_transition"
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="transitions")
    from_status = models.CharField(max_length=16, blank=True)
    to_status = models.CharField(max_length=16)
    reason = models.CharField(max_length=64)
    note = models.TextField(blank=True, help_text="staff's words; never leaves the portal")
    hand = models.CharField(max_length=16, blank=True)
    actor = models.JSONField()
    at = models.DateTimeField()


class OwnerKind(models.TextChoices):
    CARD = "card"
    CARDHOLDER = "cardholder"
    ACCOUNT = "account"
    PROGRAMME = "programme"


class SpendControl(Owned):
    """One version of the controls of a card, cardholder, account or programme; `active_to` null is in force."""

    noun = "spend_control"
    owner_kind = models.CharField(max_length=16, choices=OwnerKind.choices)
    owner_id = models.UUIDField()
    version = models.PositiveIntegerField()
    spec = models.JSONField(help_text="the API's shape: limits, timezone, lists, channels (API.md, controls)")
    active_from = models.DateTimeField()
    active_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner_id"], name="control_one_in_force", condition=models.Q(active_to=None)),
            models.UniqueConstraint(fields=["owner_id", "version"], name="control_version_once"),
        ]


class RevealSession(Owned):
    """A short-lived, single-use permission for one browser to see one card's secrets. The token is kept as a hash."""

    noun = "reveal_session"
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="reveal_sessions")
    fields = models.JSONField(help_text="of pan, expiry, cvv")
    token_hash = models.BinaryField()
    expires_at = models.DateTimeField()
    viewed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token_hash"], name="reveal_token_once")]
