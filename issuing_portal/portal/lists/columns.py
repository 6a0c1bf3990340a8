"""Columns of a list: what a row shows, how it sorts, and what its CSV cell holds."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.utils.safestring import SafeString

from issuing_portal.core.money import Money, exponent
from issuing_portal.portal import formats

Kind = Literal["text", "code", "id", "money", "number", "status", "ago", "moment", "date"]

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def reach(row: Any, path: str) -> Any:
    """Follow a dotted path through attributes or keys; None where a link of the chain is None."""
    for part in path.split("."):
        if row is None:
            return None
        row = row[part] if isinstance(row, dict) else getattr(row, part)
    return row() if callable(row) else row


@dataclass(frozen=True)
class Column:
    """One column.

    `name` stands in the URL (`sort=-name`) and in the CSV's first line; `value` is a dotted path on the row (default:
    the name) or a function of the row; `sort` the ORM field behind it ("" = not sortable; not null where the list
    pages by cursor). `kind="money"` wants a `Money`; `kind="status"` wants its `noun` of portal/statuses.py; `id` is
    shown short, in mono, with a copy button. `narrow=False` leaves the column away below 992 px.
    """

    name: str
    label: str
    value: str | Callable[[Any], Any] = ""
    kind: Kind = "text"
    sort: str = ""
    noun: str = ""
    narrow: bool = True

    def of(self, row: Any) -> Any:
        """The value in a row."""
        return self.value(row) if callable(self.value) else reach(row, self.value or self.name)

    @property
    def css(self) -> str:
        """Classes of the cell: amounts to the right, ids and times unbroken."""
        parts = ["text-end"] if self.kind in {"money", "number"} else []
        parts += ["text-nowrap"] if self.kind in {"id", "code", "ago", "moment", "date"} else []
        parts += [] if self.narrow else ["d-none", "d-lg-table-cell"]
        return " ".join(parts)

    def cell(self, row: Any, *, now: datetime, url: str = "") -> SafeString | str:
        """The cell's HTML; with `url` it carries the row's link."""
        return formats.shown(self.kind, self.of(row), now=now, noun=self.noun, url=url, css="row-link" if url else "")

    def csv_labels(self) -> list[str]:
        """Headings in the CSV: money takes two columns."""
        return [self.name, f"{self.name}_currency"] if self.kind == "money" else [self.name]

    def csv_cells(self, row: Any) -> list[str]:
        """Cells in the CSV, as text that no spreadsheet runs as a formula."""
        value = self.of(row)
        if self.kind == "money":
            return [major(value), value.currency] if isinstance(value, Money) else ["", ""]
        return [safe_cell(value)]


def major(amount: Money) -> str:
    """`-1234.50`: ungrouped, a plain hyphen, as spreadsheets read numbers."""
    digits = exponent(amount.currency)
    whole, fraction = divmod(abs(amount.minor), 10**digits)
    return ("-" if amount.minor < 0 else "") + str(whole) + (f".{fraction:0{digits}d}" if digits else "")


def safe_cell(value: Any) -> str:
    """A CSV cell: ISO 8601 for times, an apostrophe before anything a spreadsheet would run. Source: OWASP CSV injection."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    text = str(getattr(value, "value", value))
    if text.startswith(FORMULA_STARTS) and not PLAIN_NUMBER.fullmatch(text):
        return f"'{text}"
    return text
