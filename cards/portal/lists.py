"""The list of cards, and the cards of one cardholder or on one account as panels of those pages."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from cards import queries
from cards.models import Card, CardStatus, CardType
from issuing_portal.core.ids import parse_id
from issuing_portal.portal.lists import Column, Empty, Filter, ListPage
from issuing_portal.staff.pages import staff_page

PANEL_ROWS = 50


def initials(name: str) -> str:
    """What staff without `personal.read` see of a name: `A. L.`"""
    return " ".join(f"{part[0]}." for part in name.split()[:3]) or "–"


class CardList(ListPage):
    """Cards of the viewer's programmes."""

    title = "Cards"
    name = "cards"
    columns: ClassVar[Sequence[Column]] = (
        Column("card", "Card", "masked", kind="code"),
        Column("id", "Id", "public_id", kind="id"),
        Column("holder", "Cardholder", "cardholder.name"),
        Column("status", "Status", kind="status", noun="card", sort="status"),
        Column("frozen_by", "Frozen by", narrow=False),
        Column("account", "Account", "account.public_id", kind="id", narrow=False),
        Column("programme", "Programme", "programme.name", sort="programme__name", narrow=False),
        Column("expires", "Usable to", "expires_on", kind="date", sort="expires_on", narrow=False),
        Column("issued", "Issued", "issued_at", kind="ago", sort="issued_at"),
    )
    filters = (
        Filter("status", "Status", choices=CardStatus.choices),
        Filter("type", "Type", choices=CardType.choices),
        Filter("last4", "Last four", kind="text"),
        Filter("issued", "Issued", kind="dates", lookup="issued_at"),
    )
    search: ClassVar[Sequence[str]] = ("last4", "external_id__iexact", "cardholder__last_name__icontains", "cardholder__first_name__icontains",
              "cardholder__legal_name__icontains")
    search_hint = "Last four, reference, name or id"
    default_sort = "-issued_at"
    paging = "cursor"
    empty = Empty("No cards yet", "A card appears here when a partner issues one through the API.")

    def row_url(self, row: Card) -> str:
        """The card's page."""
        return reverse("cards:detail", args=[row.public_id])

    def searched(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """An id finds its card; anything else goes through the declared fields."""
        found = parse_id("card", text)
        return rows.filter(pk=found) if found else super().searched(rows, text)


class MaskedCardList(CardList):
    """The same for staff who may not read personal data: initials, and no search by name."""

    columns = tuple(Column("holder", "Cardholder", lambda row: initials(row.cardholder.name)) if column.name == "holder" else column
                    for column in CardList.columns)
    search = ("last4", "external_id__iexact")
    search_hint = "Last four, reference or id"


@staff_page("cards.read")
def cards(request: HttpRequest) -> HttpResponseBase:
    """Every card that the viewer may see."""
    seen = queries.cards_seen_by(request.user)  # type: ignore[arg-type]
    kind = CardList if request.user.may("personal.read") else MaskedCardList  # type: ignore[union-attr]
    return kind(seen).render(request)


@staff_page("cards.read")
def of_cardholder(request: HttpRequest, cardholder_id: str) -> HttpResponse:
    """A panel: the cards that one cardholder carries."""
    return _panel(request, cardholder_id=parse_id("cardholder", cardholder_id))


@staff_page("cards.read")
def of_account(request: HttpRequest, account_id: str) -> HttpResponse:
    """A panel: the cards on one account."""
    return _panel(request, account_id=parse_id("account", account_id))


def _panel(request: HttpRequest, **owner: Any) -> HttpResponse:
    rows = queries.cards_seen_by(request.user).filter(**owner).order_by("-pk")  # type: ignore[arg-type]
    personal = request.user.may("personal.read")  # type: ignore[union-attr]
    found = [{"card": row, "holder": row.cardholder.name if personal else initials(row.cardholder.name)} for row in rows[:PANEL_ROWS + 1]]
    template = "cards/_cards.html" if request.headers.get("HX-Request") == "true" else "cards/panel.html"
    return TemplateResponse(request, template, {"title": "Cards", "cards": found[:PANEL_ROWS], "more": len(found) > PANEL_ROWS})
