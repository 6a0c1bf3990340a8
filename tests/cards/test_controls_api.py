"""Controls over HTTP: the same shape on card, account and cardholder, versions, and events."""

from typing import Any

import pytest

from cards.models import SpendControl
from tests.cards.conftest import IssueCard
from tests.characters import PartnerClient, done

SPEC = {"limits": [{"amount": 5000, "interval": "daily"}, {"count": 3, "interval": "weekly"}], "blocked_mccs": ["7995"], "channels": {"atm": False}}


@pytest.fixture
def places(acme: PartnerClient, issue: IssueCard) -> dict[str, str]:
    card = issue()
    return {"card": f"/v1/cards/{card['id']}", "account": f"/v1/accounts/{card['account']}", "cardholder": f"/v1/cardholders/{card['cardholder']}"}


@pytest.mark.parametrize("owner", ["card", "account", "cardholder"])
def test_controls_are_put_whole_and_got_as_put(acme: PartnerClient, globex: PartnerClient, places: dict[str, str], owner: str):
    path = f"{places[owner]}/controls"
    assert done(acme.get(path))["limits"] == []
    shown = done(acme.put(path, SPEC))
    assert {name: shown[name] for name in SPEC} == SPEC
    assert (shown["timezone"], shown["allowed_mccs"]) == (acme.programme.timezone, [])
    assert done(acme.get(path)) == shown
    assert done(acme.put(path, {"timezone": "Europe/London"}))["limits"] == []
    assert list(SpendControl.objects.order_by("version").values_list("version", "owner_kind")) == [(1, owner), (2, owner)]
    assert SpendControl.objects.get(version=1).active_to == SpendControl.objects.get(version=2).active_from
    assert globex.get(path).status_code == 404
    assert globex.put(path, {}).status_code == 404


def test_a_wrong_spec_changes_nothing(acme: PartnerClient, places: dict[str, str]):
    answer = acme.put(f"{places['card']}/controls", {"limits": [{"interval": "rolling", "amount": 1}], "hours": []})
    assert answer.status_code == 422
    named = {(error["field"], error["code"]) for error in answer.json()["errors"]}
    assert named == {("limits[0].interval", "invalid_choice"), ("hours", "unknown_field")}
    assert not SpendControl.objects.exists()


def test_the_card_shows_its_controls_and_an_event_tells(acme: PartnerClient, places: dict[str, str]):
    done(acme.put(f"{places['card']}/controls", SPEC))
    card = done(acme.get(places["card"]))
    assert card["controls"]["limits"] == SPEC["limits"]
    event: dict[str, Any] = done(acme.get("/v1/events?limit=1"))["data"][0]
    assert (event["type"], event["data"]["object"]) == ("card.controls_changed", card)


def test_an_account_s_controls_are_told_too(acme: PartnerClient, places: dict[str, str]):
    done(acme.put(f"{places['account']}/controls", SPEC))
    event = done(acme.get("/v1/events?limit=1"))["data"][0]
    assert (event["type"], event["data"]["object"]["owner"]) == ("spend_control.created", places["account"].rpartition("/")[2])
