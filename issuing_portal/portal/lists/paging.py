"""Two ways through a long list: numbered pages (with an exact count), or a cursor (for tables that grow by the tap)."""

from dataclasses import dataclass, field
from typing import Any

from django.core import signing
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet

SALT = "portal.lists.cursor"
COUNT_STOP = 10_000
"""A cursor list is counted up to here: counting millions of rows would cost more than the page."""


@dataclass(frozen=True)
class PageOfRows:
    """The rows of one page and the ways on; `back` and `on` are parameters for the URL, None where there is no more."""

    rows: list[Any]
    count: int
    counted: bool = True
    number: int = 1
    pages: int = 1
    back: dict[str, str] | None = None
    on: dict[str, str] | None = None
    elided: list[int | str] = field(default_factory=list)
    lost: bool = False


def numbered(queryset: QuerySet[Any], *, number: str, size: int) -> PageOfRows:
    """Page `number` (text of the URL; out of range goes to the nearest) of an ordered queryset."""
    paginator = Paginator(queryset, size)
    page = paginator.get_page(number or 1)
    elided = list(paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)) if paginator.num_pages > 1 else []
    return PageOfRows(
        rows=list(page.object_list), count=paginator.count, number=page.number, pages=paginator.num_pages,
        back={"page": str(page.number - 1)} if page.has_previous() else None,
        on={"page": str(page.number + 1)} if page.has_next() else None, elided=elided,
    )


def by_cursor(queryset: QuerySet[Any], *, cursor: str, sort: str, size: int) -> PageOfRows:
    """The rows after (or before) a cursor, stable while rows are inserted; sorted by `sort` (`-field`), then by key.

    A cursor that was tampered with or made for another order starts again, and `lost` says so.
    """
    name, falling = sort.removeprefix("-"), sort.startswith("-")
    forward, seen, lost = True, None, False
    if cursor:
        try:
            made_for, forward, *seen = signing.loads(cursor, salt=SALT)
            lost = made_for != sort
        except (signing.BadSignature, ValueError):
            lost = True
        if lost:
            forward, seen = True, None
    down = falling == forward
    rows = ordered(queryset, name, down)
    if seen:
        step = "lt" if down else "gt"
        beyond = Q(**{f"{name}__{step}": seen[0]})
        rows = rows.filter(Q(**{f"pk__{step}": seen[1]}) if name == "pk" else beyond | Q(**{name: seen[0], f"pk__{step}": seen[1]}))
    taken = list(rows[: size + 1])
    more, taken = len(taken) > size, taken[:size]
    if not forward:
        taken.reverse()
    total = queryset.order_by().values("pk")[: COUNT_STOP + 1].count()
    has_back = (bool(seen) and forward) or (not forward and more)
    has_on = more if forward else bool(taken)
    return PageOfRows(
        rows=taken, count=min(total, COUNT_STOP), counted=total <= COUNT_STOP, lost=lost,
        back={"cursor": token(taken[0], name, sort, forward=False)} if has_back and taken else None,
        on={"cursor": token(taken[-1], name, sort, forward=True)} if has_on and taken else None,
    )


def ordered(queryset: QuerySet[Any], name: str, falling: bool) -> QuerySet[Any]:
    """Sorted by a field, and by the key where that is equal: without it rows would jump between pages."""
    sign = "-" if falling else ""
    return queryset.order_by(f"{sign}pk") if name in {"pk", "id"} else queryset.order_by(f"{sign}{name}", f"{sign}pk")


def token(row: Any, name: str, sort: str, *, forward: bool) -> str:
    """A signed cursor at a row. Raises: ValueError where the sorted field is empty, for a cursor cannot pass a null."""
    value: Any = row
    for part in name.split("__"):
        value = getattr(value, part, None)
    if value is None:
        raise ValueError(f"A cursor list cannot be sorted by {name}: a row has none.")
    plain = value if isinstance(value, int | str) else value.isoformat() if hasattr(value, "isoformat") else str(value)
    return signing.dumps([sort, forward, plain, str(row.pk)], salt=SALT)
