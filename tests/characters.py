"""Standing characters: Acme, a partner with an app, and Globex, its rival. They knock at the front door (HTTP).

    def test_a_rival_sees_nothing(acme, globex):
        account = acme.funded_account()
        assert globex.get(f"/v1/accounts/{account['id']}").status_code == 404

A POST or PATCH carries a fresh Idempotency-Key unless `key=` is given (None: no header at all). `acme.live` is the same
partner in live mode.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.test import Client

from issuing_portal.core.actors import Actor
from issuing_portal.ledger.operations import set_up_programme
from issuing_portal.partners import operations as partners
from issuing_portal.partners.models import Partner, Programme
from issuing_portal.partners.scopes import SCOPES
from issuing_portal.sandbox.operations.partners import set_up_test_partner

FRESH = "a fresh key"
STAGE_HAND = Actor.system("stage hand", "command")


class Answer:
    """An HTTP answer as a partner reads it."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.status_code = response.status_code
        self.headers = response.headers

    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.response.content)

    @property
    def content(self) -> bytes:
        """The raw body."""
        return self.response.content

    @property
    def code(self) -> str:
        """The stable code of a problem."""
        return str(self.json()["code"])

    def __repr__(self) -> str:
        return f"<{self.status_code} {self.content[:600].decode(errors='replace')}>"


@dataclass
class PartnerClient:
    """One partner in one mode, with the key that it calls with."""

    partner: Partner
    programme: Programme
    api_key: str
    connection: str = ""
    secret: str = ""
    live: "PartnerClient | None" = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def programme_id(self) -> str:
        """`prg_…` of the programme."""
        return self.programme.public_id

    def get(self, path: str, **headers: str) -> Answer:
        """GET."""
        return self.call("GET", path, headers=headers)

    def delete(self, path: str, **headers: str) -> Answer:
        """DELETE."""
        return self.call("DELETE", path, headers=headers)

    def post(self, path: str, body: Any = None, *, key: str | None = FRESH, **headers: str) -> Answer:
        """POST; `body` None sends no body, bytes go as they are."""
        return self.call("POST", path, body, key=key, headers=headers)

    def patch(self, path: str, body: Any = None, *, key: str | None = FRESH, **headers: str) -> Answer:
        """PATCH."""
        return self.call("PATCH", path, body, key=key, headers=headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Answer:
        """PUT."""
        return self.call("PUT", path, body, headers=headers)

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Any request; `headers` by their names with `_` for `-`."""
        sent = {"Authorization": f"Bearer {self.api_key}"} | self.headers | {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        if key is not None:
            sent["Idempotency-Key"] = uuid4().hex if key == FRESH else key
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        content_type = sent.pop("Content-Type", "application/json")
        return Answer(Client().generic(method, path, raw, content_type, headers=sent))

    def with_key(self, api_key: str) -> "PartnerClient":
        """The same partner with another of its keys."""
        return PartnerClient(self.partner, self.programme, api_key, self.connection, self.secret, self.live)

    def key_with(self, *scopes: str, **spec: Any) -> "PartnerClient":
        """The same partner with a new key of these scopes alone (set by operation: the stage hand's work)."""
        wanted = partners.KeySpec(name="narrow", scopes=scopes, **{"rate_per_second": 1000, **spec})
        _, token = partners.issue_api_key(partner_id=self.partner.id, livemode=self.programme.livemode, spec=wanted, by=STAGE_HAND,
                                          now=datetime.now(UTC))
        return self.with_key(token)

    def cardholder(self, **changes: Any) -> dict[str, Any]:
        """A fresh individual, not yet approved."""
        return made(self.post("/v1/cardholders", new_individual(self.programme_id) | changes))

    def approved_cardholder(self, **changes: Any) -> dict[str, Any]:
        """An individual whom the sandbox has approved."""
        cardholder = self.cardholder(**changes)
        self.approve(cardholder["id"])
        return done(self.get(f"/v1/cardholders/{cardholder['id']}"))

    def approve(self, cardholder_id: str) -> dict[str, Any]:
        """A case for the cardholder, approved by the sandbox."""
        case = made(self.post("/v1/kyc_cases", {"cardholder": cardholder_id}))
        return done(self.post(f"/v1/sandbox/kyc_cases/{case['id']}/approve", {}))

    def account(self, **changes: Any) -> dict[str, Any]:
        """An open account without money."""
        return made(self.post("/v1/accounts", {"programme": self.programme_id, "currency": self.programme.currency} | changes))

    def funded_account(self, amount: int = 100_000, **changes: Any) -> dict[str, Any]:
        """An account that holds `amount` minor units."""
        account = self.account(**changes)
        return done(self.post(f"/v1/accounts/{account['id']}/fund", {"amount": amount, "reference": "opening"}))

    def active_card(self, *, amount: int = 100_000, **changes: Any) -> dict[str, Any]:
        """A virtual card of an approved cardholder on a funded account (give `cardholder=` or `account=` to use others)."""
        body = {"form": "virtual", **changes}
        if "cardholder" not in body:
            body["cardholder"] = self.approved_cardholder()["id"]
        if "account" not in body:
            body["account"] = self.funded_account(amount)["id"]
        return made(self.post("/v1/cards", body))

    def tap(self, card_id: str, amount: int, **changes: Any) -> dict[str, Any]:
        """A simulated card tap through the sandbox: `{authorisation, request, response, latency_ms}`."""
        body = {"card": card_id, "amount": amount, "currency": self.programme.currency, "channel": "ecommerce", "merchant": MERCHANT} | changes
        answer = self.post("/v1/sandbox/authorisations", body)
        assert answer.status_code in (200, 201), answer
        return answer.json()


MERCHANT = {"id": "333301802529120", "name": "COFFEE SHOP", "mcc": "5814", "city": "AMSTERDAM", "country": "NL"}


def new_individual(programme_id: str) -> dict[str, Any]:
    """The least that a cardholder needs (API.md §6)."""
    return {
        "programme": programme_id, "type": "individual", "email": "ada@example.com",
        "individual": {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1990-12-10", "nationalities": ["GB"]},
        "address": {"line1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB"},
    }


def made(answer: Answer) -> dict[str, Any]:
    """The body of a 201."""
    assert answer.status_code == 201, answer
    return answer.json()


def done(answer: Answer) -> dict[str, Any]:
    """The body of a 200."""
    assert answer.status_code == 200, answer
    return answer.json()


def set_up(name: str) -> PartnerClient:
    """A partner as `manage.py new_partner` makes it, and its twin in live mode."""
    now = datetime.now(UTC)
    new = set_up_test_partner(name=name, by=STAGE_HAND, now=now)
    spec = partners.ProgrammeSpec(name=f"{name} live", scheme="visa", currency="GBP", bin="400001", bin_sponsor="Sponsor Bank plc", region="GB")
    programme = set_up_programme(partner_id=new.partner.id, livemode=True, spec=spec, by=STAGE_HAND, now=now)
    key = partners.KeySpec(name="live key", scopes=SCOPES, rate_per_second=1000)
    _, live_token = partners.issue_api_key(partner_id=new.partner.id, livemode=True, spec=key, by=STAGE_HAND, now=now)
    connection, live_secret = partners.create_processor_connection(
        partner_id=new.partner.id, livemode=True, name="Processor", by=STAGE_HAND, now=now)
    live = PartnerClient(new.partner, programme, live_token, connection.public_id, live_secret)
    return PartnerClient(new.partner, new.programme, new.api_key, new.connection.public_id, new.secret, live)
