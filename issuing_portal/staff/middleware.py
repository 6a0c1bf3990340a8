"""The gate of the portal: session and CSRF for staff only, both factors before any page, and sessions that end.

Machines' paths (/v1, /processor) have no session and no CSRF: nothing a browser holds works there, and the other way round.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from issuing_portal.staff import sessions
from issuing_portal.staff.queries import actor_for

MACHINES = ("/v1", "/processor")
STRANGERS = (*MACHINES, "/docs", "/static", "/healthz", "/readyz", "/metrics", "/onboarding", "/reveal", "/staff/sign-in", "/staff/invitations")
"""Paths (and all below them) that ask for no signed-in member of staff; everything else does, known or not."""
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"

Answer = Callable[[HttpRequest], HttpResponseBase]


def below(path: str, roots: tuple[str, ...]) -> bool:
    """Whether a path is one of the roots or lies under one (`/v1x` does not lie under `/v1`)."""
    return any(path == root or path.startswith(f"{root}/") for root in roots)


class PortalSessionMiddleware(SessionMiddleware):
    """Django's sessions, save on machines' paths: there the cookie is not even read."""

    def process_request(self, request: HttpRequest) -> None:
        if below(request.path_info, MACHINES):
            request.session = self.SessionStore()
        else:
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        return response if below(request.path_info, MACHINES) else super().process_response(request, response)


class PortalCsrfMiddleware(CsrfViewMiddleware):
    """Django's CSRF check, save on machines' paths: they take keys and signatures, never a cookie."""

    def process_request(self, request: HttpRequest) -> None:
        if not below(request.path_info, MACHINES):
            super().process_request(request)

    def process_view(self, request: HttpRequest, callback: Any, callback_args: Any, callback_kwargs: Any) -> Any:
        return None if below(request.path_info, MACHINES) else super().process_view(request, callback, callback_args, callback_kwargs)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response if below(request.path_info, MACHINES) else super().process_response(request, response)


class StaffGateMiddleware:
    """Lets through who gave both factors and is not idle; sets `request.actor` and `request.stepped_up`."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._answer(request, timezone.now())
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response

    def _answer(self, request: HttpRequest, now: datetime) -> HttpResponseBase:
        if below(request.path_info, MACHINES):
            return self.get_response(request)
        staff = self._staff(request, now)
        if staff:
            request.stepped_up = sessions.stepped_up(request.session, now)  # type: ignore[attr-defined]
            request.actor = actor_for(request)  # type: ignore[attr-defined]
        elif not below(request.path_info, STRANGERS):
            return to_sign_in(request)
        response = self.get_response(request)
        if staff or below(request.path_info, ("/staff",)):
            # A page of the portal is never kept: not by a proxy, and not by the browser's back button after signing out.
            response.headers["Cache-Control"] = "no-store"
        return response

    @staticmethod
    def _staff(request: HttpRequest, now: datetime) -> bool:
        user: Any = request.user
        if not user.is_authenticated:
            return False
        if not (user.is_verified() and sessions.alive(request.session, now)):
            auth.logout(request)
            return False
        if not (request.headers.get("X-Background") or request.headers.get("X-Poll")):  # a poll is nobody's activity
            sessions.seen(request.session, now)
        return True


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Off to sign-in, and back afterwards; a fragment says 401 and `HX-Redirect`: no sign-in page inside a table."""
    place = reverse(settings.LOGIN_URL)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"HX-Redirect": place})
    if request.method == "GET" and request.path_info != "/":
        place = f"{place}?{urlencode({'next': request.get_full_path()})}"
    return HttpResponseRedirect(place)
