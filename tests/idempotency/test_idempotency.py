"""API §1, Idempotency, case by case, through the front door."""

import json

import pytest
from django.db import connection
from django.utils import timezone

from issuing_portal.idempotency import operations
from issuing_portal.idempotency.models import StoredAnswer
from issuing_portal.ledger.models import Account
from tests.characters import Answer, PartnerClient


def customers() -> int:
    return Account.objects.filter(kind="customer").count()


def open_account(partner: PartnerClient, key: str | None, **changes: object) -> Answer:
    return partner.post("/v1/accounts", {"programme": partner.programme_id, "currency": "GBP"} | changes, key=key)


def test_the_same_request_gets_the_first_answer_again(acme):
    first, second = open_account(acme, "k-1"), open_account(acme, "k-1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert first.headers["Request-Id"] != second.headers["Request-Id"]
    assert customers() == 1


def test_a_quoted_key_is_the_bare_key(acme):
    first = open_account(acme, "k-2")
    assert open_account(acme, '"k-2"').json() == first.json()


def test_names_in_another_order_and_white_space_are_the_same_request(acme):
    first = acme.post("/v1/accounts", f'{{"programme": "{acme.programme_id}", "currency": "GBP"}}'.encode(), key="k-3")
    again = acme.post("/v1/accounts", f'{{ "currency":"GBP",\n"programme":"{acme.programme_id}" }}'.encode(), key="k-3")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()


def test_another_body_under_the_key_is_refused(acme):
    open_account(acme, "k-4")
    refused = open_account(acme, "k-4", external_id="other")
    assert (refused.status_code, refused.code) == (422, "idempotency_key_reused")
    assert customers() == 1


def test_another_path_under_the_key_is_refused(acme):
    account = open_account(acme, "k-5").json()
    refused = acme.post(f"/v1/accounts/{account['id']}/fund", {"amount": 100}, key="k-5")
    assert (refused.status_code, refused.code) == (422, "idempotency_key_reused")


def test_the_key_is_compared_before_the_body_is_validated(acme):
    open_account(acme, "k-6")
    refused = open_account(acme, "k-6", currency="no currency")
    assert (refused.status_code, refused.code) == (422, "idempotency_key_reused")


def test_another_partner_may_use_the_same_key(acme, globex):
    first, second = open_account(acme, "k-7"), open_account(globex, "k-7")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]
    assert "Idempotency-Replayed" not in second.headers


def test_the_other_mode_may_use_the_same_key(acme):
    first, second = open_account(acme, "k-8"), open_account(acme.live, "k-8")
    assert (first.json()["livemode"], second.json()["livemode"]) == (False, True)


def test_another_key_of_the_same_partner_gets_the_same_answer(acme):
    first = open_account(acme, "k-9")
    assert open_account(acme.key_with("accounts:write"), "k-9").json() == first.json()


def test_a_replay_needs_the_scope_as_well(acme):
    open_account(acme, "k-10")
    refused = open_account(acme.key_with("accounts:read"), "k-10")
    assert (refused.status_code, refused.code) == (403, "scope_missing")


def test_money_does_not_move_without_a_key(acme):
    account = acme.account()
    refused = acme.post(f"/v1/accounts/{account['id']}/fund", {"amount": 100}, key=None)
    assert (refused.status_code, refused.code) == (400, "idempotency_key_required")
    assert acme.get(f"/v1/accounts/{account['id']}").json()["balance"]["posted"] == 0


@pytest.mark.parametrize("key", ["", '""', "a b", "a\tb", "schlüssel", "k" * 256, f'"{"k" * 256}"'], ids=repr)
def test_a_malformed_key_is_refused(acme, key):
    refused = open_account(acme, key)
    assert (refused.status_code, refused.code) == (400, "idempotency_key_invalid")
    assert customers() == 0


@pytest.mark.parametrize("key", ["k" * 255, f'"{"k" * 255}"', "!", '"', "~"], ids=lambda key: key[:5])
def test_a_key_of_1_to_255_visible_characters_is_taken(acme, key):
    assert open_account(acme, key).status_code == 201


