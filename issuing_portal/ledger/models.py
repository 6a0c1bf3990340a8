"""Account, JournalEntry, Posting: double entry in integer minor units.

Signs: a posting's `amount_minor` is positive for a credit and negative for a debit; an entry sums to zero per
currency (a deferred trigger refuses it otherwise). A customer's money is our liability, so crediting raises it.
"""

from typing import ClassVar

from django.db import models

from issuing_portal.core.rows import Row
from issuing_portal.core.states import Stateful, Transitions, status_check
from issuing_portal.partners.models import Owned


class AccountKind(models.TextChoices):
    CUSTOMER = "customer", "Customer"
    PROGRAMME_FUNDING = "programme_funding", "Unallocated funding"
    SAFEGUARDED_CASH = "safeguarded_cash", "Safeguarded cash"
    SCHEME_SETTLEMENT = "scheme_settlement", "Scheme settlement"
    FEES = "fees", "Fees"
    FX_DIFFERENCE = "fx_difference", "FX difference"
    SUSPENSE = "suspense", "Suspense"
    DISPUTES = "disputes", "Disputes"
    WRITE_OFF = "write_off", "Write-off"


SYSTEM_KINDS = [kind for kind in AccountKind.values if kind != AccountKind.CUSTOMER]
COUNTED_KINDS = [AccountKind.CUSTOMER, AccountKind.PROGRAMME_FUNDING]
"""Accounts with a running balance. The others keep none: it would queue all clearings behind one row."""


class AccountStatus(models.TextChoices):
    OPEN = "OPEN"
    RESTRICTED = "RESTRICTED"
    BLOCKED = "BLOCKED"
    CLOSED = "CLOSED"


class Account(Stateful, Owned):
    """Money of one owner in one currency. available = posted − held + credit limit."""

    noun: ClassVar[str] = "account"
    TRANSITIONS: ClassVar[Transitions] = {
        "OPEN": {"RESTRICTED", "BLOCKED", "CLOSED"},
        "RESTRICTED": {"OPEN", "BLOCKED", "CLOSED"},
        "BLOCKED": {"RESTRICTED", "OPEN"},
    }
    programme = models.ForeignKey("partners.Programme", on_delete=models.PROTECT, related_name="+")
    cardholder = models.ForeignKey("cardholders.Cardholder", null=True, on_delete=models.PROTECT, related_name="accounts")
    kind = models.CharField(max_length=24, choices=AccountKind.choices, default=AccountKind.CUSTOMER)
    status = models.CharField(max_length=16, choices=AccountStatus.choices, default=AccountStatus.OPEN)
    currency = models.CharField(max_length=3)
    posted_minor = models.BigIntegerField(default=0, help_text="the sum of its postings")
    held_minor = models.BigIntegerField(default=0, help_text="the sum of held amounts over open authorisations")
    credit_limit_minor = models.BigIntegerField(default=0)
    external_id = models.CharField(max_length=120, null=True)
    metadata = models.JSONField(default=dict)

    class Meta:
        constraints = [
            status_check(AccountStatus, "account_status_known"),
            models.CheckConstraint(name="account_held_not_negative", condition=models.Q(held_minor__gte=0)),
            models.CheckConstraint(name="account_credit_not_negative", condition=models.Q(credit_limit_minor__gte=0)),
            models.CheckConstraint(name="account_closed_is_empty", condition=~models.Q(status="CLOSED") | models.Q(posted_minor=0, held_minor=0)),
            models.UniqueConstraint(
                fields=["partner", "livemode", "external_id"], name="account_external_id_once", condition=models.Q(external_id__isnull=False)),
            models.UniqueConstraint(fields=["programme", "currency", "kind"], name="system_account_once", condition=~models.Q(kind="customer")),
        ]
        indexes = [models.Index(fields=["partner", "livemode", "-id"], name="account_by_partner")]

    @property
    def available_minor(self) -> int:
        return self.posted_minor - self.held_minor + self.credit_limit_minor


class EntryKind(models.TextChoices):
    FUNDING_CONFIRMED = "funding_confirmed"
    FUND = "fund"
    WITHDRAW = "withdraw"
    TRANSFER = "transfer"
    CLEARING = "clearing"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"


class JournalEntry(Row):
    """One balanced booking. Append-only: a correction is a new entry that names the old one."""

    noun = "journal_entry"
    partner_id = models.UUIDField()
    livemode = models.BooleanField()
    programme_id = models.UUIDField()
    kind = models.CharField(max_length=24, choices=EntryKind.choices)
    reference = models.CharField(max_length=140, blank=True, help_text="the caller's words")
    source_id = models.UUIDField(null=True, help_text="the transaction or message that caused it")
    reverses = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="reversed_by", db_index=False)
    actor = models.JSONField()
    booked_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["programme_id", "-id"], name="entry_by_programme")]


class Posting(Row):
    """One leg: append-only, partitioned by month."""

    noun = "posting"
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="postings", db_constraint=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="postings", db_constraint=False, db_index=False)
    amount_minor = models.BigIntegerField(help_text="credit positive, debit negative")
    currency = models.CharField(max_length=3)
    posted_after_minor = models.BigIntegerField(null=True, help_text="the running balance; null on uncounted system accounts")

    class Meta:
        indexes = [models.Index(fields=["account", "-id"], name="posting_by_account")]
