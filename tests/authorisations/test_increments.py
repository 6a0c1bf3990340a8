"""A request for more is decided like a tap, on what is asked in addition, and never overspends."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from authorisations.models import Authorisation, AuthorisationMessage
from issuing_portal.ledger.operations import booking
from tests.authorisations.test_expiries import balance, held
from tests.authorisations.test_invariants import findings
from tests.characters import PartnerClient, done
from tests.processor import clear, increment, post, reverse, told, understood

pytestmark = pytest.mark.django_db
GUARD = "posted_minor - held_minor + credit_limit_minor >= %(amount)s"


def limited(acme: PartnerClient, *limits: dict[str, Any], amount: int = 10_000, **over: Any) -> dict[str, Any]:
    card = acme.active_card(amount=amount, **over)
    done(acme.put(f"/v1/cards/{card['id']}/controls", {"limits": list(limits)}))
    return card


def test_an_approved_increment_raises_the_hold_and_begins_its_days_anew(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    reference, authorisation = held(acme, card, 600, finality="final")
    Authorisation.objects.update(hold_expires_at=timezone.now() + timedelta(days=1))
    answer = increment(acme, reference, 300)
    assert answer == {"result": "booked", "decision": "approved", "reason": "approved", "approved_amount": 300,
                      "authorisation": authorisation, "currency": "GBP"}
    shown = done(acme.get(f"/v1/authorisations/{authorisation}"))
    assert (shown["approved_amount"], shown["held_amount"], balance(acme, card)) == (900, 900, (1_000, 900))
    days = Authorisation.objects.get().hold_expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < days <= timedelta(days=7)
    assert done(acme.get("/v1/events?type=authorisation.incremented"))["data"][0]["data"]["object"] == shown
    assert [one["rule"] for one in AuthorisationMessage.objects.get(kind="increment").evaluation["steps"]][-1] == "funds"
    clear(acme, reference, 900)
    assert (balance(acme, card), findings()) == ((100, 0), [])


def test_a_declined_increment_changes_nothing(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    reference, authorisation = held(acme, card, 600)
    before = done(acme.get(f"/v1/authorisations/{authorisation}"))
    answer = increment(acme, reference, 401)
    assert (answer["decision"], answer["reason"], answer["approved_amount"]) == ("declined", "insufficient_funds", 0)
    after = done(acme.get(f"/v1/authorisations/{authorisation}"))
    assert after["messages"].pop()["result"] == "declined"
    assert (after, balance(acme, card)) == (before, (1_000, 600))


def test_limits_judge_the_additional_amount_and_count_nothing_twice(acme: PartnerClient) -> None:
    card = limited(acme, {"interval": "daily", "amount": 1_000, "count": 1}, {"interval": "per_authorisation", "amount": 900})
    reference, _ = held(acme, card, 600)
    assert increment(acme, reference, 301)["reason"] == "limit_exceeded"
    assert increment(acme, reference, 300)["decision"] == "approved"
    assert increment(acme, reference, 1)["reason"] == "limit_exceeded"
    used = {(one["interval"], "count" in one): one["used"] for one in done(acme.get(f"/v1/cards/{card['id']}/limits_usage"))["limits"]}
    assert (used["daily", False], used["daily", True]) == (900, 1)
    reverse(acme, reference)
    assert [one["used"] for one in done(acme.get(f"/v1/cards/{card['id']}/limits_usage"))["limits"]] == [0, 0, 0]
    assert findings() == []


def test_a_single_use_card_may_be_raised(acme: PartnerClient) -> None:
    card = limited(acme, type="single_use")
    reference, _ = held(acme, card, 600)
    assert (increment(acme, reference, 100)["decision"], findings()) == ("approved", [])


def test_an_increment_of_a_later_day_is_given_back_first_and_once(acme: PartnerClient) -> None:
    card = limited(acme, {"interval": "daily", "amount": 1_000})
    reference, _ = held(acme, card, 600)
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    assert increment(acme, reference, 900, requested_at=tomorrow)["decision"] == "approved"
    assert sorted(row[3:] for row in Authorisation.objects.get().windows) == [[600, 1], [900, 0]]
    reverse(acme, reference, 1_000)
    assert sorted(row[3:] for row in Authorisation.objects.get().windows) == [[0, 0], [500, 1]]
    assert (balance(acme, card), findings()) == ((10_000, 500), [])


def test_a_frozen_card_or_a_closed_hold_is_not_raised(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    reference, _ = held(acme, card, 600)
    done(acme.post(f"/v1/cards/{card['id']}/freeze", {"reason": "cardholder_request"}))
    assert increment(acme, reference, 1)["reason"] == "card_frozen"
    done(acme.post(f"/v1/cards/{card['id']}/unfreeze", {}))
    assert increment(acme, reference, 1, currency="EUR")["reason"] == "currency_not_supported"
    reverse(acme, reference)
    assert increment(acme, reference, 1)["reason"] == "reversed_before_authorisation"
    assert balance(acme, card) == (1_000, 0)


def test_an_increment_is_answered_once_and_an_unknown_original_is_queued(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    reference, _ = held(acme, card, 600)
    body = told(acme, reference, 100)
    first, again = understood(post(acme, "increments", body)), understood(post(acme, "increments", body))
    assert (first["decision"], again["decision"], again["result"], balance(acme, card)) == ("approved", "approved", "replayed", (1_000, 700))
    assert understood(post(acme, "increments", body | {"amount": 101}))["reason"] == "duplicate_mismatch"
    assert increment(acme, uuid4().hex, 100)["result"] == "queued_for_reconciliation"


def test_a_sandbox_increment_goes_through_the_real_entry(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    _, authorisation = held(acme, card, 600)
    told_back = done(acme.post(f"/v1/sandbox/authorisations/{authorisation}/increment", {"amount": 100}))
    assert (told_back["authorisation"]["held_amount"], told_back["response"]["decision"]) == (700, "approved")


def fifty_on_the_last_pounds(acme: PartnerClient, card: dict[str, Any]) -> Counter[str]:
    """Ten hands ask for 100 more, five times each, on five holds of 100; the reasons they got."""
    references = [held(acme, card, 100)[0] for _ in range(5)]
    start = threading.Barrier(10)

    def ask(number: int) -> list[str]:
        start.wait(30)
        reasons = [increment(acme, references[(number + one) % 5], 100)["reason"] for one in range(5)]
        connection.close()
        return reasons

    with ThreadPoolExecutor(10) as pool:
        return Counter(reason for found in [pool.submit(ask, number) for number in range(10)] for reason in found.result(120))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", [None, 1_500])
def test_fifty_increments_on_the_last_pounds_approve_exactly_what_there_is(committed_db: None, acme: PartnerClient, limit: int | None) -> None:
    card = acme.active_card(amount=1_500 if limit is None else 100_000)
    if limit:
        done(acme.put(f"/v1/cards/{card['id']}/controls", {"limits": [{"interval": "daily", "amount": limit}]}))
    assert fifty_on_the_last_pounds(acme, card) == {"approved": 10, "limit_exceeded" if limit else "insufficient_funds": 40}
    held_now = sum(Authorisation.objects.values_list("held_minor", flat=True))
    assert (held_now, balance(acme, card)[1], findings()) == (1_500, 1_500, [])


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_without_the_guard_the_same_fifty_overspend(committed_db: None, acme: PartnerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert GUARD in booking.TAKE_HOLD
    monkeypatch.setattr(booking, "TAKE_HOLD", booking.TAKE_HOLD.replace(GUARD, "true"))
    cardholder = acme.approved_cardholder()["id"]
    approved = [fifty_on_the_last_pounds(acme, acme.active_card(cardholder=cardholder, amount=600))["approved"] for _ in range(5)]
    assert max(approved) > 1, approved
