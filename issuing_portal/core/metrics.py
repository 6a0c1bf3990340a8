"""What is measured, in Prometheus' terms: requests by route, taps by decision, the sealer's backlog, tasks' pulse.

With PROMETHEUS_MULTIPROC_DIR set (the supervisor does) every process writes there, and one answer of /metrics holds them all.
Durations are whole milliseconds, as the promises of the tap path are made in them.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SHARED = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
if SHARED:
    Path(SHARED).mkdir(parents=True, exist_ok=True)

REQUEST_BUCKETS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000)
TAP_BUCKETS = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000)

REQUESTS = Counter("issuing_http_requests", "Requests by route and status.", ["method", "route", "status"])
REQUEST_TIME = Histogram("issuing_http_request_milliseconds", "Time to the answer by route.", ["method", "route"], buckets=REQUEST_BUCKETS)
TAPS = Histogram("issuing_tap_milliseconds", "Arrival to decision of card taps.", ["decision"], buckets=TAP_BUCKETS)
TAP_REASONS = Counter("issuing_taps", "Card taps by decision and reason.", ["decision", "reason"])
TAPS_LATE = Counter("issuing_taps_late", "Answers that left after the deadline.")
SEALS_WAITING = Gauge("issuing_seals_waiting", "Rows of the audit trail that wait for a seal.", multiprocess_mode="mostrecent")
SEALED = Counter("issuing_rows_sealed", "Rows of the audit trail that were sealed.")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Others are counted as OTHER: a caller must not be able to invent labels."""


def observe_tap(*, microseconds: int, decision: str, reason: str, late: bool) -> None:
    """Count one decided tap: `decision` approved or declined, `reason` the stable code."""
    TAPS.labels(decision).observe(microseconds / 1000)
    TAP_REASONS.labels(decision, reason).inc()
    if late:
        TAPS_LATE.inc()


def observe_seals(*, sealed: int, waiting: int) -> None:
    """Tell what one run of the sealer did, and what it left."""
    SEALED.inc(sealed)
    SEALS_WAITING.set(waiting)


def exposition() -> bytes:
    """The text for a scrape: of all processes where they share a folder, else of this one."""
    if not SHARED:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry)


class MetricsMiddleware:
    """Counts and times every request by its route (never by its path: ids would make a series each)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter_ns()
        response = self.get_response(request)
        method = request.method if request.method in METHODS else "OTHER"
        route = request.resolver_match.route if request.resolver_match else "unmatched"
        REQUESTS.labels(method, route, response.status_code).inc()
        REQUEST_TIME.labels(method, route).observe((time.perf_counter_ns() - begun) / 1_000_000)
        return response
