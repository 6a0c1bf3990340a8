"""Reads of accounts, entries and funding. Every partner-facing read takes partner and mode first."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import NotFound
from issuing_portal.ledger.models import Account, AccountKind, EntryKind, JournalEntry, Posting
from issuing_portal.ledger.wire import INSIDE
from issuing_portal.staff import queries as staff


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
    found = accounts_of(partner_id, livemode).filter(pk=account_id).first()
    if found is None:
        raise NotFound("account")
    return found


def account_for(by: Actor, account_id: UUID) -> Account:
    """A customer account as `by` may meet it: partners only their own in their mode. Raises: NotFound."""
    rows = Account.objects.filter(pk=account_id, kind=AccountKind.CUSTOMER)
    if by.partner_id is not None:
        rows = rows.filter(partner_id=by.partner_id, livemode=by.livemode)
    found = rows.first()
    if found is None:
        raise NotFound("account")
    return found


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
    account = Account.objects.filter(programme_id=programme_id, currency=currency, kind=AccountKind.PROGRAMME_FUNDING).first()
    if account is None:
        return Funding(0, 0, currency)
    confirmed = Posting.objects.filter(account=account, entry__kind=EntryKind.FUNDING_CONFIRMED).aggregate(total=Sum("amount_minor"))["total"]
    return Funding(int(confirmed or 0), account.posted_minor, currency)


def system_balances(programme_id: UUID) -> list[SystemBalance]:
    """The system accounts of a programme; those without a running balance are summed from their postings."""
    rows = Account.objects.filter(programme_id=programme_id).exclude(kind=AccountKind.CUSTOMER).order_by("currency", "kind")
    sums = dict(Posting.objects.filter(account__in=rows).values_list("account_id").annotate(Sum("amount_minor")))
    return [SystemBalance(row, int(sums.get(row.pk, 0))) for row in rows]


def accounts_seen_by(user: Any) -> QuerySet[Account]:
    """Customer accounts of the programmes where a member of staff may read accounts."""
    rows = Account.objects.filter(kind=AccountKind.CUSTOMER).select_related("cardholder", "programme", "partner")
    allowed = staff.programmes_of(user, "accounts.read")
    return rows if allowed is None else rows.filter(programme_id__in=allowed)


def account_seen_by(user: Any, account_id: UUID | None) -> Account:
    """One account, customer's or system, in sight of a member of staff. Raises: NotFound."""
    allowed = staff.programmes_of(user, "accounts.read")
    mine = Q() if allowed is None else Q(programme_id__in=allowed)
    found = Account.objects.filter(mine, pk=account_id).select_related("cardholder", "programme", "partner").first()
    if found is None:
        raise NotFound("account")
    return found


def entry_seen_by(user: Any, entry_id: UUID | None) -> JournalEntry:
    """One entry in sight of a member of staff. Raises: NotFound."""
    allowed = staff.programmes_of(user, "accounts.read")
    mine = Q() if allowed is None else Q(programme_id__in=allowed)
    found = JournalEntry.objects.filter(mine, pk=entry_id).first()
    if found is None:
        raise NotFound("entry")
    return found
