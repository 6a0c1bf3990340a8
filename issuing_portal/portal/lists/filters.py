"""Filters of a list: each reads its own parameters of the URL and narrows the queryset; what it cannot read it says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from issuing_portal.portal.statuses import word

FilterKind = Literal["choice", "text", "dates"]


@dataclass(frozen=True)
class Filter:
    """One filter.

    `choice`: a select; several values in the URL (`status=A&status=B`) mean any of them; choices as Django's pairs,
    or a function that gives them. `text`: an exact match by default; give another `lookup` (`email__icontains`).
    `dates`: two fields, `<name>_from` and `<name>_to`, whole days in the viewer's zone, the last one included.
    `narrow(queryset, values)` replaces the lookup where one is not enough.
    """

    name: str
    label: str
    kind: FilterKind = "choice"
    lookup: str = ""
    choices: Sequence[tuple[str, str]] | Callable[[], Sequence[tuple[str, str]]] = ()
    narrow: Callable[[QuerySet[Any], list[str]], QuerySet[Any]] | None = None

    @property
    def parameters(self) -> list[str]:
        """Names that this filter owns in the URL."""
        return [f"{self.name}_from", f"{self.name}_to"] if self.kind == "dates" else [self.name]

    def bind(self, query: QueryDict) -> "BoundFilter":
        """The filter with what the URL says."""
        choices = [(str(key), str(label)) for key, label in (self.choices() if callable(self.choices) else self.choices)]
        values = {name: [text for text in map(typed, query.getlist(name)) if text] for name in self.parameters}
        return BoundFilter(self, choices, values)


@dataclass(frozen=True)
class BoundFilter:
    """A filter and its values; the template draws it, the list applies it."""

    declared: Filter
    choices: list[tuple[str, str]]
    values: Mapping[str, list[str]]

    @property
    def value(self) -> str:
        """The first value, for text fields."""
        return next(iter(self.values.get(self.declared.name, [])), "")

    @property
    def chosen(self) -> list[str]:
        """All values of a choice."""
        return self.values.get(self.declared.name, [])

    @property
    def ends(self) -> list[tuple[str, str, str]]:
        """Name, label and value of both date fields; what is no date is told in `error`, for a date field cannot show it."""
        labels = (f"{self.declared.label} from", f"{self.declared.label} to")
        first = {name: next((text for text in texts if parse_day(text)), "") for name, texts in self.values.items()}
        return [(name, label, first[name]) for name, label in zip(self.declared.parameters, labels, strict=True)]

    @property
    def error(self) -> str:
        """A sentence where the URL holds a value that cannot be read, else "". The list is then empty, never unfiltered."""
        if self.declared.kind == "choice":
            unknown = [text for text in self.chosen if text not in dict(self.choices)]
            return f"“{unknown[0]}” is not one of the choices." if unknown else ""
        if self.declared.kind == "dates":
            for texts in self.values.values():
                if texts and parse_day(texts[0]) is None:
                    return f"“{texts[0]}” is not a date; write it as 2026-11-23."
        return ""

    @property
    def active(self) -> bool:
        """Whether the URL sets it."""
        return any(self.values.values())

    @property
    def summary(self) -> str:
        """What it does, for the chip above the table."""
        if self.declared.kind == "dates":
            start, end = (texts[0] if texts else "" for texts in self.values.values())
            return f"{self.declared.label}: {start or '…'} to {end or '…'}"
        names = dict(self.choices)
        return f"{self.declared.label}: {', '.join(names.get(text, word(text)) for text in self.chosen)}"

    def apply(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The narrowed queryset."""
        if not self.active:
            return queryset
        if self.error:
            return queryset.none()
        lookup = self.declared.lookup or self.declared.name
        if self.declared.kind == "dates":
            start, end = (parse_day(texts[0]) if texts else None for texts in self.values.values())
            bounds = {f"{lookup}__gte": midnight(start)} if start else {}
            return queryset.filter(**bounds | ({f"{lookup}__lt": midnight(end + timedelta(days=1))} if end else {}))
        if self.declared.narrow:
            return self.declared.narrow(queryset, list(self.chosen))
        return queryset.filter(**({lookup: self.value} if self.declared.kind == "text" else {f"{lookup}__in": self.chosen}))


def typed(raw: str) -> str:
    """What somebody typed, without what PostgreSQL cannot compare (NUL) and beyond any length that could match."""
    return raw.replace("\x00", "").strip()[:200]


def parse_day(text: str) -> date | None:
    """The date in `YYYY-MM-DD`, else None. The last day of the calendar is none, for the day after it is needed."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date(1900, 1, 1) <= found <= date(9000, 1, 1) else None


def midnight(on: date) -> datetime:
    """The first instant of a day in the viewer's zone."""
    return timezone.make_aware(datetime.combine(on, time.min))
