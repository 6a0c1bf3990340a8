"""Acts on partners, keys and connections. What makes a secret is proposed here; the page of the approval shows it, once."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from issuing_portal.core.errors import DomainError, PermissionRefused
from issuing_portal.core.ids import parse_id
from issuing_portal.partners import operations, queries
from issuing_portal.partners.models import Partner, Programme
from issuing_portal.partners.portal.forms import ConnectionForm, KeyForm, PartnerForm, RotationForm, explain
from issuing_portal.partners.portal.pages import mode_word, seen
from issuing_portal.portal.reasons import DangerousAct, ReasonForm, ask_reason
from issuing_portal.staff.models import Proposal
from issuing_portal.staff.pages import StaffRequest, staff_page
from issuing_portal.staff.queries import StepUpNeeded


@staff_page("partners.create")
@require_http_methods(["GET", "POST"])
def add(request: StaffRequest) -> HttpResponse:
    """A new partner."""
    form = PartnerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            partner = operations.create_partner(**form.cleaned_data, by=request.actor, now=timezone.now())
        except DomainError as refusal:
            explain(form, refusal)
        else:
            return redirect("partners:detail", partner.public_id)
    return form_page(request, form, title="Add a partner", verb="Add partner", back=reverse("partners:list"), about="")


@staff_page("partners.suspend")
@require_http_methods(["GET", "POST"])
def suspend(request: StaffRequest, partner_id: str) -> HttpResponse:
    """Stop every key of a partner."""
    row = queries.partner_seen_by(seen(request, "partners.suspend"), parse_id("partner", partner_id))
    count = sum(queries.key_status(key, now=timezone.now()) in ("active", "rotating") for key in queries.every_key_of(row))
    act = DangerousAct(
        title=f"Suspend {row.name}", verb="Suspend partner", back=page_of(row), undo="You can reactivate the partner at any time.",
        consequence=f"{count} API {'key stops' if count == 1 else 'keys stop'} at once. Cards go on: freeze or suspend programmes to stop them.")
    return asked(request, act, lambda reason: operations.suspend_partner(partner_id=row.pk, reason=reason, by=request.actor, now=timezone.now()))


@staff_page("partners.suspend")
@require_http_methods(["GET", "POST"])
def reactivate(request: StaffRequest, partner_id: str) -> HttpResponse:
    """Let a partner's keys work again."""
    row = queries.partner_seen_by(seen(request, "partners.suspend"), parse_id("partner", partner_id))
    act = DangerousAct(title=f"Reactivate {row.name}", verb="Reactivate partner", back=page_of(row), undo="You can suspend the partner again.",
                       consequence="Every key that is neither revoked nor expired works again at once.", colour="primary", icon="player-play")
    return asked(request, act, lambda reason: operations.reactivate_partner(partner_id=row.pk, reason=reason, by=request.actor, now=timezone.now()))


@staff_page("programmes.update")
@require_http_methods(["GET", "POST"])
def suspend_programme(request: StaffRequest, programme_id: str) -> HttpResponse:
    """Stop every card of a programme."""
    row = queries.programme_seen_by(seen(request, "programmes.update"), parse_id("programme", programme_id))
    act = DangerousAct(title=f"Suspend {row.name}", verb="Suspend programme", back=programme_page(row), undo="You can reactivate it at any time.",
                       consequence="1 programme stops: every tap on its cards is declined. What the network has moved is booked on.")
    return asked(request, act, lambda reason: operations.suspend_programme(
        programme_id=row.pk, reason=reason, by=request.actor, now=timezone.now()))


@staff_page("programmes.update")
@require_http_methods(["GET", "POST"])
def reactivate_programme(request: StaffRequest, programme_id: str) -> HttpResponse:
    """Let the cards of a programme pay again."""
    row = queries.programme_seen_by(seen(request, "programmes.update"), parse_id("programme", programme_id))
    act = DangerousAct(title=f"Reactivate {row.name}", verb="Reactivate programme", back=programme_page(row), undo="You can suspend it again.",
                       consequence="1 programme starts again: its cards pay from the next tap on.", colour="primary", icon="player-play")
    return asked(request, act, lambda reason: operations.reactivate_programme(
        programme_id=row.pk, reason=reason, by=request.actor, now=timezone.now()))


@staff_page("api_keys.create")
@require_http_methods(["GET", "POST"])
def create_key(request: StaffRequest, partner_id: str) -> HttpResponse:
    """Propose a new key."""
    row = queries.partner_seen_by(seen(request, "api_keys.create"), parse_id("partner", partner_id))

    def put(data: dict[str, Any]) -> Proposal:
        spec = operations.KeySpec(
            name=data["name"], scopes=tuple(data["scopes"]), expires_at=data["last_day"], allowed_networks=data["allowed_networks"])
        return operations.propose_api_key(
            partner_id=row.pk, livemode=data["mode"] == "live", spec=spec, reason=data["reason"], by=request.actor, now=timezone.now())

    return proposal_page(request, KeyForm(request.POST or None), put, title=f"New API key for {row.name}", verb="Propose key", back=page_of(row),
                         about="The key reaches every programme of the partner in its mode.", names={"expires_at": "last_day"})


