"""Authorisation, its messages, spend windows, the reference table of de-duplication, and cleared transactions.

The first three are the tap path's hot tables: no implicit index, no foreign-key constraint (they cost 16–24 %),
rows written by operations.take and its siblings in one statement each; `verify_ledger` proves them.
"""

from typing import ClassVar

from django.db import models

from issuing_portal.core.rows import Row
from issuing_portal.core.states import Stateful, Transitions, status_check


class AuthorisationStatus(models.TextChoices):
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    PARTIALLY_CLEARED = "PARTIALLY_CLEARED"
    CLEARED = "CLEARED"
    REVERSED = "REVERSED"
    EXPIRED = "EXPIRED"


OPEN_STATUSES = ["APPROVED", "PARTIALLY_CLEARED"]


class Authorisation(Stateful, Row):
    """One card tap and what became of it. Partitioned by month. Amounts in minor units of `currency`."""

    noun: ClassVar[str] = "authorisation"
    TRANSITIONS: ClassVar[Transitions] = {
        "APPROVED": {"PARTIALLY_CLEARED", "CLEARED", "REVERSED", "EXPIRED"},
        "PARTIALLY_CLEARED": {"CLEARED", "REVERSED", "EXPIRED"},
    }
    partner_id = models.UUIDField()
    livemode = models.BooleanField()
    programme_id = models.UUIDField(null=True, help_text="null: no card was found")
    account = models.ForeignKey("ledger.Account", null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    card = models.ForeignKey("cards.Card", null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    cardholder = models.ForeignKey("cardholders.Cardholder", null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    connection_id = models.UUIDField()
    network_reference = models.CharField(max_length=64)
    kind = models.CharField(max_length=24)
    status = models.CharField(max_length=24, choices=AuthorisationStatus.choices)
    reason = models.CharField(max_length=48, help_text="the stable code; what partners see of it is written by queries.outside_reason")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    approved_minor = models.BigIntegerField()
    held_minor = models.BigIntegerField()
    cleared_minor = models.BigIntegerField(default=0)
    merchant_amount_minor = models.BigIntegerField(null=True)
    merchant_currency = models.CharField(max_length=3, blank=True)
    merchant_id = models.CharField(max_length=64)
    merchant_name = models.CharField(max_length=120)
    merchant_city = models.CharField(max_length=80, blank=True)
    merchant_country = models.CharField(max_length=2)
    mcc = models.CharField(max_length=4)
    channel = models.CharField(max_length=16)
    wallet = models.CharField(max_length=24, blank=True)
    windows = models.JSONField(default=list, help_text="what was taken of which spend window: [[owner, key, starts_at, amount, count], …]")
    late = models.BooleanField(default=False)
    latency_us = models.IntegerField(help_text="microseconds from arrival to the decision's write")
    requested_at = models.DateTimeField(help_text="the instant for windows, hours and history")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    hold_expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            status_check(AuthorisationStatus, "authorisation_status_known"),
            models.CheckConstraint(name="authorisation_hold_not_negative", condition=models.Q(held_minor__gte=0)),
            models.CheckConstraint(name="authorisation_hold_only_open", condition=models.Q(held_minor=0) | models.Q(status__in=OPEN_STATUSES)),
        ]
        indexes = [
            models.Index(fields=["partner_id", "livemode", "-id"], name="aut_by_partner"),
            models.Index(fields=["card", "-id"], name="aut_by_card"),
            models.Index(fields=["account", "-id"], name="aut_by_account"),
            # Of the sweep: open holds alone, so that it stays as small as they are few.
            models.Index(fields=["hold_expires_at"], name="aut_open_until", condition=models.Q(status__in=OPEN_STATUSES)),
        ]

    @property
    def decision(self) -> str:
        return "declined" if self.status == AuthorisationStatus.DECLINED else "approved"


class AuthorisationMessage(Row):
    """One message of the network as it came (without PAN), what we answered and how we got there. Append-only, partitioned."""

    noun = "message"
    partner_id = models.UUIDField()
    livemode = models.BooleanField()
    authorisation_id = models.UUIDField(null=True)
    connection_id = models.UUIDField()
    kind = models.CharField(max_length=24, help_text="authorisation, reversal, clearing, refund, release …")
    network_reference = models.CharField(max_length=64)
    original_network_reference = models.CharField(max_length=64, blank=True)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    payload = models.JSONField()
    answer = models.JSONField()
    evaluation = models.JSONField(default=dict, help_text="facts, rules, numbers and versions: enough to decide it again")
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["authorisation_id", "id"], name="msg_by_authorisation")]


