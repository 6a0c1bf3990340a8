"""What follows a decision: reversal, clearing and refund, in any order, once each; and the money that results."""

from typing import Any
from uuid import uuid4

import pytest

from tests.characters import PartnerClient, done
from tests.processor import clear, post, refund, reverse, tap, tap_body, told, understood

pytestmark = pytest.mark.django_db


def balance(acme: PartnerClient, card: dict[str, Any]) -> tuple[int, int]:
    found = done(acme.get(f"/v1/accounts/{card['account']}"))["balance"]
    return found["posted"], found["held"]


def approved(acme: PartnerClient, card: dict[str, Any], amount: int) -> tuple[str, str]:
    reference = uuid4().hex
    return reference, tap(acme, card["id"], amount, network_reference=reference)["authorisation"]


def status(acme: PartnerClient, authorisation: str) -> tuple[str, int, int]:
    shown = done(acme.get(f"/v1/authorisations/{authorisation}"))
    return shown["status"], shown["held_amount"], shown["cleared_amount"]


def test_a_clearing_moves_the_hold_into_the_ledger(acme: PartnerClient) -> None:
    card = acme.active_card(amount=10_000)
    reference, authorisation = approved(acme, card, 1_250)
    answer = clear(acme, reference, 1_250)
    assert answer["result"] == "booked"
    assert balance(acme, card) == (8_750, 0)
    assert status(acme, authorisation) == ("cleared", 0, 1_250)
    shown = done(acme.get(f"/v1/transactions/{answer['transaction']}"))
    assert (shown["type"], shown["amount"], shown["authorisation"], shown["forced"]) == ("purchase", 1_250, authorisation, False)


def test_partial_clearings_leave_the_rest_held_until_the_final_one(acme: PartnerClient) -> None:
    card = acme.active_card(amount=10_000)
    reference, authorisation = approved(acme, card, 1_000)
    clear(acme, reference, 400, final=False)
    assert (balance(acme, card), status(acme, authorisation)) == ((9_600, 600), ("partially_cleared", 600, 400))
    clear(acme, reference, 500)
    assert (balance(acme, card), status(acme, authorisation)) == ((9_100, 0), ("cleared", 0, 900))


def test_a_clearing_over_the_hold_is_booked_and_flagged_even_below_zero(acme: PartnerClient) -> None:
    from authorisations.models import Transaction
    card = acme.active_card(amount=1_000)
    reference, authorisation = approved(acme, card, 1_000)
    clear(acme, reference, 1_200)
    assert (balance(acme, card), status(acme, authorisation)) == ((-200, 0), ("cleared", 0, 1_200))
    assert Transaction.objects.get().flags == ["over_clearing", "negative_balance"]


