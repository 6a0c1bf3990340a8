"""Parts of a page about one thing: facts, sections and its timeline; templates/portal/detail.html draws them.

A domain template extends it and fills what it needs; the plain ones need no template of their own::

    def card(request, card_id):
        card = queries.card_seen_by(request.user, card_id)
        return render(request, "portal/detail.html", {
            "title": f"Card ending {card.last4}", "noun": "card", "status": card.status, "identifier": card.public_id,
            "back": ("Cards", reverse("cards:list")),
            "action": Button("Freeze card", reverse("cards:freeze", args=[card.public_id]), "snowflake"),   # the one next act
            "more": [Button("Terminate", …, "trash")],                                    # the others, under "More"
            "facts": [Fact("Cardholder", card.cardholder.name, url=…), Fact("Available", card.account.available, "money")],
            "sections": [Section("Authorisations", "cards/_taps.html", {"taps": …}, count=12)],     # `here.taps`; tabs if several
            "timeline": [Moment(event.at, "Frozen", actor="Ada (analyst)", reason="Lost in a taxi") for …],
        })

Blocks to override in a template of your own: `lead`, `before`, `facts`, `sections`, `after`, `timeline`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from issuing_portal.portal.lists.columns import Kind


@dataclass(frozen=True)
class Fact:
    """A line of the definition list; `kind` as for columns (`Money` for money), `noun` for a status."""

    label: str
    value: Any
    kind: Kind = "text"
    url: str = ""
    noun: str = ""
    help: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the page with a template of its own; its `context` is `here` in that template."""

    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    count: int | None = None

    @property
    def slug(self) -> str:
        """Its anchor."""
        return "section-" + "".join(letter if letter.isalnum() else "-" for letter in self.title.lower())


@dataclass(frozen=True)
class Moment:
    """An entry of the timeline: what happened, who did it, why; `detail` is one more line."""

    at: datetime
    title: str
    actor: str = ""
    reason: str = ""
    detail: str = ""
    colour: str = "blue"
