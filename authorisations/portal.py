"""Authorisations in the portal: the list, one of them explained step by step, its timeline, and its release."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from authorisations import operations, queries
from authorisations.explanations import explain
from authorisations.messages import TAP_KINDS
from authorisations.models import OPEN_STATUSES, Authorisation, AuthorisationMessage, AuthorisationStatus, Transaction, TransactionType
from authorisations.wire import steps_of
from cards.portal.lists import initials
from issuing_portal.core.errors import DomainError
from issuing_portal.core.ids import parse_id, public_id
from issuing_portal.core.money import Money
from issuing_portal.portal.details import Fact, Moment, Section
from issuing_portal.portal.lists import Button, Column, Empty, Filter, ListPage
from issuing_portal.portal.reasons import DangerousAct, ReasonForm, ask_reason
from issuing_portal.staff.pages import staff_page
from issuing_portal.staff.queries import actor_for

CHANNELS = [(name, name.capitalize()) for name in ("chip", "contactless", "magstripe", "ecommerce", "manual", "atm", "recurring")]
RULES = {
    "order": "Order of messages", "card": "Card", "expiry": "Expiry", "verification": "Verification", "cardholder": "Cardholder", "kyc": "KYC gate",
    "account": "Account", "currency": "Currency", "merchant_category": "Merchant category", "country": "Country", "merchant": "Merchant",
    "channel": "Channel", "limits": "Limits", "funds": "Funds", "race": "Last look at the write",
}
REASONS = [
    "approved", "approved_partial", "card_not_found", "card_inactive", "card_frozen", "card_terminated", "card_expired", "cardholder_not_active",
    "kyc_incomplete", "account_closed", "account_restricted", "insufficient_funds", "limit_exceeded", "count_limit_exceeded", "mcc_blocked",
    "country_blocked", "merchant_blocked", "channel_blocked", "currency_not_supported", "verification_failed", "pin_incorrect",
    "reversed_before_authorisation", "reversed", "released", "system_error",
]
TITLES = {
    "reversal": "Reversal", "clearing": "Clearing", "refund": "Refund", "release": "Released by us",
    "advice": "Advice", "increment": "Increment", "expiry": "Expiry", "sweep": "Hold ended by its day",
}


def _amount(row: Authorisation) -> Money:
    return Money(row.amount_minor, row.currency)


def _reason(row: Authorisation) -> str:
    return row.reason.replace("_", " ")


class AuthorisationList(ListPage):
    """Every tap that was decided."""

    title = "Authorisations"
    name = "authorisations"
    about = "Every card tap: what was asked, what was decided, and why."
    columns = (
        Column("authorisation", "Authorisation", "public_id", kind="id"),
        Column("merchant", "Merchant", "merchant_name"),
        Column("amount", "Amount", _amount, kind="money"),
        Column("status", "Status", kind="status", noun="authorisation"),
        Column("reason", "Reason", _reason),
        Column("card", "Card", lambda row: f"•••• {row.card.last4}" if row.card else "not found", narrow=False),
        Column("channel", "Channel", "channel", narrow=False),
        Column("latency", "Decided in", lambda row: f"{row.latency_us / 1000:.1f} ms", narrow=False),
        Column("at", "When", "created_at", kind="ago"),
    )
    filters = (
        Filter("status", "Status", choices=AuthorisationStatus.choices),
        Filter("reason", "Reason", choices=lambda: [(name, name.replace("_", " ").capitalize()) for name in REASONS]),
        Filter("channel", "Channel", choices=CHANNELS),
        Filter("kind", "Kind", choices=[(name, name.replace("_", " ").capitalize()) for name in TAP_KINDS]),
        Filter("hold", "Hold", choices=[("held", "Still held"), ("overdue", "Past its day")], narrow=lambda rows, chosen: _by_hold(rows, chosen)),
        Filter("mcc", "MCC", kind="text", lookup="mcc"),
        Filter("country", "Country", kind="text", lookup="merchant_country__iexact"),
        Filter("at", "When", kind="dates", lookup="created_at"),
    )
    search = ("merchant_name__icontains", "network_reference", "card__last4")
    search_hint = "Merchant, reference or last four"
    paging = "cursor"
    empty = Empty("No authorisations yet", "A row appears here with the first card tap. The sandbox can send one: POST /v1/sandbox/authorisations.")

    def row_url(self, row: Authorisation) -> str:
        return reverse("authorisations:detail", args=[row.public_id])

    def searched(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        programme = parse_id("programme", text)
        return queryset.filter(programme_id=programme) if programme else super().searched(queryset, text)


def _by_hold(rows: QuerySet[Authorisation], chosen: list[str]) -> QuerySet[Authorisation]:
    """Open holds, or of these only the ones whose day has passed."""
    held = rows.filter(held_minor__gt=0, status__in=OPEN_STATUSES)
    return held if "held" in chosen else held.filter(hold_expires_at__lt=timezone.now())


class TransactionList(ListPage):
    """Cleared money."""

    title = "Transactions"
    name = "transactions"
    about = "Money that the network has moved: clearings and refunds, each booked by one journal entry."
    columns = (
        Column("transaction", "Transaction", "public_id", kind="id"),
        Column("type", "Type", lambda row: row.type.capitalize()),
        Column("merchant", "Merchant", "merchant_name"),
        Column("amount", "Amount", lambda row: Money((1 if row.type == TransactionType.REFUND else -1) * row.amount_minor, row.currency), kind="money"),
        Column("card", "Card", lambda row: f"•••• {row.card.last4}" if row.card else "not found", narrow=False),
        Column("flags", "Look at", lambda row: ", ".join(flag.replace("_", " ") for flag in row.flags), narrow=False),
        Column("posted", "Posted", "posted_at", kind="ago"),
    )
    filters = (
        Filter("type", "Type", choices=TransactionType.choices),
        Filter("forced", "Forced", choices=[("true", "Without an authorisation")], narrow=lambda rows, values: rows.filter(forced=True)),
        Filter("flagged", "Flags", choices=[("true", "Flagged")], narrow=lambda rows, values: rows.exclude(flags=[])),
        Filter("posted", "Posted", kind="dates", lookup="posted_at"),
    )
    search = ("merchant_name__icontains", "network_reference", "card__last4")
    search_hint = "Merchant, network reference or last four"
    paging = "cursor"
    empty = Empty("Nothing has been cleared yet", "A row appears here when the processor sends a clearing or a refund.")

    def row_url(self, row: Transaction) -> str:
        return reverse("authorisations:transaction", args=[row.public_id])


@staff_page("authorisations.read")
def authorisations(request: HttpRequest) -> HttpResponseBase:
    others = Button("Transactions", reverse("authorisations:transactions"), "list")
    return AuthorisationList(queries.authorisations_seen_by(request.user), action=others).render(request)


@staff_page("authorisations.read")
def transactions(request: HttpRequest) -> HttpResponseBase:
    return TransactionList(queries.transactions_seen_by(request.user)).render(request)


@staff_page("authorisations.read")
def of_owner(request: HttpRequest, noun_id: str) -> HttpResponse:
    """The last taps of a card, cardholder or account: a panel of that thing's own page."""
    rows = queries.authorisations_about(request.user, noun_id)[:10]
    return render(request, "authorisations/_taps.html", {"taps": [_tap(row) for row in rows]})