@staff_page("api_keys.rotate")
@require_http_methods(["GET", "POST"])
def rotate_key(request: StaffRequest, key_id: str) -> HttpResponse:
    """Propose a new secret with the same rights."""
    key = queries.key_seen_by(seen(request, "api_keys.rotate"), parse_id("api_key", key_id))
    return proposal_page(
        request, RotationForm(request.POST or None),
        lambda data: operations.propose_api_key_rotation(
            key_id=key.pk, overlap=data["overlap"], reason=data["reason"], by=request.actor, now=timezone.now()),
        title=f"Rotate the key {key.name}", verb="Propose rotation", back=page_of(key.partner), names={"overlap_seconds": "overlap"},
        about=f"A new {mode_word(key.livemode).lower()} key with the same {len(key.scopes)} scopes takes the place of the one ending {key.last4}.")


@staff_page("api_keys.revoke")
@require_http_methods(["GET", "POST"])
def revoke_key(request: StaffRequest, key_id: str) -> HttpResponse:
    """End a key at once."""
    key = queries.key_seen_by(seen(request, "api_keys.revoke"), parse_id("api_key", key_id))
    act = DangerousAct(title=f"Revoke the key {key.name}", verb="Revoke key", back=page_of(key.partner),
                       consequence=f"1 key, ending {key.last4}, is refused from now on: whatever calls with it fails.")
    return asked(request, act, lambda reason: operations.revoke_api_key(key_id=key.pk, reason=reason, by=request.actor, now=timezone.now()))


@staff_page("connections.create")
@require_http_methods(["GET", "POST"])
def create_connection(request: StaffRequest, partner_id: str) -> HttpResponse:
    """Propose a processor's way in."""
    row = queries.partner_seen_by(seen(request, "connections.create"), parse_id("partner", partner_id))
    return proposal_page(
        request, ConnectionForm(request.POST or None),
        lambda data: operations.propose_processor_connection(
            partner_id=row.pk, livemode=data["mode"] == "live", name=data["name"], reason=data["reason"], by=request.actor, now=timezone.now()),
        title=f"New processor connection for {row.name}", verb="Propose connection", back=page_of(row),
        about="The processor signs every message with the secret of its connection (Standard Webhooks).")


@staff_page("connections.rotate")
@require_http_methods(["GET", "POST"])
def rotate_connection(request: StaffRequest, connection_id: str) -> HttpResponse:
    """Propose a new signing secret."""
    row = queries.connection_seen_by(seen(request, "connections.rotate"), parse_id("processor_connection", connection_id))
    return proposal_page(
        request, RotationForm(request.POST or None),
        lambda data: operations.propose_secret_rotation(
            connection_id=row.pk, overlap=data["overlap"], reason=data["reason"], by=request.actor, now=timezone.now()),
        title=f"Rotate the secret of {row.name}", verb="Propose rotation", back=page_of(row.partner), names={"overlap_seconds": "overlap"},
        about="Taps signed with the old secret are refused once its time is over: agree the moment with the processor.")


@staff_page("connections.rotate")
@require_http_methods(["GET", "POST"])
def close_connection(request: StaffRequest, connection_id: str) -> HttpResponse:
    """Hear a processor no more."""
    row = queries.connection_seen_by(seen(request, "connections.rotate"), parse_id("processor_connection", connection_id))
    act = DangerousAct(title=f"Close the connection {row.name}", verb="Close connection", back=page_of(row.partner),
                       consequence="1 connection is refused from now on: taps, reversals and clearings that come by it are lost to us.")
    return asked(request, act, lambda reason: operations.close_connection(connection_id=row.pk, reason=reason, by=request.actor, now=timezone.now()))


def page_of(partner: Partner) -> str:
    """Where the partner's page is."""
    return reverse("partners:detail", args=[partner.public_id])


def programme_page(programme: Programme) -> str:
    """Where the programme's page is."""
    return reverse("partners:programme", args=[programme.public_id])


def asked(request: StaffRequest, act: DangerousAct, do: Callable[[str], Any]) -> HttpResponse:
    """Ask for the reason, then do it; a refusal is shown where it can be read."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            do(form.words)
        except (StepUpNeeded, PermissionRefused):
            raise
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{act.verb}: done.")
            return redirect(act.back)
    return ask_reason(request, act, form)


def proposal_page(request: StaffRequest, form: forms.Form, put: Callable[[dict[str, Any]], Proposal], *, title: str, verb: str, about: str,
                  back: str, names: dict[str, str] | None = None) -> HttpResponse:
    """The form of what takes two people; `put` proposes it."""
    if request.method == "POST" and form.is_valid():
        try:
            made = put(form.cleaned_data)
        except (StepUpNeeded, PermissionRefused):
            raise
        except DomainError as refusal:
            explain(form, refusal, names)
        else:
            messages.success(request, f"Proposed: {made.summary}. A second person must approve it, and is shown the secret.")
            return redirect(back)
    return form_page(request, form, title=title, verb=verb, back=back,
                     about=f"{about} Nothing is made yet: a second person must approve exactly this, and is shown the secret once.")


def form_page(request: StaffRequest, form: forms.Form, *, title: str, verb: str, about: str, back: str) -> HttpResponse:
    """A form by itself: 200 at first, 422 with what was wrong."""
    context = {"title": title, "form": form, "verb": verb, "about": about, "back_url": back}
    return TemplateResponse(request, "partners/form.html", context, status=422 if form.is_bound else 200)
