"""The processor, as tests play it: messages signed with a connection's secret, handed to the processor's own URLs.

    answer = tap(acme, card["id"], 1250)                                # {"decision": "approved", …}
    answer = tap(acme, card["id"], 1250, merchant={"mcc": "7995"}, channel="contactless")
    clear(acme, original=reference, amount=1250); reverse(acme, original=reference); refund(acme, …)
    response = post(acme, "authorisations", body)                       # the HTTP answer itself, for refusals

In this process and without middleware, as the processor entry has none; safe to call from many threads at once. The
sandbox's verbs reach the same entry in every test (fixture `processor_entry`), so that they work in a rolled-back database.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.urls import Resolver404, get_resolver

from authorisations import views
from issuing_portal.core import signing
from issuing_portal.sandbox import processor_client
from tests.characters import MERCHANT, PartnerClient

URLS = "issuing_portal.urls_processor"


def tap(who: PartnerClient, card: str, amount: int, **over: Any) -> dict[str, Any]:
    """The answer to one signed authorisation; `over` replaces fields; of `merchant` only those given."""
    return understood(post(who, "authorisations", tap_body(who, card, amount, **over)))


def tap_body(who: PartnerClient, card: str, amount: int, **over: Any) -> dict[str, Any]:
    """A message of API.md §3 with a fresh network reference."""
    body = {"network_reference": uuid4().hex, "kind": "authorisation", "card": card, "amount": amount, "currency": who.programme.currency,
            "merchant": MERCHANT | over.pop("merchant", {}), "channel": "ecommerce"}
    return body | over


def clear(who: PartnerClient, original: str | None = None, amount: int | None = None, **over: Any) -> dict[str, Any]:
    """The answer to one signed clearing of the authorisation with the network reference `original`."""
    return understood(post(who, "clearings", told(who, original, amount, **over)))


def refund(who: PartnerClient, original: str | None = None, amount: int | None = None, **over: Any) -> dict[str, Any]:
    """The answer to one signed refund."""
    return understood(post(who, "refunds", told(who, original, amount, **over)))


def reverse(who: PartnerClient, original: str, amount: int | None = None, **over: Any) -> dict[str, Any]:
    """The answer to one signed reversal."""
    return understood(post(who, "reversals", told(who, original, amount, **over)))


def increment(who: PartnerClient, original: str, amount: int, **over: Any) -> dict[str, Any]:
    """The answer to one signed request for more."""
    return understood(post(who, "increments", told(who, original, amount, **over)))


def advise(who: PartnerClient, original: str | None, amount: int, **over: Any) -> dict[str, Any]:
    """The answer to one signed advice: approved by the network unless told otherwise."""
    return understood(post(who, "advices", told(who, original, amount, **({"decision": "approved", "decided_by": "network"} | over))))


def expire(who: PartnerClient, original: str, amount: int | None = None, **over: Any) -> dict[str, Any]:
    """The answer to one signed expiry."""
    return understood(post(who, "expiries", told(who, original, amount, **over)))


def told(who: PartnerClient, original: str | None, amount: int | None, **over: Any) -> dict[str, Any]:
    """A message that tells of an authorisation."""
    body: dict[str, Any] = {"network_reference": uuid4().hex, "currency": who.programme.currency}
    if original is not None:
        body["original_network_reference"] = original
    if amount is not None:
        body["amount"] = amount
    return body | over


def understood(response: HttpResponse) -> dict[str, Any]:
    """The body of a 200."""
    assert response.status_code == 200, response.content
    return json.loads(response.content)


def post(who: PartnerClient, path: str, body: Any, *, connection: str | None = None, secret: str | None = None,
         at: float | None = None, headers: dict[str, str] | None = None) -> HttpResponse:
    """POST /processor/v1/{connection}/{path}, signed by the partner's connection unless told otherwise; `body` bytes go as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = signing.headers(secrets_in_force=[secret or who.secret], message_id=f"msg_{uuid4().hex}", timestamp=int(at or time.time()), body=raw)
    response = enter(f"/processor/v1/{connection or who.connection}/{path}", raw, signed if headers is None else headers)
    assert isinstance(response, HttpResponse)
    return response


def enter(path: str, raw: bytes, headers: dict[str, str], method: str = "POST") -> HttpResponseBase:
    """What the processor entry answers: its URL list, its views, and nothing between."""
    request = RequestFactory().generic(method, path, raw, "application/json", headers=headers)
    try:
        match = get_resolver(URLS).resolve(path)
    except Resolver404 as error:
        return views.not_found(request, error)
    return match.func(request, *match.args, **match.kwargs)


class ProcessorEntry(httpx.BaseTransport):
    """The processor entry of this process, to an HTTP client. `down`: nobody answers there; `before` is told each path first."""

    def __init__(self) -> None:
        self.down = False
        self.requests: list[httpx.Request] = []
        self.before: Callable[[str], object] = lambda path: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.down:
            raise httpx.ConnectError("the processor entry is down", request=request)
        self.before(request.url.path)
        names = (signing.ID, signing.TIMESTAMP, signing.SIGNATURE)
        answer = enter(request.url.path, request.read(), {name: request.headers[name] for name in names if name in request.headers}, request.method)
        assert isinstance(answer, HttpResponse)
        return httpx.Response(answer.status_code, headers=dict(answer.items()), content=answer.content)


@pytest.fixture(autouse=True)
def processor_entry(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProcessorEntry]:
    """The sandbox's way to the processor entry leads to the one in this process."""
    entry = ProcessorEntry()
    with httpx.Client(transport=entry, base_url="http://processor.test") as client:
        monkeypatch.setattr(processor_client, "http", lambda: client)
        yield entry
