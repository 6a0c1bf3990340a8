"""The two lines of a replay: the partner's to /v1, the processor's to its entry. HTTP with connections kept alive.

What fails in passing (no answer, 429, 503, a key in flight) is tried again a few times, under the same key or reference.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from issuing_portal.core import signing

TRIES = 5
PASSING: dict[int, set[str] | None] = {409: {"idempotency_key_in_flight"}, 429: None, 502: None, 503: None}
"""Answers worth another try: status → codes (None: any)."""


class ReplayFailed(Exception):
    """The replay cannot go on; the text is for the person at the terminal."""


@dataclass(frozen=True)
class Credentials:
    """What `new_partner --json` printed."""

    api_key: str
    programme: str
    connection: str
    secret: str


def client(origin: str, clients: int) -> httpx.Client:
    """An HTTP client that keeps one connection per worker open."""
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients, keepalive_expiry=60)
    return httpx.Client(base_url=origin, timeout=httpx.Timeout(30.0, connect=5.0), limits=limits, follow_redirects=False, trust_env=False)


@dataclass
class PartnerLine:
    """/v1 with one key."""

    http: httpx.Client
    api_key: str

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """One GET. Raises: ReplayFailed."""
        return self._call("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any], *, key: str) -> dict[str, Any]:
        """One POST, answered once per `key`. Raises: ReplayFailed."""
        return self._call("POST", path, json=body, headers={"Idempotency-Key": key})

    def every(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """The whole of a list. Raises: ReplayFailed."""
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, limit="100", **query, **cursor)
            yield from page["data"]
            if not page["has_more"]:
                return
            cursor = {"cursor": page["next_cursor"]}

    def _call(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        answer = _patiently(lambda: self.http.request(method, path, headers={"Authorization": f"Bearer {self.api_key}"} | (headers or {}), **more))
        if answer.status_code == 401:
            raise ReplayFailed("the API does not know the key of this replay (see `.data/replay-….json`; without that file a new partner is made)")
        if not answer.is_success:
            raise ReplayFailed(f"{method} {path} was answered {answer.status_code}: {answer.text[:400]}")
        return answer.json()


@dataclass
class ProcessorLine:
    """The processor entry with one connection's secret. `latencies`: microseconds per message of a kind, as answered to the processor."""

    http: httpx.Client
    connection: str
    secret: str
    latencies: dict[str, list[int]] = field(default_factory=dict)

    def send(self, path: str, message: dict[str, Any]) -> dict[str, Any]:
        """One signed message (`authorisations`, `clearings`, `refunds`). Raises: ReplayFailed."""
        body = json.dumps(message, separators=(",", ":")).encode()
        answer = _patiently(lambda: self._post(path, body))
        if answer.status_code != 200:
            raise ReplayFailed(f"the processor entry answered {answer.status_code} to {path} {message['network_reference']}: {answer.text[:400]}")
        return answer.json()

    def _post(self, path: str, body: bytes) -> httpx.Response:
        signed = signing.headers(secrets_in_force=[self.secret], message_id=f"msg_{uuid4().hex}", timestamp=int(time.time()), body=body)
        began = time.perf_counter_ns()
        answer = self.http.post(f"/processor/v1/{self.connection}/{path}", content=body, headers=signed | {"content-type": "application/json"})
        self.latencies.setdefault(path, []).append((time.perf_counter_ns() - began) // 1000)
        return answer


def _patiently(ask: Any) -> httpx.Response:
    """The answer, after a few tries where the trouble may pass. Raises: ReplayFailed when nobody answers."""
    for attempt in range(1, TRIES + 1):
        try:
            answer: httpx.Response = ask()
        except httpx.HTTPError as error:
            if attempt == TRIES:
                raise ReplayFailed(f"nobody answers at {error.request.url.copy_with(path='/')}: {type(error).__name__}") from error
        else:
            if attempt == TRIES or not _may_pass(answer):
                return answer
        time.sleep(0.2 * 2 ** (attempt - 1))
    raise AssertionError("unreachable")


def _may_pass(answer: httpx.Response) -> bool:
    codes = PASSING.get(answer.status_code, set())
    return codes is None or (bool(codes) and answer.json().get("code") in codes)
