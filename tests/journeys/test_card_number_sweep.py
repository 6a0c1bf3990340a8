"""After a whole journey no card number, CVV2 or key lies anywhere but in the vault; and the sweep finds what is planted."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from authorisations.models import Authorisation
from cards import vault
from cards.models import VaultEntry
from issuing_portal.core.actors import Actor
from issuing_portal.core.logs import RedactingFormatter, logging_config
from issuing_portal.events import operations as events
from issuing_portal.idempotency.models import StoredAnswer
from issuing_portal.ledger.models import Account
from issuing_portal.staff.models import Role
from tests.characters import MERCHANT, PartnerClient, made
from tests.people import staff_client
from tests.processor import clear, post, refund, reverse, tap, tap_body
from tests.sweep import Needles, Place, broker, database, sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the product's own formatter writes, from every logger, down to debug."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    spec = dict(logging_config(json=True, level="DEBUG")["formatters"]["lines"])
    spec.pop("()")
    handler.setFormatter(RedactingFormatter(**spec))
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(before)


class Journey:
    """A partner's day, with a card number tried in every input that takes one; keeps every answer and page."""

    def __init__(self, acme: PartnerClient) -> None:
        self.acme, self.places, self.needles = acme, list[Place](), Needles(keys={acme.api_key, acme.secret.removeprefix("whsec_")})

    def live_it(self) -> "Journey":
        card = self.acme.active_card(amount=100_000)
        renewed = made(self.acme.post(f"/v1/cards/{card['id']}/replace", {"reason": "damaged"}))
        self.needles.numbers = {vault.number_of(entry) for entry in VaultEntry.objects.all()}
        number = min(self.needles.numbers)
        self.reveal(card)
        self.spend(card, number)
        self.try_it_everywhere(card, number)
        self.keep("card", self.acme.get(f"/v1/cards/{renewed['id']}"))
        for path in ("cards", "cardholders", "accounts", "authorisations", "transactions", "events", "api_keys"):
            self.keep(path, self.acme.get(f"/v1/{path}?limit=100"))
        self.walk_the_portal(card, number)
        return self

    def reveal(self, card: dict[str, Any]) -> None:
        session = made(self.acme.post(f"/v1/cards/{card['id']}/reveal_sessions", {"fields": ["pan", "expiry", "cvv"]}))
        path = session["url"][session["url"].index("/reveal/"):]
        page = Client().get(path).content.decode()
        shown = re.sub(r"<[^>]+>", " ", page)
        cvv = re.search(r"(?<!\d)(\d{3})(?!\d)", re.sub(r"\d{4} \d{4} \d{4} \d{4}|\d\d\s*/\s*\d\d(?:\d\d)?", " ", shown))
        assert cvv and any(number in re.sub(r"\D", "", shown) for number in self.needles.numbers)
        self.needles.cvvs, token = {cvv.group(1)}, path.rpartition("/")[2]
        self.needles.keys.add(token)
        self.places.append(("reveal, again", Client().get(path).content.decode()))

    def spend(self, card: dict[str, Any], number: str) -> None:
        for merchant in (MERCHANT, {"name": number}, {"name": " ".join(re.findall("....", number))}):
            body = tap_body(self.acme, card["id"], 1_000, merchant=merchant)
            post(self.acme, "authorisations", body)
            clear(self.acme, body["network_reference"], 400, final=False)
        refund(self.acme, body["network_reference"], 100, merchant={"name": f"REFUND {number}"})
        reverse(self.acme, body["network_reference"])
        tap(self.acme, "crd_00000000000000000000000000", 1)
        post(self.acme, "authorisations", json.dumps({"pan": number}).encode())

    def try_it_everywhere(self, card: dict[str, Any], number: str) -> None:
        acme, spaced = self.acme, "-".join(re.findall("....", number))
        tries: list[Callable[[], Any]] = [
            lambda: acme.patch(f"/v1/cards/{card['id']}", {"metadata": {"number": number}}),
            lambda: acme.patch(f"/v1/cards/{card['id']}", {"external_id": number}),
            lambda: acme.post("/v1/cards", {"pan": number, "cvv": "123"}),
            lambda: acme.post(f"/v1/accounts/{card['account']}/fund", {"amount": 1, "reference": spaced}),
            lambda: acme.post(f"/v1/accounts/{card['account']}/fund", {"amount": 1}, key=number), lambda: acme.get(f"/v1/cards/{number}"),
            lambda: acme.get(f"/v1/cards?last4={number}"), lambda: acme.get(f"/v1/{number}"), lambda: acme.post("/v1/cards", f'{{"pan": {number}'.encode()),
            lambda: acme.post(f"/v1/cards/{card['id']}/freeze", {"reason": spaced}),
            lambda: acme.post(f"/v1/accounts/{card['account']}/fund", {"amount": 2}, X_Acting_User=number),
            lambda: acme.post("/v1/api_keys", {"name": number, "scopes": ["cards:read"]}),
            lambda: acme.patch(f"/v1/cardholders/{card['cardholder']}", {"individual": {"first_name": number}}),
        ]
        for attempt in tries:
            # An answer may repeat the words of the one who asked, never keep them: the stores are swept, not this echo.
            assert attempt().status_code < 500

    def walk_the_portal(self, card: dict[str, Any], number: str) -> None:
        browser = staff_client(Role.PROGRAMME_MANAGER)
        authorisation = Authorisation.objects.filter(card__isnull=False).latest("id").public_id
        for path in ("/", "/cards/", f"/cards/{card['id']}", "/cardholders/", f"/cardholders/{card['cardholder']}", f"/accounts/{card['account']}",
                     "/authorisations/", f"/authorisations/{authorisation}", "/authorisations/transactions",
                     "/audit/", f"/search?q={number}", f"/nowhere/{card['id']}"):
            self.places.append((f"page {path.partition('?')[0]}", browser.get(path).content.decode()))

    def keep(self, name: str, answer: Any) -> None:
        self.places.append((f"answer {name}", answer.content.decode()))


