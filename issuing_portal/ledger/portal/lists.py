"""Lists: accounts, the entries of one account, and a cardholder's accounts as a panel."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from issuing_portal.audit import operations as audit
from issuing_portal.core.ids import parse_id, public_id
from issuing_portal.core.money import Money
from issuing_portal.ledger import queries
from issuing_portal.ledger.models import Account, AccountStatus, EntryKind, Posting
from issuing_portal.portal.lists import Column, Empty, Filter, ListPage
from issuing_portal.staff.pages import staff_page


def cardholder_id(account: Account) -> str:
    """`chd_…`, or nothing for an account without an owner."""
    return public_id("cardholder", account.cardholder_id) if account.cardholder_id else ""


def balance_after(posting: Posting) -> Money | None:
    """The running balance; none on system accounts."""
    return None if posting.posted_after_minor is None else Money(posting.posted_after_minor, posting.currency)


class RecordedList(ListPage):
    """A list whose exports stand in the trail."""

    def exported(self, request: HttpRequest) -> None:
        audit.record_export(name=self.name, filters=request.GET.urlencode(), by=request.actor, now=timezone.now())  # type: ignore[attr-defined]


class AccountList(RecordedList):
    title = "Accounts"
    name = "accounts"
    about = "Customers' money, account by account."
    columns = (
        Column("account", "Account", "public_id", kind="id"),
        Column("cardholder", "Cardholder", cardholder_id, kind="id"),
        Column("programme", "Programme", "programme.name", sort="programme__name", narrow=False),
        Column("status", "Status", kind="status", noun="account", sort="status"),
        Column("posted", "Posted", lambda row: Money(row.posted_minor, row.currency), kind="money", sort="posted_minor"),
        Column("held", "Held", lambda row: Money(row.held_minor, row.currency), kind="money", sort="held_minor", narrow=False),
        Column("available", "Available", lambda row: Money(row.available_minor, row.currency), kind="money"),
        Column("opened", "Opened", "created_at", kind="ago", sort="created_at", narrow=False),
    )
    filters = (
        Filter("status", "Status", choices=AccountStatus.choices),
        Filter("balance", "Balance", choices=[("negative", "Negative"), ("held", "With holds")], narrow=lambda rows, chosen: _by_balance(rows, chosen)),
        Filter("opened", "Opened", kind="dates", lookup="created_at"),
    )
    search = ("external_id__iexact",)
    search_hint = "Account, cardholder or the partner's reference"
    default_sort = "-created_at"
    empty = Empty("No accounts yet", "An account appears here when a partner opens one through the API.")

    def row_url(self, row: Account) -> str:
        return reverse("ledger:detail", args=[row.public_id])

    def searched(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        if account := parse_id("account", text):
            return queryset.filter(pk=account)
        if cardholder := parse_id("cardholder", text):
            return queryset.filter(cardholder_id=cardholder)
        return super().searched(queryset, text)


class EntryList(RecordedList):
    title = "Entries"
    name = "entries"
    columns = (
        Column("entry", "Entry", "entry.public_id", kind="id"),
        Column("type", "Type", lambda row: row.entry.get_kind_display()),
        Column("amount", "Amount", lambda row: Money(row.amount_minor, row.currency), kind="money", sort="amount_minor"),
        Column("balance", "Balance after", balance_after, kind="money"),
        Column("reference", "Reference", "entry.reference", narrow=False),
        Column("booked", "Booked", "entry.booked_at", kind="moment", narrow=False),
    )
    filters = (Filter("type", "Type", lookup="entry__kind", choices=EntryKind.choices),
               Filter("booked", "Booked", kind="dates", lookup="entry__booked_at"))
    search = ("entry__reference__icontains",)
    search_hint = "Words of the reference"
    default_sort = "-pk"
    paging = "cursor"
    empty = Empty("Nothing booked yet", "Funding, clearings and transfers appear here with the balance after each.")

    def row_url(self, row: Posting) -> str:
        return reverse("ledger:entry", args=[row.entry.public_id])


@staff_page("accounts.read")
def accounts(request: HttpRequest) -> HttpResponseBase:
    """Accounts of the viewer's programmes."""
    return AccountList(queries.accounts_seen_by(request.user)).render(request)


@staff_page("accounts.read")
def entries(request: HttpRequest, account_id: str) -> HttpResponseBase:
    """Everything booked on one account, a system account too."""
    account = queries.account_seen_by(request.user, parse_id("account", account_id))
    page = EntryList(queries.entries_of(account))
    page.title = f"Entries of {account.get_kind_display().lower()} account …{account.public_id[-8:]}"  # type: ignore[misc]
    page.name = f"entries-{account.public_id}"  # type: ignore[misc]
    return page.render(request)


@staff_page("accounts.read")
def of_cardholder(request: HttpRequest, cardholder_id: str) -> HttpResponseBase:
    """A cardholder's accounts, as a panel of the cardholder's page."""
    key = parse_id("cardholder", cardholder_id)
    rows = queries.accounts_seen_by(request.user).filter(cardholder_id=key).order_by("-pk")[:50] if key else []
    return TemplateResponse(request, "ledger/_accounts.html", {"accounts": list(rows)})


def _by_balance(rows: QuerySet[Any], chosen: list[str]) -> QuerySet[Any]:
    found = rows.none()
    if "negative" in chosen:
        found = found | rows.filter(posted_minor__lt=0)
    if "held" in chosen:
        found = found | rows.filter(held_minor__gt=0)
    return found
