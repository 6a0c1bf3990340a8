"""The search of the whole portal: an id leads straight to its thing, anything else finds people, cards, money and taps.

A card number is never searched for: it is neither looked up, kept in an address, logged nor shown again; the answer asks for the last four.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from authorisations import queries as authorisations
from cardholders import queries as cardholders
from cards import queries as cards
from issuing_portal.core.errors import NotFound
from issuing_portal.core.ids import PREFIXES, parse_id
from issuing_portal.core.money import Money
from issuing_portal.ledger import queries as ledger
from issuing_portal.partners import queries as partners
from issuing_portal.portal.home.panels import Line, address, name_for
from issuing_portal.portal.lists.filters import typed
from issuing_portal.staff import queries as staff
from issuing_portal.staff.pages import staff_page
from issuing_portal.staff.roles import EVERYONE
from kyc import queries as kyc

MOST = 8
"""Hits shown per group; the list behind "all" has the rest."""
SHORTEST = 2
CARD_NUMBER = re.compile(r"(?:\d[ .\-_/]{0,2}){11,18}\d")
LAST_FOUR = re.compile(r"\d{4}")
NOUNS = {prefix: noun for noun, prefix in PREFIXES.items()}


@dataclass(frozen=True)
class Group:
    """What one kind of thing answered: its first hits, and the list that has them all ("" where they are all here)."""

    title: str
    icon: str
    lines: list[Line]
    all_url: str = ""


@staff_page(EVERYONE)
def search(request: HttpRequest) -> HttpResponse:
    """What the typed text finds among the things that the viewer may read."""
    raw = request.GET.get("q", "")
    if CARD_NUMBER.search(raw):
        # Away from an address that holds it: a redirect leaves nothing in the browser's history.
        return HttpResponseRedirect(f"{reverse('portal:search')}?refused=number")
    text = typed(raw)
    if place := place_of(request.user, text):
        return HttpResponseRedirect(place)
    groups = found(request.user, text) if len(text) >= SHORTEST else []
    return render(
        request,
        "portal/search.html",
        {
            "title": f"Search: {text}" if text else "Search",
            "search_query": text,
            "groups": groups,
            "looks_like_id": noun_of(text) != "",
            "refused": request.GET.get("refused") == "number",
            "too_short": 0 < len(text) < SHORTEST,
        },
    )


@staff_page(EVERYONE)
def alive(request: HttpRequest) -> HttpResponse:
    """Somebody is there: asking is what keeps the session (staff/middleware.py), so there is nothing to answer."""
    return HttpResponse(status=204)


def noun_of(text: str) -> str:
    """The noun that a well-formed TypeID names, else ""."""
    noun = NOUNS.get(text.partition("_")[0], "")
    return noun if noun and parse_id(noun, text) else ""


def place_of(user: Any, text: str) -> str:
    """The page of the thing with this id, when there is one and the viewer may see it; else ""."""
    noun = noun_of(text)
    if not noun or noun not in PAGES:
        return ""
    verb, url_name, seen = PAGES[noun]
    if not user.may(verb):
        return ""
    try:
        seen(user, text)
    except NotFound:
        return ""
    return address(url_name, text)


def _programme(user: Any, text: str) -> None:
    _one(partners.programmes_seen_by(staff.programmes_of(user, "accounts.read")), parse_id("programme", text), "programme")


def _partner(user: Any, text: str) -> None:
    _one(partners.partners_seen_by(staff.programmes_of(user, "partners.read")), parse_id("partner", text), "partner")


def _event(user: Any, text: str) -> None:
    """The trail's own page asks again; here it is enough that the reader may open it."""


def _one(rows: QuerySet[Any], key: Any, noun: str) -> None:
    if not rows.filter(pk=key).exists():
        raise NotFound(noun)


