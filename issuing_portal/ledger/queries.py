"""Reads of accounts, entries and funding. Every partner-facing read takes partner and mode first."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet, Sum

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import NotFound
from issuing_portal.ledger.models import COUNTED_KINDS, Account, AccountKind, EntryKind, JournalEntry, Posting
from issuing_portal.ledger.wire import INSIDE
from issuing_portal.staff import queries as staff

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Funding:
    """A programme's money in minor units: all that was ever confirmed, and what is not yet allocated to accounts."""

    confirmed: int
    unallocated: int
    currency: str


@dataclass(frozen=True, slots=True)
class SystemBalance:
    """One system account of a programme; `balance_minor` is credit minus debit."""

    account: Account
    balance_minor: int


FILTERS = {"programme": "programme_id", "cardholder": "cardholder_id", "external_id": "external_id", "currency": "currency",
           "created_at_gte": "created_at__gte", "created_at_lt": "created_at__lt"}


def accounts_of(partner_id: UUID, livemode: bool, *, status: str | None = None, **filters: Any) -> QuerySet[Account]:
    """A partner's customer accounts in one mode, narrowed by FILTERS.

    `status` is the outside word: `restricted` covers compliance blocks too.
    """
    rows = Account.objects.filter(partner_id=partner_id, livemode=livemode, kind=AccountKind.CUSTOMER)
    rows = rows.filter(**{FILTERS[name]: value for name, value in filters.items() if value is not None})
    return rows.filter(status__in=INSIDE[status]) if status else rows


def account_of(partner_id: UUID, livemode: bool, account_id: UUID | None) -> Account:
    """One customer account of a partner. Raises: NotFound, also for another partner's or mode's."""
    return _one(accounts_of(partner_id, livemode), account_id)


def account_for(by: Actor, account_id: UUID) -> Account:
    """A customer account as `by` may meet it: partners only their own in their mode. Raises: NotFound."""
    if by.partner_id is not None:
        return account_of(by.partner_id, bool(by.livemode), account_id)
    return _one(Account.objects.filter(kind=AccountKind.CUSTOMER), account_id)


def entries_of(account: Account, *, type: str | None = None, created_at_gte: Any = None, created_at_lt: Any = None) -> QuerySet[Posting]:
    """The postings of one account with their entries."""
    wanted = {"entry__kind": type, "entry__booked_at__gte": created_at_gte, "entry__booked_at__lt": created_at_lt}
    return (Posting.objects.filter(account=account, **{name: value for name, value in wanted.items() if value is not None})
            .select_related("entry"))


@lru_cache(maxsize=8192)
def system_account_id(programme_id: UUID, currency: str, kind: str) -> UUID:
    """The id of a programme's system account: it never changes, hence kept in the process. Raises: NotFound."""
    found = Account.objects.filter(programme_id=programme_id, currency=currency, kind=kind).values_list("pk", flat=True).first()
    if kind == AccountKind.CUSTOMER or found is None:
        raise NotFound("account")
    return found


def funding(programme_id: UUID, currency: str) -> Funding:
    """What funding was confirmed for a programme, and what of it is unallocated. Zeros where it has no accounts yet."""
    pool = Account.objects.filter(programme_id=programme_id, currency=currency, kind=AccountKind.PROGRAMME_FUNDING).first()
    if pool is None:
        return Funding(0, 0, currency)
    # Summed on the cash side, which has one posting per confirmation; the pool has one more for every account it ever funded.
    cash = Posting.objects.filter(account_id=system_account_id(programme_id, currency, AccountKind.SAFEGUARDED_CASH), entry__kind=EntryKind.FUNDING_CONFIRMED)
    return Funding(-int(cash.aggregate(total=Sum("amount_minor"))["total"] or 0), pool.posted_minor, currency)


def system_balances(programme_id: UUID) -> list[SystemBalance]:
    """The system accounts of a programme; those without a running balance are summed from their postings."""
    rows = Account.objects.filter(programme_id=programme_id).exclude(kind=AccountKind.CUSTOMER).order_by("currency", "kind")
    uncounted = [row.pk for row in rows if row.kind not in COUNTED_KINDS]
    sums = dict(Posting.objects.filter(account__in=uncounted).values_list("account_id").annotate(Sum("amount_minor")))
    return [SystemBalance(row, row.posted_minor if row.kind in COUNTED_KINDS else int(sums.get(row.pk, 0))) for row in rows]


def accounts_seen_by(user: Any) -> QuerySet[Account]:
    """Customer accounts of the programmes where a member of staff may read accounts."""
    rows = Account.objects.filter(kind=AccountKind.CUSTOMER).select_related("cardholder", "programme", "partner")
    allowed = staff.programmes_of(user, "accounts.read")
    return rows if allowed is None else rows.filter(programme_id__in=allowed)


def account_seen_by(user: Any, account_id: UUID | None) -> Account:
    """One account, customer's or system, in sight of a member of staff. Raises: NotFound."""
    allowed = staff.programmes_of(user, "accounts.read")
    mine = Q() if allowed is None else Q(programme_id__in=allowed)
    return _one(Account.objects.filter(mine).select_related("cardholder", "programme", "partner"), account_id)


def entry_seen_by(user: Any, entry_id: UUID | None) -> JournalEntry:
    """One entry in sight of a member of staff. Raises: NotFound."""
    allowed = staff.programmes_of(user, "accounts.read")
    mine = Q() if allowed is None else Q(programme_id__in=allowed)
    return _one(JournalEntry.objects.filter(mine), entry_id, "entry")


def _one(rows: QuerySet[M], key: UUID | None, noun: str = "account") -> M:
    """The row of `key`; a key that was no id of this noun (None) is simply not there."""
    found = rows.filter(pk=key).first() if key else None
    if found is None:
        raise NotFound(noun)
    return found