@staff_page("authorisations.read")
def one(request: HttpRequest, authorisation_id: str) -> HttpResponse:
    """One authorisation: what was asked, each rule's finding with its numbers, and what became of it."""
    row = queries.authorisation_seen_by(request.user, parse_id("authorisation", authorisation_id))
    messages = queries.messages_of([row.id])[row.id]
    cleared = list(Transaction.objects.filter(authorisation_id=row.id).order_by("id"))
    return render(request, "portal/detail.html", {
        "title": f"{row.merchant_name}, {_amount(row).format()}", "noun": "authorisation", "status": row.status, "identifier": row.public_id,
        "back": ("Authorisations", reverse("authorisations:list")), "action": _release_button(request, row),
        "facts": _facts(row, personal=request.user.may("personal.read", row.programme_id)),  # type: ignore[union-attr]
        "sections": [
            Section("The decision", "authorisations/_explained.html", {
                "verdict": _verdict(row), "steps": _steps(messages, row.currency), "approved": row.decision == "approved"}),
            Section("Money", "authorisations/_money.html", {
                "row": row, "amounts": _amounts(row), "cleared": [_cleared(one) for one in cleared]}, count=len(cleared)),
            Section("Messages", "authorisations/_messages.html", {"messages": [_message(one) for one in messages]}, count=len(messages)),
        ],
        "timeline": [_moment(one) for one in reversed(messages)],
    })


