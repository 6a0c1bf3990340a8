"""One account, one entry, one programme's money."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse

from issuing_portal.audit import queries as audit
from issuing_portal.core.errors import NotFound
from issuing_portal.core.ids import parse_id, public_id
from issuing_portal.core.money import Money
from issuing_portal.ledger import queries
from issuing_portal.ledger.models import Account, AccountKind, AccountStatus, EntryKind, JournalEntry
from issuing_portal.ledger.portal.lists import cardholder_id
from issuing_portal.partners import queries as partners
from issuing_portal.partners.models import Programme
from issuing_portal.portal.details import Fact, Moment, Section
from issuing_portal.portal.lists import Button
from issuing_portal.portal.statuses import word
from issuing_portal.staff import queries as staff
from issuing_portal.staff.pages import staff_page

RECENT = 25
MOVES = {
    "restrict": ("Restrict", "lock", "accounts.restrict", AccountStatus.RESTRICTED), "block": ("Block", "ban", "accounts.block", AccountStatus.BLOCKED),
    "reopen": ("Reopen", "lock-open", "accounts.restrict", AccountStatus.OPEN), "close": ("Close", "x", "accounts.close", AccountStatus.CLOSED),
}
"""Verb in the address → label, icon, permission, target state. Leaving a block asks for accounts.block instead."""
PROPOSALS = {
    "fund": ("Propose funding", "plus", "accounts.fund"), "withdraw": ("Propose a withdrawal", "minus", "accounts.withdraw"),
    "adjust": ("Propose an adjustment", "adjustments", "accounts.adjust"),
}


@staff_page("accounts.read")
def account(request: HttpRequest, account_id: str) -> HttpResponse:
    """One account: its money, what was booked, what happened."""
    row = queries.account_seen_by(request.user, parse_id("account", account_id))
    customer = row.kind == AccountKind.CUSTOMER
    buttons = _buttons(request, row) if customer else []
    return TemplateResponse(request, "ledger/account_detail.html", {
        "title": f"Account …{row.public_id[-8:]}" if customer else row.get_kind_display(), "noun": "account", "status": row.status,
        "identifier": row.public_id, "back": ("Accounts", reverse("ledger:list")),
        "action": buttons[0] if buttons else None, "more": buttons[1:], "facts": _facts(row),
        "sections": [Section("Latest entries", "ledger/_entries.html", {
            "postings": list(queries.entries_of(row).order_by("-pk")[:RECENT]), "all_url": reverse("ledger:entries", args=[row.public_id])})],
        "cards_url": _link("cards:of_account", row.public_id) if customer and request.user.may("cards.read") else "",  # type: ignore[union-attr]
        "timeline": [Moment(one.at, word(one.type.replace(".", " ")), one.actor, one.reason, detail=_moved(one))
                     for one in audit.timeline("account", row.pk, request.user, limit=50)],
    })


@staff_page("accounts.read")
def entry(request: HttpRequest, entry_id: str) -> HttpResponse:
    """One journal entry with all its legs."""
    row = queries.entry_seen_by(request.user, parse_id("journal_entry", entry_id))
    legs = list(row.postings.select_related("account").order_by("amount_minor"))
    source = _source(row)
    return TemplateResponse(request, "portal/detail.html", {
        "title": f"{row.get_kind_display()} entry", "identifier": row.public_id, "back": ("Accounts", reverse("ledger:list")),
        "facts": [Fact("Booked", row.booked_at, "moment"), Fact("By", row.actor.get("label", "")), Fact("Channel", row.actor.get("channel", "")),
                  Fact("Reference", row.reference), *([source] if source else [])],
        "sections": [Section("Legs", "ledger/_legs.html", {"legs": legs}, count=len(legs))],
    })


def _source(row: JournalEntry) -> Fact | None:
    """What caused the entry: for cleared money the transaction, with its page."""
    if row.source_id is None:
        return None
    if row.kind not in (EntryKind.CLEARING, EntryKind.REFUND):
        return Fact("Source", str(row.source_id), "id")
    transaction = public_id("transaction", row.source_id)
    return Fact("Transaction", transaction, "id", url=_link("authorisations:transaction", transaction))


@staff_page("accounts.read")
def programme(request: HttpRequest, programme_id: str) -> HttpResponse:
    """A programme's system accounts and its funding."""
    row = programme_seen(request, programme_id)
    funding = queries.funding(row.pk, row.currency)
    offered = request.user.may("programmes.fund", row.pk)  # type: ignore[union-attr]
    return TemplateResponse(request, "portal/detail.html", {
        "title": f"Money of {row.name}", "noun": "programme", "status": row.status, "identifier": row.public_id,
        "back": ("Accounts", reverse("ledger:list")),
        "action": Button("Propose confirmed funding", reverse("ledger:confirm_funding", args=[row.public_id])) if offered else None,
        "facts": [Fact("Confirmed funding", Money(funding.confirmed, row.currency), "money"),
                  Fact("Unallocated", Money(funding.unallocated, row.currency), "money", help="What is left to fund accounts from."),
                  Fact("Currency", row.currency), Fact("Mode", "Live" if row.livemode else "Test")],
        "sections": [Section("System accounts", "ledger/_system_accounts.html", {"balances": queries.system_balances(row.pk)})],
    })


