"""Colleagues: who is here, with which roles; inviting, giving and taking roles, resetting a factor, shutting out."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from issuing_portal.core.errors import DomainError
from issuing_portal.portal.details import Fact, Section
from issuing_portal.portal.lists import Button, Column, Empty, Filter, ListPage
from issuing_portal.portal.reasons import DangerousAct, ReasonForm, ask_reason
from issuing_portal.staff import operations, queries
from issuing_portal.staff.forms import GrantForm, InviteForm, explain
from issuing_portal.staff.models import User
from issuing_portal.staff.pages import StaffRequest, staff_page
from issuing_portal.staff.portal.shown import happenings, named_grants, role_words


class PeopleList(ListPage):
    title = "Staff"
    name = "staff"
    columns = (
        Column("name", "Name", "name", sort="name"),
        Column("email", "E-mail", "email", sort="email"),
        Column("state", "State", "state", kind="status", noun="user"),
        Column("roles", "Roles", role_words),
        Column("last_sign_in", "Last sign-in", "last_login", kind="ago", sort="last_login", narrow=False),
    )
    filters = (Filter("active", "Access", choices=(("true", "Open"), ("false", "Deactivated")), narrow=lambda rows, values: rows.filter(
        is_active__in=[value == "true" for value in values])),)
    search = ("name__icontains", "email__icontains")
    search_hint = "Name or e-mail"
    default_sort = "name"
    empty = Empty("Nobody here", "Invite the first colleague.")

    def row_url(self, row: User) -> str:
        return reverse("staff:detail", args=[row.public_id])


@staff_page("staff.read")
def people(request: StaffRequest) -> HttpResponseBase:
    """Everyone who was ever invited."""
    action = Button("Invite a colleague", reverse("staff:invite"), "user-plus") if can(request, "staff.invite") else None
    return PeopleList(queries.members(), action=action).render(request)


@staff_page("staff.read")
def person(request: StaffRequest, user_id: str) -> HttpResponse:
    """One colleague: state, roles, what happened."""
    user = queries.member(user_id)
    someone_else = user.pk != request.user.pk
    give = Button("Give a role", reverse("staff:give", args=[user_id]), "user-shield") if someone_else and can(request, "staff.grant") else None
    return render(request, "portal/detail.html", {
        "title": user.name, "noun": "user", "status": user.state, "identifier": user.public_id,
        "back": ("Staff", reverse("staff:list")), "action": give if user.is_active else None, "more": acts(request, user) if someone_else else [],
        "facts": [Fact("E-mail", user.email), Fact("Second factor since", user.enrolled_at, "moment"), Fact("Last sign-in", user.last_login, "ago"),
                  Fact("Invited by", user.invited_by.name if user.invited_by else "Command line")],
        "sections": [Section("Roles", "staff/_grants.html", {
            "grants": named_grants(user, revocable=someone_else and can(request, "staff.grant"))})],
        "timeline": happenings(user, User.objects.get(pk=request.user.pk)),
    })


def acts(request: StaffRequest, user: User) -> list[Button]:
    """What this viewer can do with that person now."""
    offered = [
        (user.is_active and not user.enrolled_at, "staff.invite",
         Button("New invitation link", reverse("staff:invite_again", args=[user.public_id]), "mail")),
        (user.is_active and bool(user.enrolled_at), "staff.reset_factor",
         Button("Reset second factor", reverse("staff:reset_factor", args=[user.public_id]), "shield-off")),
        (user.is_active, "staff.deactivate", Button("Deactivate", reverse("staff:deactivate", args=[user.public_id]), "user-off")),
        (not user.is_active, "staff.deactivate", Button("Reactivate", reverse("staff:reactivate", args=[user.public_id]), "user-check")),
    ]
    return [button for fits, verb, button in offered if fits and can(request, verb)]


@staff_page("staff.invite")
@require_http_methods(["GET", "POST"])
def invite(request: StaffRequest) -> HttpResponse:
    """Invite a colleague; the link is shown once."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invited = operations.invite_user(**form.cleaned_data, by=request.actor, now=timezone.now())
        except DomainError as refusal:
            explain(form, refusal, ["email"])
        else:
            return link_page(request, invited)
    return TemplateResponse(request, "staff/invite.html", {"title": "Invite a colleague", "form": form}, status=422 if form.is_bound else 200)


@staff_page("staff.invite")
@require_http_methods(["GET", "POST"])
def invite_again(request: StaffRequest, user_id: str) -> HttpResponse:
    """A new link for somebody who has not come in."""
    user = queries.member(user_id)
    if request.method == "POST":
        return link_page(request, operations.invite_again(user_id=user.pk, by=request.actor, now=timezone.now()))
    return render(request, "staff/invite_again.html", {"title": f"New link for {user.name}", "person": user, "back_url": back_to(user)})


