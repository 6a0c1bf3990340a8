"""The simulated processor's line to our processor entry: signed messages over HTTP, as a real one sends them.

Only the sandbox speaks here. Nothing of it is inside a transaction: the entry answers by its own commits.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import uuid4

import httpx
from django.conf import settings

from issuing_portal.core import signing
from issuing_portal.core.errors import DomainError

TIMEOUT = httpx.Timeout(10.0, connect=2.0)


class ProcessorUnavailable(DomainError):
    code, status, title = "processor_unavailable", 503, "The processor entry did not answer; send it again with the same Idempotency-Key."


class MessageRefused(DomainError):
    code, status, title = "message_refused", 422, "The processor entry refused the message: {detail}"


@dataclass(frozen=True)
class Exchange:
    """One message and what was answered. `latency_ms` is the whole round trip as the processor sees it."""

    request: dict[str, Any]
    response: dict[str, Any]
    latency_ms: int


@lru_cache(maxsize=1)
def http() -> httpx.Client:
    """The client of this process; its connections stay open."""
    return httpx.Client(base_url=settings.PROCESSOR_ORIGIN, timeout=TIMEOUT, follow_redirects=False, trust_env=False)


def send(*, connection: str, secrets: Sequence[str], path: str, message: dict[str, Any]) -> Exchange:
    """POST one message (`path` as in API.md §3: `authorisations`, `clearings` …), signed for `connection` (`prc_…`).

    Raises: ProcessorUnavailable, MessageRefused.
    """
    body = json.dumps(message, separators=(",", ":")).encode()
    headers = signing.headers(secrets_in_force=secrets, message_id=f"msg_{uuid4().hex}", timestamp=int(time.time()), body=body)
    began = time.perf_counter()
    try:
        answer = http().post(f"/processor/v1/{connection}/{path}", content=body, headers=headers | {"content-type": "application/json"})
    except httpx.HTTPError as error:
        raise ProcessorUnavailable from error
    latency = round((time.perf_counter() - began) * 1000)
    if answer.status_code in (400, 422):
        raise MessageRefused(detail=answer.json()["detail"])
    if answer.status_code != 200:
        raise ProcessorUnavailable
    return Exchange(request=message, response=answer.json(), latency_ms=latency)
