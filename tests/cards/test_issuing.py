"""Who gets a card, what it looks like, and what is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cards.models import Card, CardTransition, VaultEntry
from cards.operations.issuing import month_end
from issuing_portal.core.ids import parse_id
from issuing_portal.events.models import Event
from issuing_portal.partners.models import Programme
from tests.cards.conftest import IssueCard, approved
from tests.characters import PartnerClient, done, made


def error_codes(answer: Any) -> set[tuple[str, str]]:
    assert answer.status_code == 422, answer
    return {(error["field"], error["code"]) for error in answer.json()["errors"]}


def test_a_virtual_card_is_active_at_once(acme: PartnerClient, holder: dict, issue: IssueCard):
    card = issue(external_id="card-1", metadata={"team": "blue"})
    today = datetime.now(UTC).date()
    latest = month_end(today.year, today.month, 36)
    wanted = {"object": "card", "livemode": False, "programme": acme.programme_id, "cardholder": holder["id"], "form": "virtual", "type": "standard",
              "status": "active", "frozen_by": None, "status_reason": None, "scheme": "visa", "bin": acme.programme.bin, "sequence_number": 1,
              "expiry_month": latest.month, "expiry_year": latest.year, "expires_on": latest.isoformat(), "replaces": None, "replaced_by": None,
              "shipment": None, "external_id": "card-1", "metadata": {"team": "blue"}}
    assert {name: card[name] for name in wanted} == wanted
    assert len(card["last4"]) == 4
    assert card["controls"]["limits"] == []
    assert done(acme.get(f"/v1/cards/{card['id']}")) == card


def test_the_event_shows_the_card_as_get_does(acme: PartnerClient, issue: IssueCard):
    card = issue(metadata={"team": "blue"})
    events = done(acme.get("/v1/events?type=card.issued"))["data"]
    assert events[0]["data"]["object"] == card


def test_a_card_may_wait_inactive_and_be_activated(acme: PartnerClient, issue: IssueCard):
    card = issue(activate=False)
    assert (card["status"], card["activated_at"]) == ("inactive", None)
    assert done(acme.post(f"/v1/cards/{card['id']}/activate"))["status"] == "active"
    again = acme.post(f"/v1/cards/{card['id']}/activate")
    assert (again.status_code, again.code) == (409, "illegal_state")


def test_no_card_for_somebody_who_is_not_approved(acme: PartnerClient):
    body = {"cardholder": acme.cardholder()["id"], "account": acme.account()["id"], "form": "virtual"}
    answer = acme.post("/v1/cards", body)
    assert (answer.status_code, answer.code) == (409, "kyc_incomplete")
    assert not VaultEntry.objects.exists()


def test_no_card_on_a_closed_account(acme: PartnerClient, holder: dict):
    account = acme.account()
    done(acme.post(f"/v1/accounts/{account['id']}/close"))
    answer = acme.post("/v1/cards", {"cardholder": holder["id"], "account": account["id"], "form": "virtual"})
    assert (answer.status_code, answer.code) == (409, "account_not_open")


def test_no_card_on_another_customer_s_account(acme: PartnerClient, holder: dict):
    other = approved(acme)
    account = acme.account(cardholder=other["id"])
    answer = acme.post("/v1/cards", {"cardholder": holder["id"], "account": account["id"], "form": "virtual"})
    assert error_codes(answer) == {("account", "other_owner")}


def test_a_rival_s_account_and_cardholder_are_not_there(acme: PartnerClient, globex: PartnerClient, holder: dict):
    foreign = {"cardholder": approved(globex)["id"], "account": globex.account()["id"], "form": "virtual"}
    assert error_codes(acme.post("/v1/cards", foreign)) == {("cardholder", "not_found")}
    assert error_codes(acme.post("/v1/cards", foreign | {"cardholder": holder["id"]})) == {("account", "not_found")}


@pytest.mark.parametrize(("change", "wrong"), [
    ({"form": "physical"}, ("form", "form_not_offered")),
    ({"form": "wooden"}, ("form", "invalid_choice")),
    ({"type": "golden"}, ("type", "invalid_choice")),
    ({"expires_on": "2001-01-01"}, ("expires_on", "out_of_range")),
    ({"expires_on": "2099-01-01"}, ("expires_on", "out_of_range")),
    ({"design": "dsg_1"}, ("design", "unknown_field")),
    ({"controls": {"hours": []}}, ("controls.hours", "unknown_field")),
    ({"controls": {"limits": [{"interval": "daily", "amount": -1}]}}, ("controls.limits[0].amount", "invalid")),
    ({"metadata": {"number": "4111 1111 1111 1111"}}, ("metadata", "card_number")),
])
def test_what_cannot_be_accepted_is_named(acme: PartnerClient, holder: dict, change: dict, wrong: tuple[str, str]):
    body = {"cardholder": holder["id"], "account": acme.account()["id"], "form": "virtual"} | change
    assert wrong in error_codes(acme.post("/v1/cards", body))
    assert not Card.objects.exists()


def test_a_card_needs_an_idempotency_key(acme: PartnerClient, holder: dict):
    answer = acme.post("/v1/cards", {"cardholder": holder["id"], "account": acme.account()["id"], "form": "virtual"}, key=None)
    assert (answer.status_code, answer.code) == (400, "idempotency_key_required")


def test_an_expiry_of_one_s_own(issue: IssueCard):
    today = datetime.now(UTC).date()
    card = issue(expires_on=today.isoformat())
    assert (card["expires_on"], card["expiry_month"], card["expiry_year"]) == (today.isoformat(), today.month, today.year)


def test_an_external_id_is_taken_once(acme: PartnerClient, issue: IssueCard, holder: dict):
    issue(external_id="x")
    answer = acme.post("/v1/cards", {"cardholder": holder["id"], "account": acme.account()["id"], "form": "virtual", "external_id": "x"})
    assert (answer.status_code, answer.code) == (409, "external_id_taken")
    other = issue()
    taken = acme.patch(f"/v1/cards/{other['id']}", {"external_id": "x"})
    assert (taken.status_code, taken.code) == (409, "external_id_taken")


def test_external_id_and_metadata_can_be_changed(acme: PartnerClient, issue: IssueCard):
    card = issue(external_id="x", metadata={"a": "1"})
    changed = done(acme.patch(f"/v1/cards/{card['id']}", {"metadata": {"b": "2"}}))
    assert (changed["external_id"], changed["metadata"]) == ("x", {"b": "2"})
    assert done(acme.patch(f"/v1/cards/{card['id']}", {"external_id": None}))["external_id"] is None
    assert acme.patch(f"/v1/cards/{card['id']}", {"status": "active"}).status_code == 422


def test_the_list_is_filtered(acme: PartnerClient, issue: IssueCard, holder: dict):
    first, second = issue(external_id="one"), issue(activate=False)
    ids = lambda query: [card["id"] for card in done(acme.get(f"/v1/cards?{query}"))["data"]]  # noqa: E731
    assert ids("") == [second["id"], first["id"]]
    assert ids("status=inactive") == [second["id"]]
    assert ids("external_id=one") == [first["id"]]
    assert ids(f"cardholder={holder['id']}&limit=1") == [second["id"]]
    assert ids(f"account={acme.account()['id']}") == []
    assert first["id"] in ids(f"last4={first['last4']}")
    assert ids("type=single_use") == []
    assert acme.get("/v1/cards?colour=red").status_code == 422
    assert acme.get("/v1/cards?status=ACTIVE").status_code == 422


def test_bulk_is_all_or_nothing(acme: PartnerClient, holder: dict):
    good = {"cardholder": holder["id"], "account": acme.account()["id"], "form": "virtual"}
    answer = acme.post("/v1/cards/bulk", {"cards": [good, good | {"form": "physical"}]})
    assert error_codes(answer) == {("cards[1].form", "form_not_offered")}
    assert not Card.objects.exists()
    cards = made(acme.post("/v1/cards/bulk", {"cards": [good | {"external_id": "a"}, good | {"external_id": "b"}]}))["data"]
    assert [card["external_id"] for card in cards] == ["a", "b"]
    assert acme.post("/v1/cards/bulk", {"cards": [good] * 101}).status_code == 422
    assert acme.post("/v1/cards/bulk", {"cards": []}).status_code == 422


def test_a_suspended_programme_issues_nothing(acme: PartnerClient, holder: dict):
    body = {"cardholder": holder["id"], "account": acme.account()["id"], "form": "virtual"}
    Programme.objects.filter(pk=acme.programme.pk).update(status="SUSPENDED")
    answer = acme.post("/v1/cards", body)
    assert (answer.status_code, answer.code) == (409, "programme_not_active")


def test_globex_cannot_reach_acme_s_card_and_nothing_changes(acme: PartnerClient, globex: PartnerClient, issue: IssueCard):
    card = issue()
    before = (Event.objects.count(), CardTransition.objects.count())
    verbs = {"activate": {}, "freeze": {}, "unfreeze": {}, "terminate": {}, "replace": {"reason": "lost"}, "reveal_sessions": {"fields": ["pan"]}}
    for stranger in (globex, acme.live):
        assert stranger is not None
        assert stranger.get(f"/v1/cards/{card['id']}").status_code == 404
        assert stranger.get(f"/v1/cards/{card['id']}/transitions").status_code == 404
        assert stranger.get(f"/v1/cards/{card['id']}/controls").status_code == 404
        assert stranger.put(f"/v1/cards/{card['id']}/controls", {}).status_code == 404
        assert stranger.patch(f"/v1/cards/{card['id']}", {"metadata": {}}).status_code == 404
        assert {verb: stranger.post(f"/v1/cards/{card['id']}/{verb}", body).status_code for verb, body in verbs.items()} == dict.fromkeys(verbs, 404)
        assert stranger.get("/v1/cards").json()["data"] == []
    assert done(acme.get(f"/v1/cards/{card['id']}")) == card
    assert (Event.objects.count(), CardTransition.objects.count()) == before


def test_a_programme_shows_its_controls_and_funding(acme: PartnerClient, globex: PartnerClient):
    acme.funded_account(5000)
    shown = done(acme.get(f"/v1/programmes/{acme.programme_id}"))
    assert shown["funding"]["confirmed"] - shown["funding"]["unallocated"] == 5000
    assert (shown["name"], shown["scheme"], shown["currency"], shown["bin"], shown["status"], shown["card_user_policy"]) == (
        acme.programme.name, "visa", "GBP", acme.programme.bin, "active", "full_kyc")
    assert shown["default_controls"]["limits"] == []
    assert [one["id"] for one in done(acme.get("/v1/programmes"))["data"]] == [acme.programme_id]
    assert globex.get(f"/v1/programmes/{acme.programme_id}").status_code == 404


def test_the_first_move_is_written_down(acme: PartnerClient, issue: IssueCard):
    card = issue()
    moves = done(acme.get(f"/v1/cards/{card['id']}/transitions"))["data"]
    assert [(move["from_status"], move["to_status"], move["by"]) for move in moves] == [(None, "active", "partner")]
    assert CardTransition.objects.get(card_id=parse_id("card", card["id"])).actor["kind"] == "api_key"
