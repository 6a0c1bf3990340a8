"""ListPage: see the package's docstring."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, ClassVar, Literal

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from issuing_portal.portal.lists.columns import Column
from issuing_portal.portal.lists.filters import BoundFilter, Filter, typed
from issuing_portal.portal.lists.paging import PageOfRows, by_cursor, numbered, ordered

KEPT_OUT = {"page", "cursor", "format"}


@dataclass(frozen=True)
class Empty:
    """What an empty list says: what would fill it, and the way there if there is one."""

    title: str
    text: str
    action: str = ""
    url: str = ""


@dataclass(frozen=True)
class Button:
    """The one next action of a page, top right; `icon` is a name of Tabler's set."""

    label: str
    url: str
    icon: str = "plus"


@dataclass(frozen=True)
class Heading:
    """A column's head as the template draws it."""

    column: Column
    sorted: Literal["ascending", "descending", ""]
    url: str


class Echo:
    """A file whose `write` gives the text back: `csv` writes into the stream of the answer."""

    def write(self, text: str) -> str:
        """The text itself."""
        return text


class ListPage:
    """One list: declare it as a subclass, serve it by `render(request)`. See the package's docstring."""

    title: ClassVar[str]
    name: ClassVar[str]
    about: ClassVar[str] = ""
    columns: ClassVar[Sequence[Column]]
    filters: ClassVar[Sequence[Filter]] = ()
    search: ClassVar[Sequence[str]] = ()
    search_hint: ClassVar[str] = "Search"
    default_sort: ClassVar[str] = "-pk"
    paging: ClassVar[Literal["page", "cursor"]] = "page"
    page_size: ClassVar[int] = 50
    export_limit: ClassVar[int] = 50_000
    exportable: ClassVar[bool] = True
    empty: ClassVar[Empty] = Empty("Nothing here yet", "Rows appear here as soon as there are any.")
    template: ClassVar[str] = "portal/list.html"

    def __init__(self, queryset: QuerySet[Any], *, action: Button | None = None, extra: dict[str, Any] | None = None) -> None:
        """`queryset`: the rows that this viewer may see. `action`: the next step top right. `extra`: more context."""
        self.queryset = queryset
        self.action = action
        self.extra = extra or {}

    def row_url(self, row: Any) -> str:
        """Where a row opens; "" for rows that open nothing."""
        return ""

    def searched(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Rows that match the search text in any of `search`; override for public ids and the like."""
        return queryset.filter(reduce(or_, (Q(**{lookup: text}) for lookup in self.search))) if self.search else queryset

    def exported(self, request: HttpRequest) -> None:
        """Called before a CSV leaves: override to record the export in the trail."""

    def render(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """The page; only its table for htmx; the whole filtered set as CSV for `format=csv`."""
        bound = [declared.bind(request.GET) for declared in self.filters]
        text = typed(request.GET.get("q", ""))
        rows = self.queryset
        for each in bound:
            rows = each.apply(rows)
        if text:
            rows = self.searched(rows, text)
        sort, field = self._sort(request.GET)
        if request.GET.get("format") == "csv" and self.exportable:
            self.exported(request)
            return self._csv(ordered(rows, field.removeprefix("-"), field.startswith("-")))
        page = self._page(request.GET, rows, field)
        context = self._context(request, page, bound, text, sort)
        fragment = request.headers.get("HX-Request") == "true" and not request.headers.get("HX-History-Restore-Request")
        answer = TemplateResponse(request, "portal/_table.html" if fragment else self.template, context)
        if fragment:
            answer["HX-Push-Url"] = request.get_full_path() if KEPT_OUT & set(request.GET) else (request.path + address(request.GET)).rstrip("?")
        patch_vary_headers(answer, ["HX-Request"])
        answer["Cache-Control"] = "no-store"
        return answer

    def _sort(self, query: QueryDict) -> tuple[str, str]:
        """The sort of the URL as (`-name` of a column or "", `-field` of the ORM); an unknown one falls to the default."""
        asked = query.get("sort", "")
        fields = {column.name: column.sort for column in self.columns if column.sort}
        field = fields.get(asked.removeprefix("-"))
        if field:
            return asked, ("-" if asked.startswith("-") else "") + field
        names = {value: key for key, value in fields.items()}
        plain = names.get(self.default_sort.removeprefix("-"), "")
        return (("-" if self.default_sort.startswith("-") else "") + plain if plain else ""), self.default_sort

    def _page(self, query: QueryDict, rows: QuerySet[Any], field: str) -> PageOfRows:
        if self.paging == "cursor":
            return by_cursor(rows, cursor=query.get("cursor", ""), sort=field, size=self.page_size)
        in_order = ordered(rows, field.removeprefix("-"), field.startswith("-"))
        return numbered(in_order, number=query.get("page", ""), size=self.page_size)

    def _context(
        self, request: HttpRequest, page: PageOfRows, bound: list[BoundFilter], text: str, sort: str,
    ) -> dict[str, Any]:
        query, now = request.GET, timezone.now()
        links = [self.row_url(row) for row in page.rows]
        cells = [
            [(column, column.cell(row, now=now, url=url if place == 0 else "")) for place, column in enumerate(self.columns)]
            for row, url in zip(page.rows, links, strict=True)
        ]
        return {
            "list": self, "page": page, "filters": bound, "search_text": text, "sort": sort,
            "rows": list(zip(links, cells, strict=True)),
            "headings": [heading(column, sort, query) for column in self.columns],
            "narrowed": bool(text) or any(each.active for each in bound),
            "chips": [(each.summary, address(query, **dict.fromkeys(each.declared.parameters))) for each in bound if each.active]
            + ([(f"Search: {text}", address(query, q=None))] if text else []),
            "errors": [each.error for each in bound if each.active and each.error],
            "back_url": address(query, **page.back) if page.back else "",
            "on_url": address(query, **page.on) if page.on else "",
            "numbers": [(number, address(query, page=str(number)) if isinstance(number, int) else "") for number in page.elided],
            "export_url": address(query, format="csv") if self.exportable else "",
            "plain_url": request.path, **self.extra,
        }

    def _csv(self, rows: QuerySet[Any]) -> StreamingHttpResponse:
        answer = StreamingHttpResponse(self._lines(rows), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{self.name}.csv"'
        answer["Cache-Control"] = "no-store"
        answer["X-Content-Type-Options"] = "nosniff"
        return answer

    def _lines(self, rows: QuerySet[Any]) -> Iterator[str]:
        writer = csv.writer(Echo())
        yield writer.writerow([label for column in self.columns for label in column.csv_labels()])
        for count, row in enumerate(rows[: self.export_limit + 1].iterator(chunk_size=1000)):
            if count == self.export_limit:
                yield writer.writerow([f"Cut after {self.export_limit} rows: narrow the list to export the rest."])
                return
            yield writer.writerow([cell for column in self.columns for cell in column.csv_cells(row)])


def heading(column: Column, sort: str, query: QueryDict) -> Heading:
    """The head of a column: how it is sorted now, and where a click leads (other way round, or first ascending)."""
    state: Literal["ascending", "descending", ""] = ""
    if sort.removeprefix("-") == column.name:
        state = "descending" if sort.startswith("-") else "ascending"
    onward = f"-{column.name}" if state == "ascending" else column.name
    return Heading(column, state, address(query, sort=onward) if column.sort else "")


def address(query: QueryDict, **changes: str | None) -> str:
    """`?…` of the present query with changes (None drops); paging and empty values are left out."""
    new = query.copy()
    for name in [name for name in new if name in KEPT_OUT or not any(new.getlist(name))]:
        del new[name]
    for name, value in changes.items():
        new.pop(name, None)
        if value:
            new[name] = value
    return f"?{new.urlencode()}" if new else "?"
