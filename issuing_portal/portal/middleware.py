"""The viewer's clock: every date of a page is shown in the zone of whoever reads it. Stands after authentication."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

ZONE_COOKIE = "zone"
"""Set by portal.js from the browser's own zone; holds nothing but an IANA name."""

ZONES = available_timezones()


class ViewerZoneMiddleware:
    """The zone of the user's settings, else the browser's, else UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        named = getattr(getattr(request, "user", None), "timezone", "") or request.COOKIES.get(ZONE_COOKIE, "")
        with timezone.override(ZoneInfo(named) if named in ZONES else None):
            return self.get_response(request)