@staff_page("authorisations.read")
def transaction(request: HttpRequest, transaction_id: str) -> HttpResponse:
    """One cleared amount and where it was booked."""
    row = queries.transaction_seen_by(request.user, parse_id("transaction", transaction_id))
    facts = [
        Fact("Amount", Money(row.amount_minor, row.currency), "money"), Fact("Type", row.type.capitalize()), Fact("Merchant", row.merchant_name),
        Fact("MCC", row.mcc, "code"), Fact("Country", row.merchant_country), Fact("Network reference", row.network_reference, "code"),
        Fact("Posted", row.posted_at, "moment"),
        Fact("Account", row.account.public_id, "id", url=reverse("ledger:detail", args=[row.account.public_id])),
        Fact("Journal entry", public_id("journal_entry", row.entry_id), "id",
             url=reverse("ledger:entry", args=[public_id("journal_entry", row.entry_id)])),
        Fact("Look at", ", ".join(flag.replace("_", " ") for flag in row.flags) or "nothing unusual"),
    ]
    if row.authorisation_id:
        its = public_id("authorisation", row.authorisation_id)
        facts.append(Fact("Authorisation", its, "id", url=reverse("authorisations:detail", args=[its])))
    return render(request, "portal/detail.html", {
        "title": f"{row.type.capitalize()}, {row.merchant_name or 'merchant not told'}", "identifier": row.public_id, "facts": facts,
        "back": ("Transactions", reverse("authorisations:transactions"))})


@staff_page("authorisations.release")
def release(request: HttpRequest, authorisation_id: str) -> HttpResponse:
    """End a hold by hand, with a reason; above an amount a second person approves it."""
    row = queries.authorisation_seen_by(request.user, parse_id("authorisation", authorisation_id))
    held = Money(row.held_minor, row.currency)
    two = operations.needs_second_person(row)
    act = DangerousAct(
        title=f"Release the hold of {held.format()}", verb="Propose the release" if two else "Release the hold",
        back=reverse("authorisations:detail", args=[row.public_id]),
        consequence=f"{held.format()} become available again on the account. If the merchant still clears this payment, it is booked all the same."
                    + (" This amount needs a second person." if two else ""),
        undo="A released hold cannot be taken again.")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            verb = operations.propose_release if two else operations.release_hold
            verb(authorisation_id=row.id, partner_id=row.partner_id, livemode=row.livemode, reason=form.words, by=actor_for(request), now=timezone.now())
            return redirect(act.back)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
    return ask_reason(request, act, form)


def _release_button(request: HttpRequest, row: Authorisation) -> Button | None:
    offered = row.status in OPEN_STATUSES and row.held_minor and request.user.may("authorisations.release", row.programme_id)  # type: ignore[union-attr]
    return Button("Release hold", reverse("authorisations:release", args=[row.public_id]), "lock-open") if offered else None


