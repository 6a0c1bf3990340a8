"""Coming in: password, second factor, invitation; and going out."""

import base64
import secrets
from typing import Any

import segno
from django.contrib import auth, messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_http_methods, require_POST

from issuing_portal.core.actors import Actor
from issuing_portal.core.addresses import client_address
from issuing_portal.core.crypto import keyed_hash
from issuing_portal.core.errors import DomainError
from issuing_portal.staff import operations, queries, sessions
from issuing_portal.staff.devices import enrolment_uri
from issuing_portal.staff.forms import CodeForm, ComeInForm, SignInForm, explain
from issuing_portal.staff.operations import Circumstances, FactorCheck
from issuing_portal.staff.pages import StaffRequest, staff_page
from issuing_portal.staff.roles import EVERYONE

WRONG = "The e-mail address or the password is wrong."
NONCE = "enrolment"
HOME = "/"


@require_http_methods(["GET", "POST"])
def sign_in(request: StaffRequest) -> HttpResponse:
    """The first step. Known and unknown addresses get the same words after the same work."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now, email = timezone.now(), form.cleaned_data["email"]
        user = auth.authenticate(request, email=email, password=form.cleaned_data["password"])
        if user is not None:
            sessions.begin_half_way(request, user, now)
            return redirect(f"{reverse('staff:second_factor')}?{urlencode({'next': onward(request)})}")
        operations.record_failed_password(
            email=email, locked_out=getattr(request, "axes_locked_out", False), circumstances=circumstances(request), by=door(request), now=now)
        form.add_error(None, WRONG)
    return TemplateResponse(request, "staff/sign_in.html", {"title": "Sign in", "form": form, "next": onward(request)},
                            status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def second_factor(request: StaffRequest) -> HttpResponse:
    """The second step: only now is anybody signed in."""
    now = timezone.now()
    user = sessions.half_way(request.session, now)
    if user is None:
        return redirect(f"{reverse('staff:sign_in')}?{urlencode({'next': onward(request)})}")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        check = operations.sign_in(user_id=user.pk, code=form.cleaned_data["code"], circumstances=circumstances(request),
                                   by=queries.staff_actor(user, request_id=request_id(request)), now=now)
        if check.device is not None:
            sessions.begin(request, user, check.device, now)
            if check.recovery_codes_left is not None:
                messages.warning(request, f"You used a recovery code; {check.recovery_codes_left} are left. Make new ones in My account.")
            return redirect(onward(request))
        form.add_error("code", refused_code(check))
    return TemplateResponse(request, "staff/second_factor.html", {"title": "Second factor", "form": form, "next": onward(request)},
                            status=422 if form.is_bound else 200)


@staff_page(EVERYONE)
@require_http_methods(["GET", "POST"])
def step_up(request: StaffRequest) -> HttpResponse:
    """The second factor once more, for what is sensitive; then back to it."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        check = operations.step_up(user_id=request.user.pk, code=form.cleaned_data["code"], by=request.actor, now=now)
        if check.device is not None:
            sessions.step_up(request, now)
            return redirect(onward(request))
        form.add_error("code", refused_code(check))
    return TemplateResponse(request, "staff/step_up.html", {"title": "Confirm that it is you", "form": form, "next": onward(request)},
                            status=422 if form.is_bound else 200)


@staff_page(EVERYONE)
@require_POST
def sign_out(request: StaffRequest) -> HttpResponse:
    """Out, and on the record."""
    operations.record_sign_out(user_id=request.user.pk, by=request.actor, now=timezone.now())
    auth.logout(request)
    messages.success(request, "You are signed out.")
    return redirect("staff:sign_in")


@require_http_methods(["GET", "POST"])
def invitation(request: StaffRequest, token: str) -> HttpResponse:
    """The link of an invitation: password and authenticator in one step, then the recovery codes, once."""
    now = timezone.now()
    user = queries.invited_by(token, now)
    if user is None:
        return TemplateResponse(request, "staff/invitation_void.html", {"title": "This link does not work"}, status=410)
    form, secret = ComeInForm(request.POST or None), visitors_secret(request, token)
    if request.method == "POST" and form.is_valid():
        try:
            accepted = operations.accept_invitation(
                token=token, password=form.cleaned_data["password"], secret=secret, code=form.cleaned_data["code"],
                by=queries.staff_actor(user, request_id=request_id(request)), now=now)
        except DomainError as refusal:
            explain(form, refusal, ["code"])
        else:
            sessions.begin(request, accepted.user, accepted.device, now)
            return recovery_page(request, accepted.recovery_codes, onwards=HOME)
    context = {"title": f"Welcome, {user.name}", "form": form, "person": user, **enrolment(secret, user.email)}
    return TemplateResponse(request, "staff/invitation.html", context, status=422 if form.is_bound else 200)


def recovery_page(request: StaffRequest, codes: list[str], *, onwards: str) -> HttpResponse:
    """The recovery codes, this once: the answer is not kept anywhere, and a reload does not bring it back."""
    answer = TemplateResponse(request, "staff/recovery_codes.html", {"title": "Your recovery codes", "codes": codes, "onwards": onwards})
    answer["Cache-Control"] = "no-store"
    return answer


def enrolment(secret: str, email: str) -> dict[str, Any]:
    """The QR code as an image of its own (`data:`), and the secret in groups of four for typing."""
    code = segno.make(enrolment_uri(secret, email), error="m")
    return {"qr": code.svg_data_uri(scale=5, border=4, dark="#000", light="#fff"),
            "secret": " ".join(secret[start:start + 4] for start in range(0, len(secret), 4))}


def visitors_secret(request: StaffRequest, about: str) -> str:
    """The secret offered to this browser: stable through the form's retries, kept nowhere, another one for another browser.

    So whoever opened a link before (the administrator who made it) has seen another secret than the one enrolled.
    """
    nonce = request.session.setdefault(NONCE, secrets.token_hex(16))
    return base64.b32encode(keyed_hash(f"{about}:{nonce}", purpose="enrolment")[:20]).decode()


def refused_code(check: FactorCheck) -> str:
    """What is said of a code that was not taken."""
    if check.locked_until is None:
        return "That code does not fit, or was used before. Wait for the next one."
    return f"Too many wrong codes. Try again after {timezone.localtime(check.locked_until):%H:%M:%S}."


def onward(request: StaffRequest) -> str:
    """Where to go afterwards: `next`, if it is a place of ours."""
    place = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(place, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return place if ours else HOME


def door(request: StaffRequest) -> Actor:
    """Who acts before anybody is known."""
    return Actor(kind="system", id=None, label="sign-in", channel="portal", request_id=request_id(request))


def circumstances(request: StaffRequest) -> Circumstances:
    """Where the attempt comes from."""
    return Circumstances(address=client_address(request), agent=request.headers.get("User-Agent", ""))


def request_id(request: StaffRequest) -> str:
    return getattr(request, "request_id", "")
