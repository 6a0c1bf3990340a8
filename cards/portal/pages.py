"""One card on one page: masked, with what it may become, its controls, its moves and its chain of replacements."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse

from cardholders.models import Hand
from cards import controls, queries
from cards.models import Card, CardStatus, CardTransition
from cards.portal.lists import initials
from cards.reasons import ConfidentialReason, OpenReason
from issuing_portal.core.ids import parse_id, public_id
from issuing_portal.core.money import Money
from issuing_portal.portal.details import Fact, Moment, Section
from issuing_portal.portal.lists import Button
from issuing_portal.portal.statuses import word
from issuing_portal.staff.pages import staff_page

COLOURS = {"ACTIVE": "green", "FROZEN": "azure", "TERMINATED": "red", "INACTIVE": "yellow", "EXPIRED": "secondary"}
REASON_WORDS = {**dict(OpenReason.choices), **dict(ConfidentialReason.choices)}


@staff_page("cards.read")
def card(request: HttpRequest, card_id: str) -> HttpResponse:
    """One card."""
    row = queries.card_seen_by(request.user, parse_id("card", card_id))  # type: ignore[arg-type]
    buttons = buttons_of(request, row)
    spec = queries.spec_of(row.pk, row.programme)
    chain = queries.chain_of(row)
    common, currency = queries.spec_of(row.programme_id, row.programme), row.account.currency
    sections = [
        Section("Controls", "cards/_controls.html", {"lines": lines_of(spec, currency)}),
        Section("Programme controls", "cards/_controls.html", {"lines": lines_of(common, currency)}),
    ]
    if len(chain) > 1:
        sections.append(Section("Replacements", "cards/_chain.html", {"chain": chain, "this": row.pk}, count=len(chain)))
    return TemplateResponse(request, "cards/card_detail.html", {
        "title": f"Card {row.masked}", "noun": "card", "status": row.status, "identifier": row.public_id, "back": ("Cards", reverse("cards:list")),
        "action": buttons[0] if buttons else None, "more": buttons[1:], "facts": _facts(request, row), "sections": sections,
        "taps_url": link("authorisations:of_owner", row.public_id) if request.user.may("authorisations.read") else "",  # type: ignore[union-attr]
        "timeline": [_moment(move) for move in queries.transitions_of(row)[:100]],
    })


def buttons_of(request: HttpRequest, row: Card) -> list[Button]:
    """What this viewer may do now: from the transition table and their verbs."""
    may = lambda verb: request.user.may(verb, row.programme_id)  # type: ignore[union-attr]  # noqa: E731
    frozen, issuers = row.status == CardStatus.FROZEN, row.frozen_by == Hand.ISSUER
    can_freeze = row.can_become(CardStatus.FROZEN)
    offered = [
        ("Activate card", "activate", "player-play", row.status == CardStatus.INACTIVE and may("cards.unfreeze")),
        ("Freeze card", "freeze", "snowflake", can_freeze and may("cards.freeze")),
        ("Freeze as issuer", "freeze_issuer", "snowflake", (can_freeze or frozen and not issuers) and may("cards.freeze_issuer")),
        ("Unfreeze card", "unfreeze", "snowflake-off", frozen and not issuers and may("cards.unfreeze")),
        ("Propose to unfreeze", "unfreeze_issuer", "snowflake-off", frozen and issuers and may("cards.unfreeze_issuer")),
        ("Edit controls", "controls", "adjustments", row.status not in queries.FINAL and may("cards.controls")),
        ("Replace card", "replace", "replace", not row.successor_id and not issuers and may("cards.replace")),  # type: ignore[attr-defined]
        ("Terminate card", "terminate", "trash", row.can_become(CardStatus.TERMINATED) and may("cards.terminate")),
    ]
    return [Button(label, reverse(f"cards:{name}", args=[row.public_id]), icon) for label, name, icon, shown in offered if shown]


def lines_of(spec: dict[str, Any], currency: str) -> list[tuple[str, str]]:
    """A spec of controls as lines of words."""
    lines = []
    for limit in spec["limits"]:
        said = [Money(limit["amount"], currency).format()] if "amount" in limit else []
        said += [f"{limit['count']} taps"] if "count" in limit else []
        lines.append((word(limit["interval"]), " and ".join(said)))
    for name in controls.LISTS:
        if spec[name]:
            lines.append((word(name), ", ".join(spec[name][:40]) + (f" and {len(spec[name]) - 40} more" if len(spec[name]) > 40 else "")))
    lines += [(f"Channel {name}", "on" if on else "off") for name, on in spec["channels"].items()]
    return [*lines, ("Time zone of the windows", spec["timezone"])] if lines else []


def reason_word(code: str) -> str:
    """A reason as staff read it."""
    return REASON_WORDS.get(code, word(code)) if code else ""


def link(name: str, identifier: str) -> str:
    """The address of another app's page, "" where there is none."""
    try:
        return reverse(name, args=[identifier])
    except NoReverseMatch:
        return ""


def _facts(request: HttpRequest, row: Card) -> list[Fact]:
    holder, account = public_id("cardholder", row.cardholder_id), public_id("account", row.account_id)
    personal = request.user.may("personal.read", row.programme_id)  # type: ignore[union-attr]
    stopped = [Fact("Frozen by", row.get_frozen_by_display())] if row.frozen_by else []
    stopped += [Fact("Reason", reason_word(row.status_reason), help=_outside(row))] if row.status_reason else []
    return [
        Fact("Number", f"{row.bin[:6]}•••••• {row.last4}", "code"), *stopped,
        Fact("Cardholder", row.cardholder.name if personal else initials(row.cardholder.name), url=link("cardholders:detail", holder)),
        Fact("Account", account, "id", url=link("ledger:detail", account)),
        Fact("Programme", row.programme.name, url=reverse("cards:programme_controls", args=[public_id("programme", row.programme_id)])),
        Fact("Partner", row.partner.name), Fact("Mode", "Live" if row.livemode else "Test"),
        Fact("Form", word(row.form)), Fact("Type", word(row.type)), Fact("Scheme", word(row.scheme)),
        Fact("Expiry", f"{row.expiry_month:02}/{row.expiry_year}", "code",
             help=f"usable to {row.expires_on:%-d %b %Y}; sequence {row.sequence_number}"),
        Fact("Partner's reference", row.external_id, "code"), Fact("Issued", row.issued_at, "moment"), Fact("Activated", row.activated_at, "moment"),
    ]


def _outside(row: Card) -> str:
    frozen_by, reason = queries.outside_reason(row)
    return f"Outside: {reason}" if reason != row.status_reason else ""


def _moment(move: CardTransition) -> Moment:
    title = word(move.to_status) if move.from_status else f"Issued, {word(move.to_status).lower()}"
    if move.from_status == move.to_status == CardStatus.FROZEN:
        title = "Frozen by another hand"
    who = f"{move.actor.get('label', '')} ({word(move.hand).lower()})" if move.hand else str(move.actor.get("label", ""))
    return Moment(move.at, title, who, move.note, reason_word(move.reason), COLOURS.get(move.to_status, "blue"))