def _facts(row: Authorisation, *, personal: bool) -> list[Fact]:
    found = [Fact("Asked", _amount(row), "money"), Fact("Merchant", f"{row.merchant_name}, {row.merchant_city} {row.merchant_country}".replace(",  ", ", ")),
             Fact("MCC", row.mcc, "code"), Fact("Channel", row.channel + (f", {row.wallet.replace('_', ' ')}" if row.wallet else "")),
             Fact("Kind", row.kind.replace("_", " "))]
    if row.card:
        found.append(Fact("Card", f"•••• {row.card.last4}", url=reverse("cards:detail", args=[row.card.public_id])))
    if row.account_id:
        account = public_id("account", row.account_id)
        found.append(Fact("Account", account, "id", url=reverse("ledger:detail", args=[account])))
    if row.cardholder:
        name = row.cardholder.name if personal else initials(row.cardholder.name)
        found.append(Fact("Cardholder", name, url=reverse("cardholders:detail", args=[row.cardholder.public_id])))
    if row.merchant_amount_minor is not None and row.merchant_currency:
        found.append(Fact("At the merchant", Money(row.merchant_amount_minor, row.merchant_currency), "money"))
    found += [Fact("Requested", row.requested_at, "moment"), Fact("Decided in", f"{row.latency_us / 1000:.1f} ms" + (", answered late" if row.late else "")),
              Fact("Network reference", row.network_reference, "code")]
    if row.hold_expires_at and row.held_minor:
        found.append(Fact("Hold ends", row.hold_expires_at, "moment"))
    return found


def _verdict(row: Authorisation) -> str:
    if row.status == AuthorisationStatus.DECLINED:
        return f"Declined: {_reason(row)}"
    return f"Approved for {Money(row.approved_minor, row.currency).format()}"


def _steps(messages: list[AuthorisationMessage], currency: str) -> list[dict[str, Any]]:
    found = explain(steps_of(messages), audience="staff")
    for number, step in enumerate(found, 1):
        step["number"], step["name"] = number, RULES.get(step["rule"], step["rule"])
        step["pairs"] = [(name.replace("_", " "), _plain(value)) for name, value in step["numbers"].items() if name != "checked"]
        step["checked"] = [_plain_limit(limit, currency) for limit in step["numbers"].get("checked", [])]
    return found


def _plain(value: Any) -> str:
    return "none" if value is None else "yes" if value is True else "no" if value is False else str(value)


def _plain_limit(limit: dict[str, Any], currency: str) -> str:
    used, asked, most = (limit[name] if limit["unit"] == "count" else Money(limit[name], currency).format() for name in ("used", "asked", "limit"))
    return f"{limit['control']}, {limit['interval'].replace('_', ' ')}: {used} used + {asked} asked of {most}"


def _amounts(row: Authorisation) -> list[tuple[str, Money]]:
    return [(label, Money(minor, row.currency)) for label, minor in (
        ("Approved", row.approved_minor), ("Held now", row.held_minor), ("Cleared", row.cleared_minor))]


def _cleared(row: Transaction) -> dict[str, Any]:
    return {"id": row.public_id, "url": reverse("authorisations:transaction", args=[row.public_id]), "type": row.type.capitalize(),
            "amount": Money(row.amount_minor, row.currency), "at": row.posted_at, "flags": ", ".join(flag.replace("_", " ") for flag in row.flags)}


def _message(row: AuthorisationMessage) -> dict[str, Any]:
    amount = Money(row.amount_minor, row.currency) if row.amount_minor is not None and row.currency else None
    return {"kind": TITLES.get(row.kind, row.kind.replace("_", " ").capitalize()), "reference": row.network_reference, "amount": amount, "at": row.received_at,
            "result": _result(row), "payload": row.payload}


def _result(row: AuthorisationMessage) -> str:
    told = row.answer
    return str(told.get("reason") if told.get("decision") == "declined" else told.get("decision") or told.get("result") or "").replace("_", " ")


def _moment(row: AuthorisationMessage) -> Moment:
    shown = _message(row)
    words = f"{shown['kind']}" + (f" of {shown['amount'].format()}" if shown["amount"] else "")
    declined = row.answer.get("decision") == "declined"
    ours = row.kind in ("release", "sweep")
    return Moment(row.received_at, words, actor="" if ours else "the processor", reason=row.payload.get("reason", "") if ours else "",
                  detail=_result(row).capitalize(), colour="red" if declined else "green" if row.kind == "clearing" else "blue")


def _tap(row: Authorisation) -> dict[str, Any]:
    return {"url": reverse("authorisations:detail", args=[row.public_id]), "merchant": row.merchant_name, "amount": _amount(row), "status": row.status,
            "reason": _reason(row), "at": row.created_at}
