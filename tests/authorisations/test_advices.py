"""What the network decided in our place is booked, never decided; and shown where we would have declined."""

from uuid import uuid4

import pytest

from authorisations.models import Authorisation, AuthorisationMessage
from tests.authorisations.test_expiries import balance, held
from tests.authorisations.test_invariants import findings
from tests.characters import PartnerClient, done
from tests.processor import advise, clear, increment, post, reverse, tap, told, understood

pytestmark = pytest.mark.django_db


def test_a_stand_in_approval_makes_the_authorisation_and_is_cleared_like_any_other(acme: PartnerClient) -> None:
    card, reference = acme.active_card(amount=1_000), uuid4().hex
    answer = advise(acme, None, 400, card=card["id"], network_reference=reference, merchant={"name": "FERRY", "mcc": "4111", "country": "NL"})
    assert (answer["result"], answer["held_amount"], balance(acme, card)) == ("booked", 400, (1_000, 400))
    shown = done(acme.get(f"/v1/authorisations/{answer['authorisation']}"))
    assert (shown["status"], shown["reason"], shown["merchant"]["name"], shown["held_amount"]) == ("approved", "approved", "FERRY", 400)
    assert done(acme.get("/v1/events?type=authorisation.approved"))["data"][0]["data"]["object"] == shown
    assert AuthorisationMessage.objects.get().evaluation["would_have"] == "approved"
    assert clear(acme, reference, 400)["authorisation"] == answer["authorisation"]
    assert (balance(acme, card), findings()) == ((600, 0), [])


def test_it_may_overdraw_and_pass_a_limit_and_a_frozen_card_and_says_what_we_would_have_said(acme: PartnerClient) -> None:
    card = acme.active_card(amount=100)
    done(acme.put(f"/v1/cards/{card['id']}/controls", {"limits": [{"interval": "daily", "amount": 50, "count": 5}]}))
    done(acme.post(f"/v1/cards/{card['id']}/freeze", {"reason": "cardholder_request"}))
    advise(acme, None, 300, card=card["id"])
    assert AuthorisationMessage.objects.get().evaluation["would_have"] == "card_frozen"
    assert [one["used"] for one in done(acme.get(f"/v1/cards/{card['id']}/limits_usage"))["limits"]] == [300, 1]
    assert (balance(acme, card), findings()) == ((100, 300), [])


def test_the_advised_amount_is_what_is_held_in_the_end(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    done(acme.put(f"/v1/cards/{card['id']}/controls", {"limits": [{"interval": "daily", "amount": 1_000}]}))
    reference, authorisation = held(acme, card, 900)
    assert advise(acme, reference, 450)["held_amount"] == 450
    assert (balance(acme, card), findings()) == ((1_000, 450), [])
    advise(acme, reference, 1_200)
    shown = done(acme.get(f"/v1/authorisations/{authorisation}"))
    assert (shown["status"], shown["held_amount"], balance(acme, card)) == ("approved", 1_200, (1_000, 1_200))
    assert done(acme.get(f"/v1/cards/{card['id']}/limits_usage"))["limits"][0]["used"] == 1_200
    assert [one["kind"] for one in shown["messages"]] == ["authorisation", "advice", "advice"]
    assert (increment(acme, reference, 1)["decision"], findings()) == ("declined", [])


def test_a_late_decline_ends_the_hold(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    reference, authorisation = held(acme, card, 600)
    assert advise(acme, reference, 600, decision="declined", decided_by="processor")["held_amount"] == 0
    shown = done(acme.get(f"/v1/authorisations/{authorisation}"))
    assert (shown["status"], balance(acme, card), findings()) == ("reversed", (1_000, 0), [])
    assert advise(acme, reference, 600, decision="declined")["result"] == "booked"


def test_what_has_no_place_is_queued_and_holds_nothing(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    reference, _ = held(acme, card, 600)
    reverse(acme, reference)
    early = uuid4().hex
    reverse(acme, early)
    results = [advise(acme, reference, 600), advise(acme, None, 5, card=card["id"], currency="EUR"), advise(acme, None, 5, card="crd_unknown"),
               advise(acme, early, 5, card=card["id"])]
    assert [one["result"] for one in results] == ["queued_for_reconciliation"] * 4
    empty = acme.active_card(amount=100)
    done(acme.post(f"/v1/accounts/{empty['account']}/withdraw", {"amount": 100}))
    done(acme.post(f"/v1/accounts/{empty['account']}/close"))
    assert advise(acme, None, 5, card=empty["id"])["result"] == "queued_for_reconciliation"
    assert (balance(acme, card), Authorisation.objects.count(), findings()) == ((1_000, 0), 1, [])


def test_an_advice_is_booked_once_and_a_tap_under_its_reference_holds_nothing_more(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    body = told(acme, None, 300, card=card["id"], decision="approved", decided_by="network")
    first, again = understood(post(acme, "advices", body)), understood(post(acme, "advices", body))
    assert (first["result"], again["result"], again["authorisation"]) == ("booked", "replayed", first["authorisation"])
    assert understood(post(acme, "advices", body | {"decision": "declined"}))["reason"] == "duplicate_mismatch"
    assert tap(acme, card["id"], 300, network_reference=body["network_reference"])["reason"] == "duplicate_mismatch"
    assert (balance(acme, card), findings()) == ((1_000, 300), [])


def test_a_sandbox_advice_goes_through_the_real_entry(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    _, authorisation = held(acme, card, 600)
    told_back = done(acme.post(f"/v1/sandbox/authorisations/{authorisation}/advise", {"amount": 100}))
    assert (told_back["authorisation"]["held_amount"], told_back["response"]["held_amount"]) == (100, 100)