def test_after_its_time_a_key_is_fresh_again(acme):
    first = open_account(acme, "k-11")
    assert StoredAnswer.objects.get().expires_at - StoredAnswer.objects.get().created_at == operations.settings.IDEMPOTENCY_KEPT
    StoredAnswer.objects.update(expires_at=timezone.now())
    second = open_account(acme, "k-11")
    assert second.status_code == 201
    assert "Idempotency-Replayed" not in second.headers
    assert first.json()["id"] != second.json()["id"]


def test_the_purge_takes_what_has_expired_and_nothing_else(acme):
    open_account(acme, "old")
    StoredAnswer.objects.update(expires_at=timezone.now())
    open_account(acme, "young")
    assert operations.purge_expired(now=timezone.now()) == 1
    assert open_account(acme, "young").headers["Idempotency-Replayed"] == "true"


def test_a_replay_after_the_object_has_changed_is_the_first_answer(acme):
    first = open_account(acme, "k-12").json()
    assert acme.post(f"/v1/accounts/{first['id']}/close", {}).status_code == 200
    assert acme.get(f"/v1/accounts/{first['id']}").json()["status"] == "closed"
    again = open_account(acme, "k-12")
    assert again.json() == first
    assert again.json()["status"] == "open"


def test_a_validation_error_does_not_burn_the_key(acme):
    assert open_account(acme, "k-13", currency="XXQ").status_code == 422
    assert open_account(acme, "k-13").status_code == 201


def test_a_conflict_does_not_burn_the_key(acme):
    account = acme.account()
    beyond = acme.post(f"/v1/accounts/{account['id']}/withdraw", {"amount": 500}, key="k-14")
    assert beyond.status_code == 409
    acme.post(f"/v1/accounts/{account['id']}/fund", {"amount": 500})
    assert acme.post(f"/v1/accounts/{account['id']}/withdraw", {"amount": 500}, key="k-14").status_code == 200


def test_a_patch_answers_once(acme):
    account = acme.account()
    first = acme.patch(f"/v1/accounts/{account['id']}", {"metadata": {"a": "1"}}, key="k-15")
    acme.patch(f"/v1/accounts/{account['id']}", {"metadata": {"a": "2"}})
    again = acme.patch(f"/v1/accounts/{account['id']}", {"metadata": {"a": "1"}}, key="k-15")
    assert again.json() == first.json()
    assert acme.get(f"/v1/accounts/{account['id']}").json()["metadata"] == {"a": "2"}


def test_money_moves_once(acme):
    account = acme.account()
    for _ in range(3):
        assert acme.post(f"/v1/accounts/{account['id']}/fund", {"amount": 700}, key="k-16").json()["balance"]["posted"] == 700
    assert acme.get(f"/v1/accounts/{account['id']}").json()["balance"]["posted"] == 700


def test_a_secret_is_shown_once_and_a_replay_says_null(acme):
    first = acme.post("/v1/api_keys", {"name": "app", "scopes": ["cards:read"]}, key="k-17")
    again = acme.post("/v1/api_keys", {"name": "app", "scopes": ["cards:read"]}, key="k-17")
    assert first.json()["secret"].startswith("ip_test_")
    assert again.json() == first.json() | {"secret": None}


def test_neither_secret_nor_card_number_is_in_the_store(acme):
    card_number = "4242424242424242"
    secret = acme.post("/v1/api_keys", {"name": "app", "scopes": ["cards:read"]}, key=card_number).json()["secret"]
    acme.post("/v1/accounts", {"programme": acme.programme_id, "currency": "GBP", "metadata": {"card": card_number}}, key=f"k-{card_number}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(json_agg(row_to_json(s))::text, '') FROM idempotency_storedanswer s")
        stored = cursor.fetchone()[0]
    assert json.loads(stored)
    for planted in (secret, secret[8:], card_number, acme.api_key):
        assert planted not in stored
