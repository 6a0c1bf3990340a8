"""Lists of the portal: one mechanism for every table of rows.

A domain's `portal.py` declares a list and serves it; the template, filters, sorting, paging and export come from here::

    class CardList(ListPage):
        title = "Cards"
        name = "cards"                                   # file name of the export
        columns = (
            Column("card", "Card", "public_id", kind="id"),                # the first column carries the row's link
            Column("holder", "Cardholder", "cardholder.name", sort="cardholder__name"),
            Column("status", "Status", kind="status", noun="card", sort="status"),
            Column("available", "Available", "account.available", kind="money"),    # a Money; right-aligned
            Column("issued", "Issued", "issued_at", kind="ago", sort="issued_at", narrow=False),
        )
        filters = (
            Filter("status", "Status", choices=CardStatus.choices),
            Filter("issued", "Issued", kind="dates", lookup="issued_at"),
        )
        search = ("last4", "external_id__iexact", "cardholder__name__icontains")
        search_hint = "Last four, reference or name"
        default_sort = "-issued_at"
        paging = "cursor"                                # big tables; "page" (the default) has numbers and an exact count
        empty = Empty("No cards yet", "A card appears here when a partner issues one through the API.")

        def row_url(self, row):
            return reverse("cards:detail", args=[row.public_id])

    def cards(request):
        return CardList(queries.cards_seen_by(request.user)).render(request)

The URL is the state: `?status=FROZEN&sort=-issued&q=4242&page=2`, `&format=csv` exports the filtered set (formula-safe).
With JavaScript only the table is swapped (an answer to `HX-Request` is the table alone, with `HX-Push-Url`); without
it the same links and the same form work as pages. Rows open by click and by Enter, `j`/`k` move, `/` searches.
The queryset must already hold only what the viewer may see, with its `select_related`. A value of the URL that a filter
cannot read gives an empty table and a sentence, never an unfiltered list. Override `searched` for other searches,
`exported` to record an export. Imports nothing of the project but `core` and its own package, so that domains may use it.
"""

from issuing_portal.portal.lists.columns import Column, safe_cell
from issuing_portal.portal.lists.filters import BoundFilter, Filter
from issuing_portal.portal.lists.page import Button, Empty, ListPage
from issuing_portal.portal.lists.paging import PageOfRows

__all__ = ["BoundFilter", "Button", "Column", "Empty", "Filter", "ListPage", "PageOfRows", "safe_cell"]
