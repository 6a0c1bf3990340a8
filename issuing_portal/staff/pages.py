"""`@staff_page("cards.read")`: the guard of every portal view, and what it answers when an operation refuses.

    @staff_page("cards.freeze")
    def freeze(request, card_id): …

The view carries `.verb`, from which tests/staff generate the role × route matrix. Rules live in operations; this guard
only keeps people from pages that they could do nothing on, asks again for the second factor where the verb is sensitive,
and turns a DomainError that the view did not catch into a page.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, NotFound, PermissionRefused
from issuing_portal.staff.queries import StepUpNeeded
from issuing_portal.staff.roles import ALL_VERBS, EVERYONE, STEP_UP_VERBS

View = Callable[..., HttpResponseBase]


class StaffRequest(HttpRequest):
    """A request behind the gate, for annotations: who asks, as which actor, and whether the second factor is fresh."""

    user: Any
    actor: Actor
    stepped_up: bool
    request_id: str


def staff_page(verb: str) -> Callable[[View], View]:
    """Guard a portal view by `verb` of staff/roles.py (EVERYONE: any signed-in member of staff)."""
    if verb != EVERYONE and verb not in ALL_VERBS:
        raise ValueError(f"{verb} is no verb of staff/roles.py")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if verb != EVERYONE and not request.user.may(verb):  # type: ignore[union-attr]
                raise PermissionDenied
            if verb in STEP_UP_VERBS and not getattr(request, "stepped_up", False):
                return to_step_up(request)
            return answered(view, request, *args, **kwargs)

        guarded.verb = verb  # type: ignore[attr-defined]
        return guarded

    return decorate


def step_up_required(view: View) -> View:
    """For a page whose verb is not sensitive but whose act is (own password, recovery codes): the second factor first."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs) if getattr(request, "stepped_up", False) else to_step_up(request)

    return guarded


def answered(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    """The view's answer, or the page of the domain error that it let through."""
    try:
        return view(request, *args, **kwargs)
    except NotFound as refusal:
        raise Http404(str(refusal)) from refusal
    except StepUpNeeded:
        return to_step_up(request)
    except PermissionRefused as refusal:
        raise PermissionDenied from refusal
    except DomainError as refusal:
        return render(request, "staff/refused.html", {"title": "That was refused", "refusal": refusal}, status=refusal.status)


def to_step_up(request: HttpRequest) -> HttpResponse:
    """Off to the page that asks for the second factor, and back here afterwards."""
    place = f"{reverse('staff:step_up')}?{urlencode({'next': request.get_full_path()})}"
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"HX-Redirect": place})
    return HttpResponseRedirect(place)
