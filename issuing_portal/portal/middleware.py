"""Two things that every staff page needs of its request: the viewer's clock, and an honest end of the session.

`ViewerZoneMiddleware` stands after authentication; `FragmentSignInMiddleware` outside whatever redirects to sign-in.
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone

ZONE_COOKIE = "zone"
"""Set by portal.js from the browser's own zone; holds nothing but an IANA name."""

Answer = Callable[[HttpRequest], HttpResponse]
ZONES = available_timezones()


class ViewerZoneMiddleware:
    """Dates are shown in the zone of the user's settings, else the browser's, else UTC."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        named = getattr(getattr(request, "user", None), "time_zone", "") or request.COOKIES.get(ZONE_COOKIE, "")
        with timezone.override(ZoneInfo(named) if named in ZONES else None):
            return self.get_response(request)


class FragmentSignInMiddleware:
    """A fragment that would be redirected to sign-in says 401 and `HX-Redirect`: no login page inside a table."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        place = answer.headers.get("Location", "")
        if request.headers.get("HX-Request") != "true" or not place.startswith(resolve_url(settings.LOGIN_URL)):
            return answer
        return HttpResponse(status=401, headers={"HX-Redirect": resolve_url(settings.LOGIN_URL)})
