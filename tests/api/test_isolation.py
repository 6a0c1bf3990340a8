"""Isolation, drawn from the document of the API: every route, as the rival and in the other mode.

A new route is tried without a word here. Where its body wants more than the example that its schema gives, the test says
so (an answer other than 404): then BODIES gets a line.
"""

import json
from typing import Any

import pytest
from django.db import connection

from issuing_portal.api import reference
from tests.characters import MERCHANT, Answer, PartnerClient, done
from tests.processor import clear, tap

NOT_THERE = {404}
TAP = {"amount": 100, "currency": "GBP", "channel": "ecommerce", "merchant": MERCHANT}
SANDBOX_OF_A_LIVE_KEY = {403, 404}
NOT_OURS_TO_NAME = {404, 422}
"""A creation that names another's object: it is not there, or the field is refused."""


@pytest.fixture
def world(acme: PartnerClient) -> dict[str, str]:
    """One of each of Acme's things, by the name of the variable in an address."""
    card = acme.active_card()
    approved = tap(acme, card["id"], 700, network_reference="isolation-1")
    clear(acme, "isolation-1", 300)
    case = acme.post("/v1/kyc_cases", {"cardholder": acme.cardholder()["id"]}).json()
    made = {
        "account_id": card["account"], "card_id": card["id"], "cardholder_id": card["cardholder"], "case_id": case["id"],
        "authorisation_id": approved["authorisation"], "programme_id": acme.programme_id,
        "key_id": acme.get("/v1/api_keys").json()["data"][0]["id"],
        "transaction_id": acme.get("/v1/transactions").json()["data"][0]["id"],
        "event_id": acme.get("/v1/events").json()["data"][0]["id"],
    }
    assert all(made.values())
    return made


def bodies(world: dict[str, str]) -> dict[str, Any]:
    """Bodies that name Acme's things, or that an example of the schema does not make whole."""
    other = {"account": world["account_id"], "cardholder": world["cardholder_id"], "form": "virtual"}
    person = {"type": "individual", "email": "eve@example.com", "address": {"line1": "1 A", "city": "B", "postal_code": "C", "country": "GB"},
              "individual": {"first_name": "Eve", "last_name": "M", "date_of_birth": "1990-01-01", "nationalities": ["GB"]}}
    return {
        "/v1/accounts": {"programme": world["programme_id"], "currency": "GBP"},
        "/v1/cardholders": person | {"programme": world["programme_id"]},
        "/v1/cards": other, "/v1/cards/bulk": {"cards": [other]}, "/v1/kyc_cases": {"cardholder": world["cardholder_id"]},
        "/v1/accounts/{account_id}/transfer": {"to": world["account_id"], "amount": 100},
        "/v1/cards/{card_id}/simulate": TAP, "/v1/sandbox/authorisations": TAP | {"card": world["card_id"]},
        "/v1/sandbox/clearings": {"card": world["card_id"], "amount": 100, "currency": "GBP", "merchant": MERCHANT},
        "/v1/api_keys": None,
    }


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [(method.upper(), path, operation) for path, methods in reference.document()["paths"].items() for method, operation in methods.items()]


def call(who: PartnerClient, method: str, path: str, operation: dict[str, Any], world: dict[str, str]) -> Answer:
    body = bodies(world).get(path)
    if body is None and "requestBody" in operation:
        body = reference._example(reference._content(operation["requestBody"]))
    key = "fresh" + str(hash((method, path))) if method in ("POST", "PATCH") else None
    return who.call(method, path.format(**world), body if method not in ("GET", "DELETE") else None, key=key)


def fingerprint() -> dict[str, tuple[int, str]]:
    """Every table: how many rows, and a hash of all of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                       "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1")
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*), md5(coalesce(string_agg(md5(t::text), \'\' ORDER BY md5(t::text)), \'\')) FROM "{table}" t')
            found[table] = cursor.fetchone()
    return found


def creates_own(path: str) -> bool:
    """A creation that names nobody else's object makes one of the caller's own: nothing to isolate."""
    return path == "/v1/api_keys"


@pytest.mark.parametrize("who", ["rival", "other mode"])
def test_every_route_is_closed_to(acme: PartnerClient, globex: PartnerClient, world: dict[str, str], who: str) -> None:
    caller = globex if who == "rival" else acme.live
    caller.get("/v1/api_keys")
    before = fingerprint()
    ids = set(world.values())
    wrong = []
    for method, path, operation in operations():
        if method == "POST" and creates_own(path):
            continue
        answer = call(caller, method, path, operation, world)
        if "{" in path:
            allowed = SANDBOX_OF_A_LIVE_KEY if path.startswith("/v1/sandbox/") and who == "other mode" else NOT_THERE
        elif method == "GET":
            allowed = {200}
        else:
            allowed = NOT_OURS_TO_NAME | (SANDBOX_OF_A_LIVE_KEY if path.startswith("/v1/sandbox/") and who == "other mode" else set())
        if answer.status_code not in allowed:
            wrong.append(f"{method} {path}: {answer!r}")
        if answer.status_code < 300 and [one for one in ids if one in answer.content.decode()]:
            wrong.append(f"{method} {path} shows what is Acme's: {answer!r}")
    assert not wrong, "\n".join(wrong)
    after = fingerprint()
    assert {table for table in before if before[table] != after[table]} == set()


def test_filters_by_anothers_ids_find_nothing(acme: PartnerClient, globex: PartnerClient, world: dict[str, str]) -> None:
    nouns = {"cardholder": "cardholder_id", "account": "account_id", "card": "card_id", "programme": "programme_id",
             "authorisation": "authorisation_id", "subject": "card_id", "business": "cardholder_id", "object_id": "card_id"}
    tried = 0
    for method, path, operation in operations():
        for parameter in operation.get("parameters", []):
            if method == "GET" and parameter["in"] == "query" and parameter["name"] in nouns and "{" not in path:
                answer = done(globex.get(f"{path}?{parameter['name']}={world[nouns[parameter['name']]]}"))
                assert answer["data"] == [], f"{path}?{parameter['name']}="
                tried += 1
    assert tried >= 8


def test_the_owner_is_not_shut_out(acme: PartnerClient, world: dict[str, str]) -> None:
    """The negative control: with the owner's key every reading answers 200, so that a 404 above means what it says."""
    for method, path, operation in operations():
        if method == "GET":
            assert call(acme, method, path, operation, world).status_code == 200, path


def test_no_answer_to_the_rival_tells_one_kind_of_absence_from_another(globex: PartnerClient, acme: PartnerClient, world: dict[str, str]) -> None:
    """Not there and not yours: the same body but for the request id."""
    def told(identifier: str, path: str) -> str:
        body = globex.get(path.format(identifier)).json()
        return json.dumps(body | {"request_id": ""})

    for name, path in (("account_id", "/v1/accounts/{}"), ("card_id", "/v1/cards/{}"), ("cardholder_id", "/v1/cardholders/{}"),
                       ("authorisation_id", "/v1/authorisations/{}"), ("case_id", "/v1/kyc_cases/{}"), ("key_id", "/v1/api_keys/{}")):
        nowhere = world[name][:4] + "01h455vb4pex5vsknk084sn02q"
        assert told(world[name], path) == told(nowhere, path)