def programme_seen(request: HttpRequest, programme_id: str) -> Programme:
    """A programme whose accounts the viewer may read. Raises: NotFound."""
    seen = partners.programmes_seen_by(staff.programmes_of(request.user, "accounts.read"))  # type: ignore[arg-type]
    key = parse_id("programme", programme_id)
    row = seen.filter(pk=key).first() if key else None
    if row is None:
        raise NotFound("programme")
    return row


def move_permission(account: Account, verb: str) -> str:
    """The permission that a move of this account asks for."""
    return "accounts.block" if account.status == AccountStatus.BLOCKED and verb != "close" else MOVES[verb][2]


def _buttons(request: HttpRequest, row: Account) -> list[Button]:
    """What this viewer may do now: proposals first, then moves of the transition table."""
    may, place = request.user.may, row.public_id  # type: ignore[union-attr]
    open_for_money = row.status != AccountStatus.CLOSED
    buttons = [Button(label, reverse(f"ledger:{verb}", args=[place]), icon)
               for verb, (label, icon, permission) in PROPOSALS.items() if open_for_money and may(permission, row.programme_id)]
    return buttons + [Button(label, reverse(f"ledger:{verb}", args=[place]), icon) for verb, (label, icon, _, target) in MOVES.items()
                      if row.can_become(target) and may(move_permission(row, verb), row.programme_id)]


def _moved(one: audit.Happening) -> str:
    """The money that an event moved, with its sign."""
    told = one.event.internal if one.event else {}
    return Money(told["amount"], told["currency"]).format() if "amount" in told else ""


def _facts(row: Account) -> list[Fact]:
    counted = row.kind in (AccountKind.CUSTOMER, AccountKind.PROGRAMME_FUNDING)
    money = [Fact("Posted", Money(row.posted_minor, row.currency), "money"), Fact("Held", Money(row.held_minor, row.currency), "money"),
             Fact("Credit limit", Money(row.credit_limit_minor, row.currency), "money"),
             Fact("Available", Money(row.available_minor, row.currency), "money", help="posted − held + credit limit")]
    owner = cardholder_id(row)
    return [*(money if counted else []),
            Fact("Cardholder", owner, "id", url=_link("cardholders:detail", owner)),
            Fact("Programme", row.programme.name, url=reverse("ledger:programme", args=[public_id("programme", row.programme_id)])),
            Fact("Partner", row.partner.name), Fact("Mode", "Live" if row.livemode else "Test"), Fact("Partner's reference", row.external_id, "code"),
            Fact("Opened", row.created_at, "moment")]


def _link(name: str, identifier: str) -> str:
    """The address of another app's page, "" where there is none (yet)."""
    try:
        return reverse(name, args=[identifier]) if identifier else ""
    except NoReverseMatch:
        return ""
