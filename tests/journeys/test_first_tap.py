"""A partner's first day: from `new_partner` to a decline that explains itself, over HTTP, as any client would do it."""

import base64
import hashlib
import hmac
import io
import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.core.management import call_command

from tests.journeys.conftest import Running

MERCHANT = {"id": "333301802529120", "name": "COFFEE SHOP", "mcc": "5814", "city": "AMSTERDAM", "country": "NL"}


class Partner:
    """A client that knows the documents alone."""

    def __init__(self, running: Running) -> None:
        told = io.StringIO()
        call_command("new_partner", "First tap", "--json", stdout=told)
        self.told: dict[str, Any] = json.loads(told.getvalue())
        self.api = httpx.Client(base_url=running.api, headers={"Authorization": f"Bearer {self.told['api_key']}"}, trust_env=False, timeout=20)
        self.processor = httpx.Client(base_url=running.processor, trust_env=False, timeout=20)

    def post(self, path: str, body: dict[str, Any], status: int, key: str | None = None) -> dict[str, Any]:
        answer = self.api.post(path, json=body, headers={"Idempotency-Key": key or uuid4().hex})
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path: str, **query: str) -> dict[str, Any]:
        answer = self.api.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def signed(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Standard Webhooks, by hand: nothing of ours is used to sign."""
        raw, message, now = json.dumps(body).encode(), f"msg_{uuid4().hex}", str(int(time.time()))
        secret = base64.b64decode(self.told["processor"]["secret"].removeprefix("whsec_"))
        mac = base64.b64encode(hmac.digest(secret, f"{message}.{now}.".encode() + raw, hashlib.sha256)).decode()
        headers = {"webhook-id": message, "webhook-timestamp": now, "webhook-signature": f"v1,{mac}", "content-type": "application/json"}
        return self.processor.post(f"/processor/v1/{self.told['processor']['connection']}/{path}", content=raw, headers=headers)


@pytest.fixture
def acme(running: Running) -> Iterator[Partner]:
    """The partner, who hangs up at the end."""
    partner = Partner(running)
    with partner.api, partner.processor:
        yield partner


@pytest.mark.slow
def test_from_a_key_to_an_explained_decline(acme: Partner) -> None:
    programme = acme.get(f"/v1/programmes/{acme.told['programme']}")
    assert (programme["currency"], programme["status"]) == ("GBP", "active")

    cardholder = acme.post("/v1/cardholders", {
        "programme": programme["id"], "type": "individual", "external_id": "user-1", "email": "ada@example.com",
        "individual": {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1990-12-10", "nationalities": ["GB"]},
        "address": {"line1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB"}}, 201)
    account = acme.post("/v1/accounts", {"programme": programme["id"], "currency": "GBP"}, 201)
    wanted = {"cardholder": cardholder["id"], "account": account["id"], "form": "virtual"}
    assert acme.post("/v1/cards", wanted, 409)["code"] == "kyc_incomplete"

    case = acme.post("/v1/kyc_cases", {"cardholder": cardholder["id"]}, 201)
    assert acme.post(f"/v1/sandbox/kyc_cases/{case['id']}/approve", {}, 200)["outcome"] == "approved"
    acme.post(f"/v1/accounts/{account['id']}/fund", {"amount": 10_000, "reference": "first"}, 200)
    card = acme.post("/v1/cards", wanted, 201)
    assert card["status"] == "active"

    first = acme.post("/v1/sandbox/authorisations", {"card": card["id"], "amount": 1250, "currency": "GBP", "merchant": MERCHANT,
                                                     "channel": "ecommerce"}, 201)
    assert first["response"]["decision"] == "approved"
    assert acme.get(f"/v1/accounts/{account['id']}")["balance"] == {"posted": 10_000, "held": 1250, "available": 8750}
    acme.post(f"/v1/sandbox/authorisations/{first['authorisation']['id']}/clear", {}, 200)
    assert acme.get(f"/v1/accounts/{account['id']}")["balance"] == {"posted": 8750, "held": 0, "available": 8750}

    limits = acme.api.put(f"/v1/cards/{card['id']}/controls", json={"limits": [{"interval": "per_authorisation", "amount": 2000}]})
    assert limits.status_code == 200, limits.text
    tap = {"network_reference": uuid4().hex, "kind": "authorisation", "card": card["id"], "amount": 2001, "currency": "GBP", "merchant": MERCHANT,
           "channel": "ecommerce"}
    refused = acme.signed("authorisations", tap).json()
    assert (refused["decision"], refused["reason"]) == ("declined", "limit_exceeded")
    assert acme.signed("authorisations", tap).json() == refused, "a replay gets the stored answer"
    explained = acme.get(f"/v1/authorisations/{refused['authorisation']}")["explanation"]
    assert [entry["outcome"] for entry in explained[:-1]] == ["passed"] * (len(explained) - 1)
    assert explained[-1]["outcome"] == "refused" and "limit" in explained[-1]["detail"]

    acme.post(f"/v1/cards/{card['id']}/freeze", {"reason": "lost in the sofa"}, 200)
    frozen = acme.signed("authorisations", tap | {"network_reference": uuid4().hex, "amount": 100}).json()
    assert frozen["reason"] == "card_frozen"
    types = [event["type"] for event in acme.get("/v1/events", limit="100")["data"]]
    for expected in ("cardholder.activated", "kyc_case.approved", "account.funded", "card.issued", "card.frozen", "authorisation.approved",
                     "authorisation.declined", "transaction.posted"):
        assert expected in types
    call_command("verify_ledger", stdout=io.StringIO())
