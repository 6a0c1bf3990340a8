"""What an event says about money is the object itself, as GET shows it: not wrapped, not shortened."""

from typing import Any
from uuid import uuid4

import pytest

from tests.characters import PartnerClient, done
from tests.processor import clear, refund, reverse, tap

pytestmark = pytest.mark.django_db


def told_of(acme: PartnerClient, kind: str) -> dict[str, Any]:
    return done(acme.get(f"/v1/events?type={kind}"))["data"][0]["data"]["object"]


def shown(acme: PartnerClient, noun: str, key: str) -> dict[str, Any]:
    return done(acme.get(f"/v1/{noun}/{key}"))


def test_the_event_of_a_tap_holds_the_authorisation_as_it_was_born(acme: PartnerClient) -> None:
    card = acme.active_card(amount=10_000)
    answer = tap(acme, card["id"], 1_250)
    assert told_of(acme, "authorisation.approved") == shown(acme, "authorisations", answer["authorisation"])
    declined = tap(acme, card["id"], 20_000)
    assert told_of(acme, "authorisation.declined") == shown(acme, "authorisations", declined["authorisation"])


def test_the_events_of_what_followed_hold_the_object_too(acme: PartnerClient) -> None:
    card = acme.active_card(amount=10_000)
    first, second = uuid4().hex, uuid4().hex
    tap(acme, card["id"], 1_250, network_reference=first)
    cleared = clear(acme, first, 1_250)
    assert told_of(acme, "transaction.posted") == shown(acme, "transactions", cleared["transaction"])
    refunded = refund(acme, first, 250)
    assert told_of(acme, "transaction.refunded") == shown(acme, "transactions", refunded["transaction"])
    gone = tap(acme, card["id"], 500, network_reference=second)["authorisation"]
    reverse(acme, second)
    assert told_of(acme, "authorisation.reversed")["id"] == gone