def link_page(request: StaffRequest, invited: operations.Invited) -> HttpResponse:
    """The link, this once."""
    return render(request, "staff/shown_once.html", {
        "title": f"{invited.user.name} is invited",
        "about": "Send them this link yourself; it works once, within three days. Roles come next, by four eyes.",
        "secret": request.build_absolute_uri(reverse("staff:invitation", args=[invited.token])), "back_url": back_to(invited.user)})


@staff_page("staff.grant")
@require_http_methods(["GET", "POST"])
def give(request: StaffRequest, user_id: str) -> HttpResponse:
    """Propose a role for a colleague."""
    user = queries.member(user_id)
    mine = queries.programmes_of(request.user, "staff.grant")
    form = GrantForm(request.POST or None, programmes=queries.programme_names(within=mine))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            proposal = operations.propose_grant(
                user_id=user.pk, role=data["role"], programme_ids=data["programmes"], valid_until=data["until"], reason=data["reason"],
                by=request.actor, now=timezone.now())
        except DomainError as refusal:
            explain(form, refusal)
        else:
            return proposed(request, proposal)
    context = {"title": f"Give {user.name} a role", "form": form, "back_url": back_to(user)}
    return TemplateResponse(request, "staff/give.html", context, status=422 if form.is_bound else 200)


@staff_page("staff.grant")
@require_http_methods(["GET", "POST"])
def revoke(request: StaffRequest, grant_id: str) -> HttpResponse:
    """Propose to take a role back."""
    grant = queries.grant_of(grant_id)
    act = DangerousAct(
        title=f"Take a role from {grant.user.name}", verb="Propose it", back=back_to(grant.user),
        consequence=f"{grant.user.name} loses the role {grant.get_role_display()} and is signed out, once a second administrator approves.",
        undo="The role can be given again, by four eyes.")
    return asked(request, act, lambda reason: operations.propose_revocation(
        grant_id=grant.pk, reason=reason, by=request.actor, now=timezone.now()))


@staff_page("staff.reset_factor")
@require_http_methods(["GET", "POST"])
def reset_factor(request: StaffRequest, user_id: str) -> HttpResponse:
    """Propose to void a colleague's factor and password."""
    user = queries.member(user_id)
    act = DangerousAct(
        title=f"Reset the second factor of {user.name}", verb="Propose it", back=back_to(user),
        consequence="Once a second administrator approves, 1 person is signed out everywhere: password, authenticator and recovery codes end.",
        undo="The approving administrator gets a link by which the person comes in anew.")
    return asked(request, act, lambda reason: operations.propose_factor_reset(
        user_id=user.pk, reason=reason, by=request.actor, now=timezone.now()))


@staff_page("staff.deactivate")
@require_http_methods(["GET", "POST"])
def deactivate(request: StaffRequest, user_id: str) -> HttpResponse:
    """Shut a colleague out at once."""
    user = queries.member(user_id)
    act = DangerousAct(
        title=f"Deactivate {user.name}", verb="Deactivate", back=back_to(user), undo="You can reactivate the account; roles are kept.",
        consequence="1 person is signed out everywhere at once and cannot sign in. What they proposed can no longer be approved.")
    return asked(request, act, lambda reason: operations.deactivate_user(
        user_id=user.pk, reason=reason, by=request.actor, now=timezone.now()))


@staff_page("staff.deactivate")
@require_http_methods(["GET", "POST"])
def reactivate(request: StaffRequest, user_id: str) -> HttpResponse:
    """Let a colleague back in."""
    user = queries.member(user_id)
    act = DangerousAct(title=f"Reactivate {user.name}", verb="Reactivate", back=back_to(user), colour="primary", icon="user-check",
                       consequence="The person can sign in again, with the roles that still stand.", undo="You can deactivate the account again.")
    return asked(request, act, lambda reason: operations.reactivate_user(
        user_id=user.pk, reason=reason, by=request.actor, now=timezone.now()))


def asked(request: StaffRequest, act: DangerousAct, do: Any) -> HttpResponse:
    """Ask for the reason, do it, and go back; a proposal says where it waits."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = do(form.words)
        except DomainError as refusal:
            explain(form, refusal)
        else:
            return redirect(act.back) if isinstance(done, User) else proposed(request, done)
    return ask_reason(request, act, form)


def proposed(request: StaffRequest, proposal: Any) -> HttpResponse:
    """Onward to the proposal that was just made."""
    messages.success(request, "Proposed. It waits for a second pair of eyes.")
    return redirect("staff:proposal", proposal.public_id)


def back_to(user: User) -> str:
    return reverse("staff:detail", args=[user.public_id])


def can(request: StaffRequest, verb: str) -> bool:
    return bool(request.user.may(verb))
