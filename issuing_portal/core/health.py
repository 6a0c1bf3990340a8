"""`/healthz`, `/readyz`, `/metrics`: for machines. Import-light, since the processor serves them as well.

Alive: the process answers. Ready: the database answers and every migration is applied; the broker is told but not required,
for taps, portal and API go on without it and its work is found again by beat.
"""

import hmac
import ipaddress
from functools import lru_cache

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe

from issuing_portal.core import metrics, pulse

log = structlog.get_logger(__name__)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process can answer."""
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served, else 503; `checks` says what is wrong."""
    database = database_answers()
    checks = {
        "database": "ok" if database else "unreachable",
        "migrations": ("ok" if migrated() else "pending") if database else "unknown",
        "broker": "ok" if pulse.reachable() else "unreachable",
    }
    ready = checks["database"] == checks["migrations"] == "ok"
    status = "degraded" if ready and checks["broker"] != "ok" else "ready" if ready else "not_ready"
    return JsonResponse({"status": status, "checks": checks}, status=200 if ready else 503, headers={"Cache-Control": "no-store"})


@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Prometheus' text for scrapers of METRICS_NETWORKS, or with METRICS_TOKEN; 403 for everyone else."""
    if not (_from_our_networks(request) or _with_token(request)):
        return HttpResponse("forbidden\n", status=403, content_type="text/plain")
    return HttpResponse(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8", headers={"Cache-Control": "no-store"})


def database_answers() -> bool:
    """Whether a query comes back."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() == (1,)
    except DatabaseError as error:
        log.warning("database_unreachable", error=type(error).__name__)
        return False


_migrated_once: list[bool] = []
"""Migrations do not go backwards under a running process: asked until they are applied, then remembered."""


def migrated() -> bool:
    """Whether the database has every migration of this code."""
    if not _migrated_once:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _migrated_once.append(True)
    return True


def _with_token(request: HttpRequest) -> bool:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return bool(settings.METRICS_TOKEN) and scheme == "Bearer" and hmac.compare_digest(token.encode(), settings.METRICS_TOKEN.encode())


def _from_our_networks(request: HttpRequest) -> bool:
    """Peer and every hop before it: behind a proxy on this machine, the peer alone would always be loopback."""
    hops = [request.META.get("REMOTE_ADDR", ""), *request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    named = [hop.strip() for hop in hops if hop.strip()]
    return bool(named) and all(_ours(hop) for hop in named)


@lru_cache(maxsize=256)
def _ours(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network, strict=False) for network in settings.METRICS_NETWORKS)


urls = [path("healthz", healthz), path("readyz", readyz), path("metrics", metrics_page)]
