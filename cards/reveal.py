"""The reveal frame, `/reveal/<token>`: the one page that shows a card number. No session, no script, seen once.

The partner embeds it; the number goes from us to the cardholder's browser and never through the partner's servers. Who may
frame it is REVEAL_FRAME_ANCESTORS; in test installations, where it is empty, anybody.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET

from cards import operations
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError


@xframe_options_exempt
@require_GET
def reveal(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the session allows, and use it up."""
    by = Actor(kind="cardholder", id=None, label="reveal frame", channel="api", request_id=getattr(request, "request_id", ""))
    try:
        shown = operations.view_reveal_session(token=token, by=by, now=timezone.now())
    except DomainError as refusal:
        return _sealed(render(request, "cards/reveal.html", {"refusal": refusal}, status=refusal.status))
    return _sealed(render(request, "cards/reveal.html", {"shown": shown}))


def _sealed(response: HttpResponse) -> HttpResponse:
    ancestors = " ".join(settings.REVEAL_FRAME_ANCESTORS) or ("'none'" if settings.PRODUCTION else "*")
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; frame-ancestors {ancestors}; base-uri 'none'; form-action 'none'")
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    return response
