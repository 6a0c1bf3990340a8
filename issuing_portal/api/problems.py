"""One envelope for every refusal under /v1: `application/problem+json` (RFC 9457), for DRF, plain views and 500s."""

import json
from typing import Any

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from rest_framework import exceptions as drf
from rest_framework.response import Response

from issuing_portal.core.errors import DomainError, problem

log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"

CONFLICTS = {
    "cardholder_external_id_once": ("external_id_taken", "Another cardholder has this external_id."),
    "account_external_id_once": ("external_id_taken", "Another account has this external_id."),
    "card_external_id_once": ("external_id_taken", "Another card has this external_id."),
    "kyc_one_open_case": ("kyc_case_open", "The cardholder has an open KYC case already."),
}
"""Unique constraints that two requests at once may run into, and what their loser is told."""

TITLES = {
    400: "The request is malformed.", 401: "Who is calling is not known.", 403: "The key may not do this.", 404: "There is no such object.",
    405: "The method is not offered here.", 413: "The body is too large.", 415: "The media type is not supported.",
    422: "The request has fields that cannot be accepted.", 429: "Too many requests.", 500: "Something went wrong on our side.",
    503: "We cannot serve this right now.",
}
CODES = {400: "malformed_request", 401: "unauthenticated", 403: "scope_missing", 404: "not_found", 405: "method_not_allowed",
         413: "body_too_large", 415: "unsupported_media_type", 422: "validation_failed", 429: "rate_limited", 500: "internal_error",
         503: "unavailable"}


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's hook: any exception of a view as a problem. What is ours to mend is logged with its traceback."""
    request = context["request"]._request
    if isinstance(error, DomainError):
        return _answer(request, error.status, code=error.code, title=_plain_title(error), detail=error.detail, errors=getattr(error, "errors", None))
    if isinstance(error, drf.ValidationError):
        return _answer(request, 422, detail="Some fields cannot be accepted; see errors.", errors=flatten(error.detail))
    if isinstance(error, Http404):
        return _answer(request, 404, detail="There is no such object.")
    if isinstance(error, drf.APIException):
        return _from_drf(request, error)
    conflict = CONFLICTS.get(_constraint(error))
    if conflict:
        return _answer(request, 409, code=conflict[0], title=conflict[1], detail=conflict[1])
    if isinstance(error, OperationalError | InterfaceError):
        log.error("database_unavailable", exc_info=error)
        return _answer(request, 503, headers={"Retry-After": "1"},
                       detail="The database does not answer; nothing was done. Try again with the same Idempotency-Key.")
    log.error("unhandled_error", exc_info=error)
    return _answer(request, 500, detail="The fault is logged under the request id; nothing was done.")


def _from_drf(request: HttpRequest, error: drf.APIException) -> Response:
    status = 401 if isinstance(error, drf.NotAuthenticated) else error.status_code
    codes = error.get_codes()
    own = codes if isinstance(codes, str) and codes in ("malformed_json",) else None
    headers: dict[str, str] = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = f"{int(error.wait)}"  # type: ignore[attr-defined]
    return _answer(request, status, code=own, detail=str(error.detail), headers=headers)


def _answer(request: HttpRequest, status: int, *, detail: str, code: str | None = None, title: str | None = None,
            errors: list[dict[str, str]] | None = None, headers: dict[str, str] | None = None) -> Response:
    body = problem(status=status, code=code or CODES.get(status, "error"), title=title or TITLES.get(status, "The request was refused."),
                   detail=detail, request_id=getattr(request, "request_id", ""), errors=errors)
    return Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)


def _plain_title(error: DomainError) -> str:
    return TITLES.get(error.status, str(error)) if error.status in (404, 422) else str(error)


def flatten(detail: Any, path: str = "") -> list[dict[str, str]]:
    """DRF's nested error detail as a flat list of {field, code, message}; a field inside is `individual.last_name`, or `limits[0].amount`."""
    if isinstance(detail, dict):
        return [item for name, inner in detail.items() for item in flatten(inner, _joined(path, name))]
    if isinstance(detail, list | tuple):
        found = []
        for position, inner in enumerate(detail):
            found += flatten(inner, f"{path}[{position}]" if isinstance(inner, dict | list) and inner else path)
        return found
    return [{"field": path, "code": str(getattr(detail, "code", "invalid")), "message": str(detail)}]


def _joined(path: str, name: str | int) -> str:
    if isinstance(name, int):
        return f"{path}[{name}]"
    if name == "non_field_errors":
        return path
    return f"{path}.{name}" if path else name


def _constraint(error: Exception) -> str:
    if not isinstance(error, IntegrityError) or error.__cause__ is None:
        return ""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


def plain_problem(request: HttpRequest, status: int, *, code: str | None = None, detail: str) -> HttpResponse:
    """The same envelope outside DRF: unknown addresses, and faults before a view is reached."""
    body = problem(status=status, code=code or CODES[status], title=TITLES[status], detail=detail, request_id=getattr(request, "request_id", ""))
    return HttpResponse(json.dumps(body), status=status, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


def is_api(request: HttpRequest) -> bool:
    """Whether the caller is a machine of a partner, who reads problems, or a person, who reads pages."""
    return request.path == "/v1" or request.path.startswith("/v1/")


def no_such_address(request: HttpRequest, rest: str = "") -> HttpResponse:
    """What is under /v1 and no address of ours, whatever the method."""
    return plain_problem(request, 404, detail="There is no such address. Addresses have no trailing slash; see /docs/.")


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that Django itself refuses: its Host, its encoding, its size."""
    return plain_problem(request, 400, detail="The request is malformed.") if is_api(request) else defaults.bad_request(request, exception)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page that is not for this viewer."""
    return plain_problem(request, 403, detail="This is not allowed.") if is_api(request) else defaults.permission_denied(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such address."""
    return no_such_address(request) if is_api(request) else defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    """A fault outside DRF's reach."""
    if is_api(request):
        return plain_problem(request, 500, detail="The fault is logged under the request id; nothing was done.")
    return defaults.server_error(request)
