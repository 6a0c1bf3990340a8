"""The processor's entry: plain Django views. Signature, parse, one operation, answer. No DRF, no session, no broker.

A fault of ours is answered with a decline `system_error` on the tap, and with a 503 on messages that must be booked
(the processor sends those again): never an approval, never a 500.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from authorisations import operations
from authorisations.connections import Signed, line_for
from authorisations.messages import Advice, Expiry, Increment, NotUnderstood, Presentment, Reversal, Tap, parse
from authorisations.models import Authorisation
from authorisations.operations.booked import ReferenceReused, Told, keep_mismatch
from authorisations.operations.taps import Arrival, Line
from issuing_portal.core import metrics, signing
from issuing_portal.core.errors import problem
from issuing_portal.core.ids import new_id, parse_id

R = TypeVar("R")
log = structlog.get_logger(__name__)
BODY_LIMIT = 32 * 1024
DEADLINE_US = 200_000
RETRY_WITHIN_US = 100_000


@csrf_exempt
def authorise(request: HttpRequest, connection_id: str) -> HttpResponse:
    """POST /processor/v1/{connection}/authorisations"""
    arrival = Arrival(at=timezone.now(), started=time.perf_counter())
    opened = _open(request, connection_id, arrival, Tap)
    if isinstance(opened, HttpResponse):
        return opened
    line, tap = opened
    try:
        answer = _on_a_live_connection(lambda: operations.authorise(tap=tap, line=line, arrival=arrival), arrival)
    except Exception as error:
        # Whatever it was, it is ours: the answer is a decline, and the log has the cause.
        log.error("tap_failed", network_reference=tap.network_reference, exc_info=error)
        _mend_connection(error)
        answer = {"decision": "declined", "reason": "system_error", "approved_amount": 0, "authorisation": None, "currency": tap.currency}
    _note(answer, arrival)
    return _reply(answer)


@csrf_exempt
def reverse(request: HttpRequest, connection_id: str) -> HttpResponse:
    """POST /processor/v1/{connection}/reversals"""
    return _book(request, connection_id, Reversal, "reversal", operations.reverse)


@csrf_exempt
def clear(request: HttpRequest, connection_id: str) -> HttpResponse:
    """POST /processor/v1/{connection}/clearings"""
    return _book(request, connection_id, Presentment, "clearing", operations.clear)


@csrf_exempt
def refund(request: HttpRequest, connection_id: str) -> HttpResponse:
    """POST /processor/v1/{connection}/refunds"""
    return _book(request, connection_id, Presentment, "refund", operations.refund)


@csrf_exempt
def increment(request: HttpRequest, connection_id: str) -> HttpResponse:
    """POST /processor/v1/{connection}/increments"""
    return _book(request, connection_id, Increment, "increment", operations.increment)


@csrf_exempt
def advise(request: HttpRequest, connection_id: str) -> HttpResponse:
    """POST /processor/v1/{connection}/advices"""
    return _book(request, connection_id, Advice, "advice", operations.advise)


@csrf_exempt
def expire(request: HttpRequest, connection_id: str) -> HttpResponse:
    """POST /processor/v1/{connection}/expiries"""
    return _book(request, connection_id, Expiry, "expiry", operations.expire)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Any other address of this entry."""
    return _problem(404, "not_found", "There is no such address here.")


def failed(request: HttpRequest) -> HttpResponse:
    """A fault before a view is reached: the processor may send it again."""
    return _problem(503, "unavailable", "We cannot serve this right now.")


def _book(request: HttpRequest, connection_id: str, kind: type[Any], name: str, verb: Callable[..., dict[str, Any]]) -> HttpResponse:
    arrival = Arrival(at=timezone.now(), started=time.perf_counter())
    opened = _open(request, connection_id, arrival, kind)
    if isinstance(opened, HttpResponse):
        return opened
    line, told = opened
    try:
        return _reply(_on_a_live_connection(lambda: verb(told=told, line=line, by=line.actor, now=arrival.at), arrival))
    except ReferenceReused:
        return _mismatch(told, name, line, arrival)
    except Exception as error:
        log.error("message_failed", kind=name, network_reference=told.network_reference, exc_info=error)
        _mend_connection(error)
        return _problem(503, "unavailable", "Nothing was booked; send it again.")


def _mismatch(told: Told, name: str, line: Line, arrival: Arrival) -> HttpResponse:
    keep_mismatch(told, name, line, now=arrival.at)
    return _reply({"result": "queued_for_reconciliation", "reason": "duplicate_mismatch"})


def _open(request: HttpRequest, connection_id: str, arrival: Arrival, kind: type[Any]) -> tuple[Line, Any] | HttpResponse:
    """The line and the typed message, or the refusal: 405, 413, 401 (alike for every cause), 400, 422."""
    if request.method != "POST":
        return _problem(405, "method_not_allowed", "Messages are POSTed.", Allow="POST")
    body = request.read(BODY_LIMIT + 1)
    if len(body) > BODY_LIMIT:
        return _problem(413, "body_too_large", f"A message has at most {BODY_LIMIT} bytes.")
    headers = {name: request.META.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in (signing.ID, signing.TIMESTAMP, signing.SIGNATURE)}
    try:
        line = _on_a_live_connection(lambda: line_for(connection_id, Signed(headers, body), now=arrival.at), arrival)
    except signing.BadSignature:
        return _problem(401, "unauthenticated", "The request is not signed by a known connection.")
    except DatabaseError as error:
        log.error("connection_unknown", exc_info=error)
        _mend_connection(error)
        return _problem(503, "unavailable", "We cannot serve this right now.")
    try:
        return line, parse(kind, body)
    except NotUnderstood as error:
        return _problem(400, "malformed_request", str(error)) if error.malformed else _problem(422, "validation_failed", str(error))


def _on_a_live_connection(act: Callable[[], R], arrival: Arrival) -> R:
    """What `act` gives; a connection that had died since the last message is replaced, once, while there is time.

    Safe to repeat: every message is answered once per reference, so an effect that did commit is found again.
    """
    try:
        return act()
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block or connection.is_usable() or arrival.elapsed_us() > RETRY_WITHIN_US:
            raise
        connection.close()
        return act()


def _note(answer: dict[str, Any], arrival: Arrival) -> None:
    """The metric, and the mark of an answer that leaves after the deadline; its hold stays until the network or its expiry ends it."""
    elapsed = arrival.elapsed_us()
    late = elapsed > DEADLINE_US
    metrics.observe_tap(microseconds=elapsed, decision=answer["decision"], reason=answer["reason"], late=late)
    if late and answer.get("authorisation"):
        try:
            Authorisation.objects.filter(pk=parse_id("authorisation", answer["authorisation"])).update(late=True)
        except DatabaseError as error:
            log.error("late_not_marked", authorisation=answer["authorisation"], exc_info=error)


def _mend_connection(error: Exception) -> None:
    """A broken database connection is dropped, so that the next message opens a new one."""
    if isinstance(error, DatabaseError | InterfaceError) and not connection.in_atomic_block and not connection.is_usable():
        connection.close()


def _reply(answer: dict[str, Any]) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(answer), content_type="application/json")


def _problem(status: int, code: str, detail: str, **headers: str) -> HttpResponse:
    body = problem(status=status, code=code, title=detail, detail=detail, request_id=f"req_{new_id().hex}")
    return HttpResponse(msgspec.json.encode(body), status=status, content_type="application/problem+json", headers=headers)