def test_a_forced_clearing_is_booked_without_an_authorisation(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    answer = clear(acme, None, 300, card=card["id"], merchant={"name": "FERRY"})
    shown = done(acme.get(f"/v1/transactions/{answer['transaction']}"))
    assert (shown["forced"], shown["authorisation"], shown["merchant"]["name"], balance(acme, card)) == (True, None, "FERRY", (700, 0))


def test_full_and_partial_reversals_give_the_hold_back(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    reference, authorisation = approved(acme, card, 800)
    assert reverse(acme, reference, 300)["released_amount"] == 300
    assert (balance(acme, card), status(acme, authorisation)) == ((1_000, 500), ("approved", 500, 0))
    assert reverse(acme, reference)["released_amount"] == 500
    assert (balance(acme, card), status(acme, authorisation)) == ((1_000, 0), ("reversed", 0, 0))


def test_a_reversal_gives_the_allowance_back_and_a_decline_never_takes_it(acme: PartnerClient) -> None:
    card = acme.active_card(amount=10_000)
    done(acme.put(f"/v1/cards/{card['id']}/controls", {"limits": [{"interval": "daily", "amount": 1_000}, {"interval": "daily", "count": 1}]}))
    reference, _ = approved(acme, card, 1_000)
    assert tap(acme, card["id"], 1)["reason"] == "limit_exceeded"
    reverse(acme, reference)
    used = [limit["used"] for limit in done(acme.get(f"/v1/cards/{card['id']}/limits_usage"))["limits"]]
    assert used == [0, 0]
    assert tap(acme, card["id"], 1_000)["decision"] == "approved"


def test_a_reversal_that_comes_first_waits_and_wins(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    reference = uuid4().hex
    assert reverse(acme, reference)["result"] == "queued_for_reconciliation"
    body = tap_body(acme, card["id"], 500, network_reference=reference)
    first, again = understood(post(acme, "authorisations", body)), understood(post(acme, "authorisations", body))
    assert (first["decision"], first["reason"]) == ("declined", "reversed_before_authorisation")
    assert (first, balance(acme, card)) == (again, (1_000, 0))


def test_clearing_after_a_reversal_is_booked_all_the_same(acme: PartnerClient) -> None:
    from authorisations.models import Transaction
    card = acme.active_card(amount=1_000)
    reference, authorisation = approved(acme, card, 400)
    reverse(acme, reference)
    assert clear(acme, reference, 400)["result"] == "booked"
    assert (balance(acme, card), Transaction.objects.get().flags) == ((600, 0), ["after_reversal"])
    assert status(acme, authorisation) == ("reversed", 0, 400)


def test_refunds_with_and_without_an_original(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    reference, authorisation = approved(acme, card, 600)
    clear(acme, reference)
    linked = refund(acme, reference, 200)
    alone = refund(acme, None, 50, card=card["id"])
    assert balance(acme, card) == (650, 0)
    assert done(acme.get(f"/v1/transactions/{linked['transaction']}"))["authorisation"] == authorisation
    assert done(acme.get(f"/v1/transactions/{alone['transaction']}"))["type"] == "refund"


@pytest.mark.parametrize("stopped", ["freeze", "terminate"])
def test_only_authorisations_are_refused_by_a_state(acme: PartnerClient, stopped: str) -> None:
    card = acme.active_card(amount=1_000)
    reference, _ = approved(acme, card, 600)
    done(acme.post(f"/v1/cards/{card['id']}/{stopped}", {"reason": "cardholder_request"}))
    assert tap(acme, card["id"], 1)["decision"] == "declined"
    assert [clear(acme, reference, 600)["result"], refund(acme, reference, 100)["result"]] == ["booked", "booked"]
    assert balance(acme, card) == (500, 0)


def test_a_refund_to_a_closed_account_lands_in_suspense(acme: PartnerClient) -> None:
    from authorisations.models import Transaction
    card = acme.active_card(amount=600)
    reference, _ = approved(acme, card, 600)
    clear(acme, reference, 600)
    done(acme.post(f"/v1/accounts/{card['account']}/close"))
    assert refund(acme, reference, 100)["result"] == "booked"
    booked = Transaction.objects.get(type="refund")
    assert (booked.account.kind, booked.flags, balance(acme, card)) == ("suspense", ["suspense", "account_closed"], (0, 0))


def test_each_message_is_booked_once(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    reference, _ = approved(acme, card, 600)
    for path, body in (("clearings", told(acme, reference, 600)), ("refunds", told(acme, reference, 100))):
        first, again = understood(post(acme, path, body)), understood(post(acme, path, body))
        assert (first["result"], again["result"], again["transaction"]) == ("booked", "replayed", first["transaction"])
    assert balance(acme, card) == (500, 0)


def test_another_content_under_a_known_reference_is_recorded_and_books_nothing(acme: PartnerClient) -> None:
    from authorisations.models import AuthorisationMessage
    card = acme.active_card(amount=1_000)
    reference, authorisation = approved(acme, card, 600)
    answer = tap(acme, card["id"], 601, network_reference=reference)
    assert (answer["decision"], answer["reason"], answer["approved_amount"]) == ("declined", "duplicate_mismatch", 0)
    body = told(acme, reference, 600)
    post(acme, "clearings", body)
    other = understood(post(acme, "clearings", body | {"amount": 599}))
    assert (other["result"], other["reason"]) == ("queued_for_reconciliation", "duplicate_mismatch")
    assert (balance(acme, card), status(acme, authorisation)) == ((400, 0), ("cleared", 0, 600))
    assert AuthorisationMessage.objects.filter(evaluation__mismatch=True).count() == 2


def test_a_release_ends_the_hold_and_a_second_one_is_refused(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    _, authorisation = approved(acme, card, 600)
    shown = done(acme.post(f"/v1/authorisations/{authorisation}/release", {"reason": "the shop forgot it"}))
    assert (shown["status"], shown["reason"], shown["held_amount"], balance(acme, card)) == ("reversed", "released", 0, (1_000, 0))
    assert acme.post(f"/v1/authorisations/{authorisation}/release", {}).code == "nothing_held"


def test_every_message_stands_on_the_authorisation_s_timeline(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    reference, authorisation = approved(acme, card, 600)
    reverse(acme, reference, 100)
    clear(acme, reference, 500)
    refund(acme, reference, 500)
    messages = done(acme.get(f"/v1/authorisations/{authorisation}"))["messages"]
    assert [(one["kind"], one["amount"]) for one in messages] == [("authorisation", 600), ("reversal", 100), ("clearing", 500), ("refund", 500)]
