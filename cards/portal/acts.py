"""Acts on a card: each a page that says the consequence, asks for a reason, and calls one operation."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from cardholders.models import Hand
from cards import operations, queries
from cards.models import Card, ReplacementReason
from cards.reasons import STAFF_REASONS
from issuing_portal.core.errors import DomainError, PermissionRefused
from issuing_portal.core.ids import parse_id
from issuing_portal.portal.reasons import DangerousAct, ReasonForm, ask_reason
from issuing_portal.portal.statuses import word
from issuing_portal.staff.pages import staff_page
from issuing_portal.staff.queries import actor_for

Codes = list[tuple[str, str]]
REPLACEMENTS: Codes = [(reason, word(reason)) for reason in ReplacementReason.values]


@staff_page("cards.unfreeze")
@require_http_methods(["GET", "POST"])
def activate(request: HttpRequest, card_id: str) -> HttpResponse:
    """Put an inactive card to work."""
    row = _card(request, card_id, "cards.unfreeze")
    ends = " The card that it replaces ends." if row.replaces_id else ""
    act = _act(row, "Activate", f"1 card can be used from the next tap on.{ends}", "You can freeze it at any time.", icon="player-play")
    return _ask(request, row, act, lambda form, common: operations.activate_card(note=form.words, **common), "activated")


@staff_page("cards.freeze")
@require_http_methods(["GET", "POST"])
def freeze(request: HttpRequest, card_id: str) -> HttpResponse:
    """Stop a card; a suspicion makes it the issuer's freeze."""
    return _freeze(request, card_id, "cards.freeze")


@staff_page("cards.freeze_issuer")
@require_http_methods(["GET", "POST"])
def freeze_issuer(request: HttpRequest, card_id: str) -> HttpResponse:
    """Compliance stops a card, over any lower hand."""
    return _freeze(request, card_id, "cards.freeze_issuer")


@staff_page("cards.unfreeze")
@require_http_methods(["GET", "POST"])
def unfreeze(request: HttpRequest, card_id: str) -> HttpResponse:
    """Lift a freeze of the programme's or a lower hand."""
    row = _card(request, card_id, "cards.unfreeze")
    act = _act(row, "Unfreeze", "1 card can be used again from the next tap on.", "You can freeze it again.", icon="snowflake-off")
    return _ask(request, row, act, lambda form, common: operations.unfreeze_card(note=form.words, **common), "unfrozen")


@staff_page("cards.unfreeze_issuer")
@require_http_methods(["GET", "POST"])
def unfreeze_issuer(request: HttpRequest, card_id: str) -> HttpResponse:
    """Propose to lift the issuer's freeze."""
    row = _card(request, card_id, "cards.unfreeze_issuer")
    act = _act(row, "Propose to unfreeze", "Nothing changes yet: 1 other person must approve it.", "The card stays frozen until then.", icon="users")
    return _ask(request, row, act, lambda form, common: operations.propose_unfreeze(note=form.words, **common), "proposed to be unfrozen")


@staff_page("cards.terminate")
@require_http_methods(["GET", "POST"])
def terminate(request: HttpRequest, card_id: str) -> HttpResponse:
    """End a card for good."""
    row = _card(request, card_id, "cards.terminate")
    act = _act(row, "Terminate", "1 card ends for good. What the network has already approved will still be booked.", "This cannot be undone.",
               codes=STAFF_REASONS)
    return _ask(request, row, act, lambda form, common: operations.terminate_card(reason=form.code_given, note=form.words, **common), "terminated")


@staff_page("cards.replace")
@require_http_methods(["GET", "POST"])
def replace(request: HttpRequest, card_id: str) -> HttpResponse:
    """Replace a card."""
    row = _card(request, card_id, "cards.replace")
    consequence = ("1 new card follows. Lost, stolen, not received or compromised: this one ends at once and the number changes. "
                   "Damaged or expired: the number stays, and this one works until the new one is activated.")
    act = _act(row, "Replace", consequence, "This cannot be undone.", codes=REPLACEMENTS)
    return _ask(request, row, act, lambda form, common: operations.replace_card(reason=form.code_given, note=form.words, **common), "replaced")


def _freeze(request: HttpRequest, card_id: str, verb: str) -> HttpResponse:
    row = _card(request, card_id, verb)
    undo = "Lifting it takes two people of compliance." if verb == "cards.freeze_issuer" else (
        "You can unfreeze it, unless you name a suspicion: then only compliance can.")
    over = f" It is frozen by the {row.frozen_by} already." if row.frozen_by and row.frozen_by != Hand.ISSUER else ""
    act = _act(row, "Freeze", f"1 card stops at the next tap. Holds already taken stay.{over}", undo, codes=STAFF_REASONS)
    return _ask(request, row, act, lambda form, common: operations.freeze_card(reason=form.code_given, note=form.words, **common), "frozen")


def _card(request: HttpRequest, card_id: str, verb: str) -> Card:
    row = queries.card_seen_by(request.user, parse_id("card", card_id))  # type: ignore[arg-type]
    if not request.user.may(verb, row.programme_id):  # type: ignore[union-attr]
        raise PermissionDenied
    return row


def _act(row: Card, verb: str, consequence: str, undo: str, *, codes: Codes | None = None, icon: str = "") -> DangerousAct:
    """An act with a milder `icon` of its own is no danger."""
    return DangerousAct(title=f"{verb} card {row.masked}", verb=f"{verb} card" if " " not in verb else verb, consequence=consequence, undo=undo,
                        back=reverse("cards:detail", args=[row.public_id]), codes=codes or (),
                        colour="primary" if icon else "danger", icon=icon or "alert-triangle")


def _ask(request: HttpRequest, row: Card, act: DangerousAct, do: Callable[[ReasonForm, dict[str, Any]], Any], done: str) -> HttpResponse:
    form = ReasonForm(request.POST or None, codes=act.codes)
    if request.method == "POST" and form.is_valid():
        try:
            do(form, {"card_id": row.pk, "by": actor_for(request), "now": timezone.now()})
        except PermissionRefused:
            raise
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Card {row.masked} is {done}.")
            return redirect(act.back)
    return ask_reason(request, act, form)
