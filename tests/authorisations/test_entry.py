"""The processor's door: who may knock, what is understood, and how often the database is asked."""

import json
import time
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from authorisations import connections
from tests.characters import PartnerClient
from tests.processor import enter, post, tap, tap_body

pytestmark = pytest.mark.django_db


def test_every_bad_signature_gets_the_same_answer(acme: PartnerClient, globex: PartnerClient) -> None:
    body = {"network_reference": "1"}
    answers = [
        post(acme, "authorisations", body, secret=globex.secret), post(acme, "authorisations", body, headers={}),
        post(acme, "authorisations", body, at=time.time() - 301), post(acme, "authorisations", body, at=time.time() + 301),
        post(acme, "authorisations", body, connection="prc_00000000000000000000000000"), post(acme, "authorisations", body, connection="nonsense"),
        post(acme, "authorisations", body, connection=globex.connection),
    ]
    assert {answer.status_code for answer in answers} == {401}
    plain = [{name: value for name, value in json.loads(answer.content).items() if name != "request_id"} for answer in answers]
    assert all(one == plain[0] for one in plain)


@pytest.mark.parametrize(("raw", "status"), [
    (b"", 400), (b"{", 400), (b"[]", 422), (b"\xff\xfe", 400), (b"{}", 422), (b'{"amount": 1.5}', 422), (b"x" * 40_000, 413)])
def test_what_is_no_message_is_refused_with_a_word(acme: PartnerClient, raw: bytes, status: int) -> None:
    answer = post(acme, "authorisations", raw)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(("field", "value"), [
    ("amount", -1), ("amount", "12"), ("amount", 10**16), ("currency", "gbp"), ("kind", "gift"), ("channel", "pigeon"), ("network_reference", ""),
    ("network_reference", "x" * 65), ("network_reference", "a b"), ("merchant", {"id": "1"}), ("requested_at", "yesterday")])
def test_a_field_that_is_not_understood_is_named(acme: PartnerClient, field: str, value: object) -> None:
    answer = post(acme, "authorisations", tap_body(acme, "crd_x", 1) | {field: value})
    assert (answer.status_code, json.loads(answer.content)["code"]) == (422, "validation_failed")
    assert field in json.loads(answer.content)["detail"]


@pytest.mark.parametrize("missing", ["network_reference", "kind", "card", "amount", "currency", "merchant", "channel"])
def test_what_the_contract_requires_is_required(acme: PartnerClient, missing: str) -> None:
    body = tap_body(acme, "crd_x", 1)
    del body[missing]
    assert post(acme, "authorisations", body).status_code == 422


def test_other_methods_and_addresses_are_problems(acme: PartnerClient) -> None:
    assert enter(f"/processor/v1/{acme.connection}/authorisations", b"", {}, "GET").status_code == 405
    assert enter(f"/processor/v1/{acme.connection}/nothing", b"{}", {}).status_code == 404


def test_an_approved_tap_costs_two_round_trips(acme: PartnerClient) -> None:
    card = acme.active_card()
    acme.put(f"/v1/cards/{card['id']}/controls", {"limits": [{"interval": "daily", "amount": 10_000}], "blocked_mccs": ["7995"]})
    tap(acme, card["id"], 1)
    with CaptureQueriesContext(connection) as asked:
        assert tap(acme, card["id"], 100)["decision"] == "approved"
    assert len(asked) == 2, [query["sql"][:80] for query in asked]


def test_a_fault_of_ours_is_a_decline_and_leaves_nothing(acme: PartnerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from authorisations import rules
    from authorisations.models import Authorisation
    card = acme.active_card()

    def breaks(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(rules, "decide", breaks)
    answer = tap(acme, card["id"], 100)
    assert (answer["decision"], answer["reason"], answer["approved_amount"]) == ("declined", "system_error", 0)
    assert not Authorisation.objects.exists()


def test_a_late_answer_is_marked_and_keeps_its_hold(acme: PartnerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from authorisations import views
    card = acme.active_card()
    monkeypatch.setattr(views, "DEADLINE_US", 0)
    answer = tap(acme, card["id"], 100)
    shown = acme.get(f"/v1/authorisations/{answer['authorisation']}").json()
    assert (shown["late"], shown["held_amount"]) == (True, 100)


def test_a_closed_connection_stops_within_seconds(acme: PartnerClient) -> None:
    from datetime import UTC, datetime

    from issuing_portal.core.ids import parse_id
    from issuing_portal.partners import operations as partners
    from tests.characters import STAGE_HAND
    found = parse_id("processor_connection", acme.connection)
    assert found
    partners.close_connection(connection_id=found, reason="moved elsewhere", by=STAGE_HAND, now=datetime.now(UTC))
    connections.forget()
    assert post(acme, "authorisations", tap_body(acme, "crd_x", 1)).status_code == 401


def test_a_card_number_in_a_message_is_not_kept(acme: PartnerClient) -> None:
    from authorisations.models import Authorisation, AuthorisationMessage
    from issuing_portal.events.models import Event
    card = acme.active_card()
    tap(acme, card["id"], 1, merchant={"name": "4111 1111 1111 1111"}, network_reference=uuid4().hex)
    kept = AuthorisationMessage.objects.get()
    assert "4111" not in json.dumps(kept.payload)
    assert Authorisation.objects.get().merchant_name == "[card number]"
    assert "4111" not in json.dumps(Event.objects.filter(type="authorisation.approved").get().data)


@pytest.mark.django_db(transaction=True)
def test_a_dead_database_connection_is_replaced_within_the_tap(acme: PartnerClient, committed_db: None) -> None:
    card = acme.active_card()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        mine = cursor.fetchone()[0]
    admin = connection.copy()
    with admin.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [mine])
    admin.close()
    assert tap(acme, card["id"], 100)["decision"] == "approved"
