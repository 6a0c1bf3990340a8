"""Acts on accounts: moves between states with a reason, and money by four eyes."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from issuing_portal.core.errors import DomainError, PermissionRefused
from issuing_portal.core.ids import parse_id
from issuing_portal.core.money import Money
from issuing_portal.ledger import operations, queries
from issuing_portal.ledger.models import Account, AccountKind
from issuing_portal.ledger.portal.forms import AdjustmentForm, AmountForm
from issuing_portal.ledger.portal.pages import MOVES, PROPOSALS, move_permission, programme_seen
from issuing_portal.portal.details import Fact
from issuing_portal.portal.reasons import DangerousAct, ReasonForm, ask_reason
from issuing_portal.staff.models import Proposal
from issuing_portal.staff.pages import staff_page
from issuing_portal.staff.queries import StepUpNeeded

VERBS: dict[str, Callable[..., Account]] = {
    "restrict": operations.restrict_account, "block": operations.block_account, "reopen": operations.reopen_account,
    "close": operations.close_account,
}
CONSEQUENCES = {
    "restrict": ("1 account stops paying: no taps, withdrawals or transfers. {held} stays held.", "You can reopen it at any time."),
    "block": ("1 account stops paying and cannot be closed; money that arrives is kept. {held} stays held.", "A compliance lead can reopen it."),
    "reopen": ("1 account can pay again, with {available} available.", "You can restrict it again."),
    "close": ("1 account closes for good. It must hold no money.", "This cannot be undone."),
}


@staff_page("accounts.restrict")
@require_http_methods(["GET", "POST"])
def restrict(request: HttpRequest, account_id: str) -> HttpResponse:
    """No debits until reopened."""
    return _move(request, account_id, "restrict")


@staff_page("accounts.block")
@require_http_methods(["GET", "POST"])
def block(request: HttpRequest, account_id: str) -> HttpResponse:
    """Compliance: nothing leaves, what arrives is kept."""
    return _move(request, account_id, "block")


@staff_page("accounts.restrict")
@require_http_methods(["GET", "POST"])
def reopen(request: HttpRequest, account_id: str) -> HttpResponse:
    """Lift a restriction; of a block only who may block."""
    return _move(request, account_id, "reopen")


@staff_page("accounts.close")
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, account_id: str) -> HttpResponse:
    """Close for good, at zero."""
    return _move(request, account_id, "close")


@staff_page("accounts.fund")
@require_http_methods(["GET", "POST"])
def propose_funding(request: HttpRequest, account_id: str) -> HttpResponse:
    """Propose to move unallocated funding to an account."""
    return _propose(request, account_id, "fund")


@staff_page("accounts.withdraw")
@require_http_methods(["GET", "POST"])
def propose_withdrawal(request: HttpRequest, account_id: str) -> HttpResponse:
    """Propose to move money back to unallocated funding."""
    return _propose(request, account_id, "withdraw")


@staff_page("accounts.adjust")
@require_http_methods(["GET", "POST"])
def propose_adjustment(request: HttpRequest, account_id: str) -> HttpResponse:
    """Propose a correction against a system account."""
    return _propose(request, account_id, "adjust")


@staff_page("programmes.fund")
@require_http_methods(["GET", "POST"])
def confirm_funding(request: HttpRequest, programme_id: str) -> HttpResponse:
    """Propose that money has arrived for a programme."""
    row = programme_seen(request, programme_id)
    form = AmountForm(request.POST or None, currency=row.currency)
    act = _money_act("Propose confirmed funding", reverse("ledger:programme", args=[row.public_id]), [Fact("Programme", row.name)])
    return _proposed(request, act, form, lambda common: operations.propose_confirmed_funding(
        programme_id=row.pk, amount=form.cleaned_data["amount"], **common))


def _move(request: HttpRequest, account_id: str, verb: str) -> HttpResponse:
    account = _customer_account(request, account_id)
    _require(request, move_permission(account, verb), account)
    consequence, undo = CONSEQUENCES[verb]
    money = {"held": Money(account.held_minor, account.currency).format(), "available": Money(account.available_minor, account.currency).format()}
    act = DangerousAct(title=f"{MOVES[verb][0]} account …{account.public_id[-8:]}", verb=f"{MOVES[verb][0]} account", undo=undo,
                       consequence=consequence.format(**money), back=reverse("ledger:detail", args=[account.public_id]))
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            VERBS[verb](account_id=account.pk, reason=form.words, by=request.actor, now=timezone.now())  # type: ignore[attr-defined]
            return redirect(act.back)
        except (StepUpNeeded, PermissionRefused):
            raise
        except DomainError as refusal:
            form.add_error(None, str(refusal))
    return ask_reason(request, act, form)


def _propose(request: HttpRequest, account_id: str, verb: str) -> HttpResponse:
    account = _customer_account(request, account_id)
    _require(request, PROPOSALS[verb][2], account)
    form = (AdjustmentForm if verb == "adjust" else AmountForm)(request.POST or None, currency=account.currency)
    act = _money_act(PROPOSALS[verb][0], reverse("ledger:detail", args=[account.public_id]), [
        Fact("Account", account.public_id, "id"), Fact("Available", Money(account.available_minor, account.currency), "money"),
        Fact("Unallocated funding", Money(queries.funding(account.programme_id, account.currency).unallocated, account.currency), "money")])
    return _proposed(request, act, form, lambda common: _propose_on_account(account, verb, form, common))


def _propose_on_account(account: Account, verb: str, form: AmountForm, common: dict[str, Any]) -> Proposal:
    if isinstance(form, AdjustmentForm):
        return operations.propose_adjustment(account_id=account.pk, against=form.cleaned_data["against"], amount=form.signed, **common)
    operation = operations.propose_funding if verb == "fund" else operations.propose_withdrawal
    return operation(account_id=account.pk, amount=form.cleaned_data["amount"], **common)


def _proposed(request: HttpRequest, act: DangerousAct, form: AmountForm, propose: Callable[[dict[str, Any]], Proposal]) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            made = propose({"reference": form.cleaned_data["reference"], "reason": form.words, "by": request.actor, "now": timezone.now()})  # type: ignore[attr-defined]
            messages.success(request, f"Proposed: {made.summary}. Somebody else must approve it.")
            return redirect(act.back)
        except (StepUpNeeded, PermissionRefused):
            raise
        except DomainError as refusal:
            form.add_error(None, str(refusal))
    return ask_reason(request, act, form)


def _money_act(title: str, back: str, facts: list[Fact]) -> DangerousAct:
    return DangerousAct(title=title, verb=title, back=back, facts=facts, colour="primary", icon="users",
                        consequence="Nothing moves yet: 1 other person must approve exactly this.",
                        undo="A booking is never undone; it is corrected by another one.")


def _customer_account(request: HttpRequest, account_id: str) -> Account:
    account = queries.account_seen_by(request.user, parse_id("account", account_id))
    if account.kind != AccountKind.CUSTOMER:
        raise Http404
    return account


def _require(request: HttpRequest, permission: str, account: Account) -> None:
    if not request.user.may(permission, account.programme_id):  # type: ignore[union-attr]
        raise PermissionDenied
