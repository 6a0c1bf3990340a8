"""Charts answer a question in their title, have their table behind a toggle, and link to the rows they count."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Series:
    """One line or set of bars: whole numbers (money in minor units is divided by nobody: give counts or major units)."""

    label: str
    values: Sequence[int]
    colour: str = "blue"


@dataclass(frozen=True)
class Chart:
    """A chart for `{% chart spec %}`: `name` is its id on the page, `title` the question, `links` one address per label."""

    name: str
    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    kind: Literal["bar", "line"] = "bar"
    stacked: bool = False
    links: Sequence[str] = ()

    @property
    def data(self) -> str:
        """What portal.js reads from the canvas."""
        return json.dumps({
            "kind": self.kind, "stacked": self.stacked, "labels": list(self.labels), "links": list(self.links),
            "series": [{"label": one.label, "values": list(one.values), "colour": one.colour} for one in self.series],
        })

    @property
    def rows(self) -> list[tuple[str, str, list[int]]]:
        """Label, address and the values of each series, for the table."""
        links = [*self.links, *[""] * (len(self.labels) - len(self.links))]
        return [(label, links[place], [one.values[place] for one in self.series]) for place, label in enumerate(self.labels)]
