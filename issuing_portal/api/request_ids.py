"""Every request has an id: in the header `Request-Id` of the answer, in every log line, in every audit row."""

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from issuing_portal.core.ids import new_id


class RequestIdMiddleware:
    """Gives `request.request_id` (ours: a caller's own header is no evidence) and binds it to the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = f"req_{new_id().hex}"  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response