def test_nothing_but_the_vault_holds_a_number_after_a_whole_journey(acme: PartnerClient, log: io.StringIO) -> None:
    journey = Journey(acme).live_it()
    assert len(journey.needles.numbers) >= 1 and journey.needles.cvvs
    written = log.getvalue()
    assert written, "the log was listened to"
    places = [*database(), *broker(), ("log", written), *journey.places]
    assert sweep(places, journey.needles) == []
    assert sweep(database(besides=()), Needles(numbers=journey.needles.numbers, ranges=())) == [], "the vault itself holds no plain number"


@pytest.mark.parametrize("place", ["account metadata", "event", "idempotency store", "authorisation", "redis", "log", "page"])
def test_the_sweep_finds_a_planted_number(acme: PartnerClient, place: str) -> None:
    card = acme.active_card()
    tap(acme, card["id"], 1)
    number = vault.number_of(VaultEntry.objects.get())
    needles = Needles(numbers={number}, ranges=())
    assert sweep(database(), needles) == []
    client = redis.Redis.from_url(settings.REDIS_URL)
    spaced = " ".join(re.findall("....", number))
    planted: dict[str, Callable[[], list[Place] | Iterator[Place]]] = {
        "account metadata": lambda: Account.objects.filter(kind="customer").update(metadata={"x": spaced}) and database(),
        "event": lambda: events.record("card.updated", subject=VaultedCard(), by=Actor.system("planter"), at=timezone.now(), data={"x": number}) and database(),
        "idempotency store": lambda: StoredAnswer.objects.update(body={"x": number}) and database(),
        "authorisation": lambda: Authorisation.objects.update(merchant_name=number) and database(),
        "redis": lambda: client.set("planted", number) and broker(),
        "log": lambda: [("log", f"paid with {spaced}")],
        "page": lambda: [("page", f"<td>{spaced}</td>")],
    }
    found = sweep(planted[place](), needles)
    client.delete("planted")
    assert found and all("card number" in one for one in found)


class VaultedCard:
    """A subject to hang an event on."""

    noun, id, partner_id, livemode, programme_id = "card", VaultEntry().id, None, False, None


def test_a_full_number_is_not_in_the_server_s_statements(acme: PartnerClient) -> None:
    """Queries carry ciphertext and hashes: a statement log (pg_stat_activity, auto_explain) could not leak a number."""
    recorder = Recorder()
    with connection.execute_wrapper(recorder):
        card = acme.active_card()
        tap(acme, card["id"], 1)
    numbers = {vault.number_of(entry) for entry in VaultEntry.objects.all()}
    assert sweep([("statement", text) for text in recorder.seen], Needles(numbers=numbers, ranges=())) == []


class Recorder:
    """Keeps every statement with its parameters."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.seen.append(f"{sql} {params!r}")
        return execute(sql, params, many, context)