PAGES: dict[str, tuple[str, str, Callable[[Any, str], object]]] = {
    "cardholder": ("cardholders.read", "cardholders:detail", lambda user, text: cardholders.seen_by(user, parse_id("cardholder", text))),
    "kyc_case": ("kyc.read", "kyc:detail", lambda user, text: kyc.seen_by(user, parse_id("kyc_case", text))),
    "card": ("cards.read", "cards:detail", lambda user, text: cards.card_seen_by(user, parse_id("card", text))),
    "account": ("accounts.read", "ledger:detail", lambda user, text: ledger.account_seen_by(user, parse_id("account", text))),
    "journal_entry": ("accounts.read", "ledger:entry", lambda user, text: ledger.entry_seen_by(user, parse_id("journal_entry", text))),
    "authorisation": (
        "authorisations.read",
        "authorisations:detail",
        lambda user, text: authorisations.authorisation_seen_by(user, parse_id("authorisation", text)),
    ),
    "transaction": (
        "authorisations.read",
        "authorisations:transaction",
        lambda user, text: authorisations.transaction_seen_by(user, parse_id("transaction", text)),
    ),
    "programme": ("accounts.read", "ledger:programme", _programme),
    "partner": ("partners.read", "partners:detail", _partner),
    "event": ("audit.read", "audit:detail", _event),
    "user": ("staff.read", "staff:detail", lambda user, text: staff.member(text)),
    "proposal": ("proposals.read", "staff:proposal", lambda user, text: staff.proposal_seen_by(user, text)),
}
"""Noun → the verb that opens its page, the page, and the read that raises NotFound where it is not the viewer's."""


def found(user: Any, text: str) -> list[Group]:
    """The groups that have hits, people first."""
    groups = [search_in(user, text) for verb, search_in in GROUPS if user.may(verb)]
    return [group for group in groups if group.lines]


def _cardholders(user: Any, text: str) -> Group:
    rows = cardholders.found(cardholders.cardholders_seen_by(user), text).order_by("-id")[: MOST + 1]
    lines = [
        Line(
            row.name,
            address("cardholders:detail", row.public_id),
            f"{row.get_type_display().lower()}, {row.programme.name}",
            row.status,
            "cardholder",
        )
        for row in rows
    ]
    return _group("Cardholders", "users", lines, "cardholders:list", text)


def _cards(user: Any, text: str) -> Group:
    wanted = Q(last4=text) if LAST_FOUR.fullmatch(text) else Q(external_id__iexact=text)
    rows = cards.cards_seen_by(user).filter(wanted).order_by("-id")[: MOST + 1]
    lines = [
        Line(row.masked, address("cards:detail", row.public_id), f"{name_for(user, row.cardholder.name)}, {row.programme.name}", row.status, "card")
        for row in rows
    ]
    return _group("Cards", "credit-card", lines, "cards:list", text)


def _accounts(user: Any, text: str) -> Group:
    rows = ledger.accounts_seen_by(user).filter(external_id__iexact=text).order_by("-id")[: MOST + 1]
    lines = [
        Line(
            row.external_id or row.public_id,
            address("ledger:detail", row.public_id),
            row.programme.name,
            row.status,
            "account",
            amount=Money(row.available_minor, row.currency),
        )
        for row in rows
    ]
    return _group("Accounts", "building-bank", lines, "ledger:list", text)


def _authorisations(user: Any, text: str) -> Group:
    rows = authorisations.authorisations_seen_by(user).filter(network_reference=text).order_by("-id")[: MOST + 1]
    lines = [
        Line(
            row.merchant_name,
            address("authorisations:detail", row.public_id),
            row.reason.replace("_", " "),
            row.status,
            "authorisation",
            amount=Money(row.amount_minor, row.currency),
            at=row.created_at,
        )
        for row in rows
    ]
    return _group("Authorisations", "bolt", lines, "authorisations:list", text)


def _partners(user: Any, text: str) -> Group:
    rows = partners.partners_seen_by(staff.programmes_of(user, "partners.read")).filter(name__icontains=text).order_by("name")[: MOST + 1]
    lines = [Line(row.name, address("partners:detail", row.public_id), row.contact_email, row.status, "partner") for row in rows]
    return _group("Partners", "affiliate", lines, "partners:list", text)


def _group(title: str, icon: str, lines: list[Line], url_name: str, text: str) -> Group:
    return Group(title, icon, lines[:MOST], address(url_name, q=text) if len(lines) > MOST else "")


GROUPS: tuple[tuple[str, Callable[[Any, str], Group]], ...] = (
    ("cardholders.read", _cardholders),
    ("cards.read", _cards),
    ("accounts.read", _accounts),
    ("authorisations.read", _authorisations),
    ("partners.read", _partners),
)
