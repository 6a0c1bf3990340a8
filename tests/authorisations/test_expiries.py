"""Holds end once: by the network's expiry, by their day, or by a clearing, whoever comes first."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from authorisations import operations
from authorisations.models import Authorisation, Transaction
from issuing_portal.core.actors import Actor
from issuing_portal.core.ids import parse_id
from issuing_portal.ledger.models import Account
from tests.authorisations.test_invariants import findings
from tests.characters import PartnerClient, done
from tests.processor import clear, expire, post, reverse, tap, told, understood

pytestmark = pytest.mark.django_db
BY = Actor.system("authorisations.expire")
LATER = timedelta(days=31)


def balance(acme: PartnerClient, card: dict[str, Any]) -> tuple[int, int]:
    found = done(acme.get(f"/v1/accounts/{card['account']}"))["balance"]
    return found["posted"], found["held"]


def held(acme: PartnerClient, card: dict[str, Any], amount: int, **over: Any) -> tuple[str, str]:
    reference = uuid4().hex
    return reference, tap(acme, card["id"], amount, network_reference=reference, **over)["authorisation"]


def test_the_network_s_expiry_ends_the_hold_and_gives_the_allowance_back(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    done(acme.put(f"/v1/cards/{card['id']}/controls", {"limits": [{"interval": "daily", "amount": 600, "count": 1}]}))
    reference, authorisation = held(acme, card, 600)
    answer = expire(acme, reference)
    assert (answer["result"], answer["authorisation"], answer["released_amount"]) == ("booked", authorisation, 600)
    shown = done(acme.get(f"/v1/authorisations/{authorisation}"))
    assert (shown["status"], shown["held_amount"], balance(acme, card)) == ("expired", 0, (1_000, 0))
    assert [one["kind"] for one in shown["messages"]] == ["authorisation", "expiry"]
    event = done(acme.get("/v1/events?type=authorisation.expired"))["data"][0]["data"]["object"]
    assert event == shown
    assert (tap(acme, card["id"], 600)["decision"], findings()) == ("approved", [])


def test_an_expiry_is_booked_once_and_an_unknown_original_is_queued(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    reference, _ = held(acme, card, 600)
    body = told(acme, reference, None)
    first, again = understood(post(acme, "expiries", body)), understood(post(acme, "expiries", body))
    assert (first["result"], again["result"], balance(acme, card)) == ("booked", "replayed", (1_000, 0))
    assert understood(post(acme, "expiries", body | {"amount": 5}))["reason"] == "duplicate_mismatch"
    assert expire(acme, uuid4().hex)["result"] == "queued_for_reconciliation"
    assert expire(acme, reference)["released_amount"] == 0


def test_the_sweep_ends_what_is_due_and_nothing_else(acme: PartnerClient) -> None:
    card, now = acme.active_card(amount=1_000), timezone.now()
    final, _ = held(acme, card, 100, finality="final")
    _, standing = held(acme, card, 200, finality="pre_authorisation")
    assert operations.expire_due(by=BY, now=now + timedelta(days=6)) == 0
    assert operations.expire_due(by=BY, now=now + timedelta(days=8)) == 1
    assert operations.expire_due(by=BY, now=now + timedelta(days=8)) == 0
    assert (Authorisation.objects.get(network_reference=final).status, balance(acme, card)) == ("EXPIRED", (1_000, 200))
    assert done(acme.get(f"/v1/authorisations/{standing}"))["status"] == "approved"
    operations.expire_due(by=BY, now=now + LATER)
    assert (balance(acme, card), findings()) == ((1_000, 0), [])


def test_what_was_cleared_stays_and_only_the_rest_expires(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    done(acme.put(f"/v1/cards/{card['id']}/controls", {"limits": [{"interval": "lifetime", "amount": 1_000}]}))
    reference, authorisation = held(acme, card, 600)
    clear(acme, reference, 250, final=False)
    operations.expire_due(by=BY, now=timezone.now() + LATER)
    shown = done(acme.get(f"/v1/authorisations/{authorisation}"))
    assert (shown["status"], shown["cleared_amount"], balance(acme, card)) == ("expired", 250, (750, 0))
    assert [one["used"] for one in done(acme.get(f"/v1/cards/{card['id']}/limits_usage"))["limits"]] == [250]
    assert findings() == []


def test_a_clearing_after_the_expiry_is_booked_and_flagged(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    reference, authorisation = held(acme, card, 600)
    operations.expire_due(by=BY, now=timezone.now() + LATER)
    assert clear(acme, reference, 600)["result"] == "booked"
    assert (Transaction.objects.get().flags, balance(acme, card)) == (["after_expiry"], (400, 0))
    shown = done(acme.get(f"/v1/authorisations/{authorisation}"))
    assert (shown["status"], shown["cleared_amount"], findings()) == ("expired", 600, [])


def test_what_was_reversed_or_holds_nothing_is_never_swept(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    reference, _ = held(acme, card, 600)
    reverse(acme, reference)
    tap(acme, card["id"], 0, kind="account_verification")
    assert operations.expire_due(by=BY, now=timezone.now() + LATER) == 0


def test_a_hold_that_cannot_be_ended_stops_no_other(acme: PartnerClient) -> None:
    broken, whole = acme.active_card(amount=1_000), acme.active_card(amount=1_000)
    stuck, _ = held(acme, broken, 600)
    held(acme, whole, 600)
    Account.objects.filter(pk=parse_id("account", broken["account"])).update(held_minor=0)
    operations.expire_due(by=BY, now=timezone.now() + LATER)
    assert (Authorisation.objects.get(network_reference=stuck).status, balance(acme, whole)) == ("APPROVED", (1_000, 0))


def test_a_sandbox_expiry_goes_through_the_real_entry(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    _, authorisation = held(acme, card, 600)
    told_back = done(acme.post(f"/v1/sandbox/authorisations/{authorisation}/expire", {}))
    assert (told_back["authorisation"]["status"], told_back["response"]["released_amount"]) == ("expired", 600)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_expiry_against_clearing_one_wins_and_the_sums_are_right(committed_db: None, acme: PartnerClient) -> None:
    card = acme.active_card(amount=100_000)
    later, won = timezone.now() + LATER, set()

    def sweep(start: threading.Barrier) -> None:
        start.wait(30)
        operations.expire_due(by=BY, now=later)
        connection.close()

    def settle(start: threading.Barrier, reference: str) -> None:
        start.wait(30)
        assert clear(acme, reference, 100)["result"] == "booked"
        connection.close()

    with ThreadPoolExecutor(3) as pool:
        for _ in range(30):
            start = threading.Barrier(3)
            reference, _ = held(acme, card, 100)
            for done_ in [pool.submit(settle, start, reference), pool.submit(sweep, start), pool.submit(sweep, start)]:
                done_.result(60)
            row = Authorisation.objects.get(network_reference=reference)
            won.add(row.status)
            assert (row.held_minor, row.cleared_minor) == (0, 100)
            assert row.status in ("CLEARED", "EXPIRED")
    assert (balance(acme, card), findings()) == ((97_000, 0), [])
    assert Transaction.objects.count() == 30 and won
