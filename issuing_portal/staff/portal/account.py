"""My account: password, second factor, recovery codes, sessions."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from issuing_portal.core.errors import DomainError
from issuing_portal.portal.details import Fact, Section
from issuing_portal.portal.lists import Button
from issuing_portal.staff import operations, queries, sessions
from issuing_portal.staff.forms import ChangePasswordForm, FirstCodeForm, explain
from issuing_portal.staff.models import User
from issuing_portal.staff.pages import StaffRequest, staff_page, step_up_required
from issuing_portal.staff.portal.entry import enrolment, recovery_page, visitors_secret
from issuing_portal.staff.portal.shown import happenings, named_grants
from issuing_portal.staff.roles import EVERYONE


@staff_page(EVERYONE)
def profile(request: StaffRequest) -> HttpResponse:
    """Who I am here, and what I may do."""
    user = me(request)
    return render(request, "staff/profile.html", {
        "title": "My account", "identifier": user.public_id,
        "more": [Button("New authenticator", reverse("staff:new_factor"), "device-mobile"),
                 Button("New recovery codes", reverse("staff:recovery_codes"), "key")],
        "action": Button("Change password", reverse("staff:password"), "lock"),
        "facts": [Fact("Name", user.name), Fact("E-mail", user.email), Fact("Time zone", user.timezone),
                  Fact("Second factor since", user.enrolled_at, "moment"),
                  Fact("Recovery codes left", queries.recovery_codes_left(user), "number")],
        "sections": [Section("My roles", "staff/_grants.html", {"grants": named_grants(user)})],
        "timeline": happenings(user, user),
    })


@staff_page(EVERYONE)
@step_up_required
@require_http_methods(["GET", "POST"])
def password(request: StaffRequest) -> HttpResponse:
    """Change my password; every other session of mine ends."""
    form = ChangePasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = operations.change_password(user_id=request.user.pk, current=form.cleaned_data["current"], new=form.cleaned_data["password"],
                                              by=request.actor, now=timezone.now())
        except DomainError as refusal:
            explain(form, refusal)
        else:
            sessions.keep_through(request, user)
            messages.success(request, "Your password is changed; other sessions of yours have ended.")
            return redirect("staff:profile")
    return TemplateResponse(request, "staff/password.html", {"title": "Change password", "form": form}, status=422 if form.is_bound else 200)


@staff_page(EVERYONE)
@step_up_required
@require_http_methods(["GET", "POST"])
def new_factor(request: StaffRequest) -> HttpResponse:
    """Put another authenticator in the place of mine."""
    user = me(request)
    form, secret = FirstCodeForm(request.POST or None), visitors_secret(request, str(user.pk))
    if request.method == "POST" and form.is_valid():
        try:
            device = operations.change_factor(user_id=user.pk, secret=secret, code=form.cleaned_data["code"],
                                              by=request.actor, now=timezone.now())
        except DomainError as refusal:
            explain(form, refusal, ["code"])
        else:
            sessions.use_device(request, device)
            messages.success(request, "Your new authenticator is in use; the old one no longer works.")
            return redirect("staff:profile")
    context = {"title": "New authenticator", "form": form, **enrolment(secret, user.email)}
    return TemplateResponse(request, "staff/new_factor.html", context, status=422 if form.is_bound else 200)


@staff_page(EVERYONE)
@step_up_required
@require_http_methods(["GET", "POST"])
def recovery_codes(request: StaffRequest) -> HttpResponse:
    """Ten new recovery codes; the old ones are void."""
    if request.method == "POST":
        codes = operations.make_recovery_codes(user_id=request.user.pk, by=request.actor, now=timezone.now())
        return recovery_page(request, codes, onwards=resolve_url("staff:profile"))
    return render(request, "staff/make_recovery_codes.html", {"title": "New recovery codes", "left": queries.recovery_codes_left(me(request))})


@staff_page(EVERYONE)
@require_POST
def end_sessions(request: StaffRequest) -> HttpResponse:
    """End every other session of mine."""
    user = operations.end_other_sessions(user_id=request.user.pk, by=request.actor, now=timezone.now())
    sessions.keep_through(request, user)
    messages.success(request, "Every other session of yours has ended.")
    return redirect("staff:profile")


def me(request: StaffRequest) -> User:
    """The signed-in person as a plain row (`request.user` is a lazy wrapper)."""
    return User.objects.get(pk=request.user.pk)
