"""Requests per second and key; counted here while the shared counter is away."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import structlog.testing
from limits import RateLimitItemPerSecond
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from issuing_portal.api import throttles
from tests.characters import Answer, PartnerClient


@pytest.fixture(autouse=True)
def fresh_counter(monkeypatch):
    """No outage of an earlier test lingers."""
    monkeypatch.setattr(throttles.KeyThrottle, "away_until", 0.0)


def a_second_passes() -> None:
    """The window begins with its first request and lasts a second of real time: the counter's clock is not ours to turn."""
    threading.Event().wait(1.1)


def within_one_second(make_caller: Callable[[], PartnerClient], times: int) -> tuple[PartnerClient, list[Answer]]:
    """A new caller and its `times` first answers, all within one window: a busy machine is asked again."""
    for _ in range(20):
        caller, began = make_caller(), time.monotonic()
        answers = [caller.get("/v1/api_keys") for _ in range(times)]
        if time.monotonic() - began < 0.9:
            return caller, answers
    raise AssertionError("this machine is too slow for a burst within a second")


def test_beyond_the_rate_there_is_a_429_that_says_when(acme):
    caller, answers = within_one_second(lambda: acme.key_with("api_keys:read", rate_per_second=3), 5)
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.headers["RateLimit-Limit"] for answer in answers] == ["3"] * 5
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
    assert {answer.headers["RateLimit-Reset"] for answer in answers} == {"1"}
    refused = answers[-1]
    assert (refused.code, refused.headers["Retry-After"], refused.headers["Content-Type"]) == ("rate_limited", "1", "application/problem+json")
    a_second_passes()
    assert caller.get("/v1/api_keys").status_code == 200


def test_each_key_has_its_own_bucket(acme):
    _, answers = within_one_second(lambda: acme.key_with("api_keys:read", rate_per_second=1), 2)
    assert [answer.status_code for answer in answers] == [200, 429]
    assert acme.key_with("api_keys:read", rate_per_second=1).get("/v1/api_keys").status_code == 200


def test_a_key_without_a_rate_has_that_of_the_installation(acme, settings):
    settings.API_RATE_PER_SECOND = 7
    assert acme.key_with("api_keys:read", rate_per_second=None).get("/v1/api_keys").headers["RateLimit-Limit"] == "7"


def test_a_refused_request_does_nothing(acme):
    caller = acme.key_with("api_keys:write", "cards:read", rate_per_second=1)
    answers = [caller.post("/v1/api_keys", {"name": "burst", "scopes": ["cards:read"]}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 429, 429]
    assert [row["name"] for row in acme.get("/v1/api_keys").json()["data"]].count("burst") == 1


def test_thirty_at_once_share_one_bucket():
    gate = threading.Barrier(30)
    bucket = f"bucket {uuid4()}"

    def count(_: int) -> bool:
        gate.wait(timeout=20)
        return throttles.KeyThrottle._counted(RateLimitItemPerSecond(10, 5), bucket)[0]

    with ThreadPoolExecutor(30) as pool:
        assert Counter(pool.map(count, range(30)))[True] == 10


def test_while_the_counter_is_away_each_process_counts_for_itself(acme, monkeypatch):
    nowhere = FixedWindowRateLimiter(storage_from_string("redis://127.0.0.1:1/0", socket_timeout=0.2, socket_connect_timeout=0.2))
    monkeypatch.setattr(throttles, "shared", lambda: nowhere)
    caller = acme.key_with("api_keys:read", rate_per_second=2)
    with structlog.testing.capture_logs() as lines:
        answers = [caller.get("/v1/api_keys") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert [line["event"] for line in lines].count("rate_limit_local") == 1
    assert answers[0].headers["RateLimit-Limit"] == "2"
