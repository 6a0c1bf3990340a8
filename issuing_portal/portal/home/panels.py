"""What a home page is made of: panels, their lines, and what every panel is told when it is asked.

A panel is a function of a `Viewer` that makes at most three queries, whatever the size of the tables, and gives a `Panel`:
the figure that matters, the first few lines, and the way to the full list with the filter already set.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse

from cards.portal.lists import initials
from issuing_portal.core.money import Money
from issuing_portal.portal.charts import Chart
from issuing_portal.portal.details import Fact
from issuing_portal.staff import queries as staff
from issuing_portal.staff.models import User

SHOWN = 6
"""Lines per panel: more is a list, and a list has a page of its own."""

Tone = Literal["", "good", "watch", "bad"]


@dataclass(frozen=True)
class Line:
    """One thing that waits: where it opens, what it is, since when (or until when)."""

    title: str
    url: str = ""
    detail: str = ""
    status: str = ""
    noun: str = ""
    amount: Money | None = None
    at: datetime | None = None
    share: int | None = None


@dataclass(frozen=True)
class Nothing:
    """What an empty panel says: that it is empty, and what would fill it."""

    title: str
    text: str


@dataclass(frozen=True)
class Panel:
    """One question of the home page with its answer. `figure` is the answer in short, for the strip at the top."""

    name: str
    title: str
    icon: str
    figure: str = ""
    caption: str = ""
    tone: Tone = ""
    lines: Sequence[Line] = ()
    facts: Sequence[Fact] = ()
    chart: Chart | None = None
    nothing: Nothing | None = None
    all_url: str = ""
    all_label: str = "Show all"
    template: str = "portal/_home_lines.html"


@dataclass
class Viewer:
    """Who looks, when, and where they may read; panels of one page share what two of them need (`kept`)."""

    user: User
    now: datetime
    kept: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, read: Callable[[], Any]) -> Any:
        """The answer to a query that several panels ask."""
        if name not in self.kept:
            self.kept[name] = read()
        return self.kept[name]

    def within(self, verb: str, path: str = "programme_id") -> dict[str, Any]:
        """The condition that keeps a queryset to the viewer's programmes; empty where they may look everywhere."""
        allowed = staff.programmes_of(self.user, verb)
        return {} if allowed is None else {f"{path}__in": allowed}

    @cached_property
    def week_ago(self) -> datetime:
        """Seven days back."""
        return self.now - timedelta(days=7)


def address(url_name: str, *args: str, **query: str | list[str]) -> str:
    """The address of a page with a filter set; "" where the installation has no such page."""
    try:
        place = reverse(url_name, args=args)
    except NoReverseMatch:
        return ""
    return f"{place}?{urlencode(query, doseq=True)}" if query else place


def taken(rows: QuerySet[Any]) -> tuple[list[Any], int]:
    """The first rows of an ordered queryset and how many there are; small queues are counted without a second query."""
    found = list(rows[: SHOWN + 1])
    return found[:SHOWN], rows.count() if len(found) > SHOWN else len(found)


def queue(count: int, tone: Tone = "watch") -> dict[str, Any]:
    """`figure` and `tone` of a panel that is well when it is empty."""
    return {"figure": f"{count:,}", "tone": tone if count else "good"}


def name_for(user: User, name: str) -> str:
    """A person's name, or for who reads no personal data the initials (as the lists of cards show them)."""
    return name if user.may("personal.read") else initials(name)


def counted(number: int, one: str, many: str = "") -> str:
    """`1 card`, `3 cards`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
