"""`/healthz`, `/readyz` and `/metrics`: what machines are told, and who may ask."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from issuing_portal.core import health, metrics, pulse
from issuing_portal.core.tasks import heartbeat

DEAD_BROKER = "redis://127.0.0.1:1/0"


def test_alive_needs_no_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_with_database_migrations_and_broker(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200, {"status": "ready", "checks": {"database": "ok", "migrations": "ok", "broker": "ok"}})


@pytest.mark.django_db
def test_ready_but_degraded_without_the_broker(client: Client, settings: Any) -> None:
    settings.REDIS_URL = DEAD_BROKER
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"], answer.json()["checks"]["broker"]) == (200, "degraded", "unreachable")


@pytest.mark.django_db
def test_not_ready_while_migrations_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "migrated", lambda: False)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["migrations"]) == (503, "pending")


def test_not_ready_without_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dead:
        def cursor(self) -> None:
            raise OperationalError("connection refused on a host that nobody outside should read of")

    monkeypatch.setattr(health, "connection", Dead())
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "unreachable")
    assert b"refused" not in answer.content


def test_metrics_count_requests_by_route_and_never_by_path(client: Client) -> None:
    client.get("/healthz")
    client.get("/no/such/page/of-mine")
    text = client.get("/metrics").content.decode()
    assert 'issuing_http_requests_total{method="GET",route="healthz",status="200"}' in text
    assert "of-mine" not in text


def test_a_tap_is_measured_in_milliseconds() -> None:
    metrics.observe_tap(microseconds=4_200, decision="approved", reason="approved", late=False)
    text = metrics.exposition().decode()
    assert 'issuing_tap_milliseconds_bucket{decision="approved",le="5.0"}' in text
    assert 'issuing_taps_total{decision="approved",reason="approved"}' in text


@pytest.mark.parametrize(("peer", "forwarded", "status"), [
    ("127.0.0.1", "", 200), ("::1", "", 200), ("203.0.113.9", "", 403),
    ("127.0.0.1", "203.0.113.9", 403), ("127.0.0.1", "127.0.0.1, 203.0.113.9", 403), ("127.0.0.1", "no address", 403),
])
def test_metrics_are_for_our_networks(client: Client, peer: str, forwarded: str, status: int) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert client.get("/metrics", REMOTE_ADDR=peer, headers=headers).status_code == status


def test_metrics_open_to_the_token_and_an_empty_token_opens_nothing(client: Client, settings: Any) -> None:
    def asked(token: str) -> int:
        return client.get("/metrics", REMOTE_ADDR="203.0.113.9", headers={"Authorization": f"Bearer {token}"}).status_code

    assert asked("") == 403
    settings.METRICS_TOKEN = "a-long-token-for-scrapers"
    assert (asked("a-long-token-for-scrapers"), asked("another"), asked("")) == (200, 403, 403)


def test_the_heartbeat_is_kept_and_a_dead_broker_says_nothing(settings: Any) -> None:
    pulse.beat("worker", now=datetime(2020, 1, 1, tzinfo=UTC))
    heartbeat()
    last = pulse.last("worker")
    assert last is not None and last.year > 2020
    settings.REDIS_URL = DEAD_BROKER
    assert (pulse.last("worker"), pulse.backlog(("default",)), pulse.reachable()) == (None, None, False)


def test_processes_that_share_a_folder_count_together(tmp_path: Path) -> None:
    shared = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}
    count = "from issuing_portal.core import metrics as m; m.observe_seals(sealed=3, waiting=4)"
    tell = "from issuing_portal.core import metrics as m; print(m.exposition().decode())"
    said = [subprocess.run([sys.executable, "-c", code], env=shared, capture_output=True, text=True, check=True, timeout=60).stdout
            for code in (count, count, tell)]
    assert "issuing_rows_sealed_total 6.0" in said[2] and "issuing_seals_waiting 4.0" in said[2]