class NetworkReference(models.Model):
    """De-duplication: (connection, kind, reference) is booked exactly once; the unique index decides.

    Small and not partitioned. `fingerprint` tells the same content from another under one reference.
    """

    id = models.BigAutoField(primary_key=True)
    connection_id = models.UUIDField()
    kind = models.CharField(max_length=24)
    network_reference = models.CharField(max_length=64)
    fingerprint = models.BinaryField()
    message_id = models.UUIDField()
    original_reference = models.CharField(max_length=64, blank=True, help_text="what a reversal, clearing or refund points at")
    authorisation_id = models.UUIDField(null=True)
    answer = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection_id", "kind", "network_reference"], name="network_reference_once")]
        indexes = [models.Index(fields=["connection_id", "original_reference"], name="reference_orphans",
                                condition=models.Q(authorisation_id=None) & ~models.Q(original_reference=""))]


class SpendWindow(models.Model):
    """A counter, never a SUM over history: what was taken in one window of one limit of one owner.

    `label` is the merchant that a merchant-locked card is locked to (limit_key `merchant`).
    """

    id = models.BigAutoField(primary_key=True)
    owner_id = models.UUIDField()
    limit_key = models.CharField(max_length=40)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    spent_minor = models.BigIntegerField(default=0)
    count = models.IntegerField(default=0)
    label = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner_id", "limit_key", "starts_at"], name="spend_window_once"),
            models.CheckConstraint(name="spend_window_not_negative", condition=models.Q(spent_minor__gte=0, count__gte=0)),
        ]


class TransactionType(models.TextChoices):
    PURCHASE = "purchase"
    REFUND = "refund"
    CASH = "cash"
    FEE = "fee"
    ADJUSTMENT = "adjustment"


class Transaction(Row):
    """Cleared money, booked by one journal entry. Append-only. `amount_minor` is positive; the type tells the direction."""

    noun = "transaction"
    partner_id = models.UUIDField()
    livemode = models.BooleanField()
    programme_id = models.UUIDField()
    type = models.CharField(max_length=16, choices=TransactionType.choices)
    account = models.ForeignKey("ledger.Account", on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey("cards.Card", null=True, on_delete=models.PROTECT, related_name="+")
    authorisation_id = models.UUIDField(null=True)
    entry = models.ForeignKey("ledger.JournalEntry", on_delete=models.PROTECT, related_name="+")
    connection_id = models.UUIDField()
    network_reference = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    merchant_amount_minor = models.BigIntegerField(null=True)
    merchant_currency = models.CharField(max_length=3, blank=True)
    merchant_id = models.CharField(max_length=64, blank=True)
    merchant_name = models.CharField(max_length=120, blank=True)
    merchant_country = models.CharField(max_length=2, blank=True)
    mcc = models.CharField(max_length=4, blank=True)
    forced = models.BooleanField(default=False, help_text="cleared without an authorisation, or beyond what was held")
    flags = models.JSONField(default=list, help_text="why staff should look: unmatched, over_clearing, after_expiry, suspense …")
    posted_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="transaction_amount_positive", condition=models.Q(amount_minor__gte=0))]
        indexes = [
            models.Index(fields=["partner_id", "livemode", "-id"], name="txn_by_partner"),
            models.Index(fields=["authorisation_id"], name="txn_by_authorisation"),
        ]
