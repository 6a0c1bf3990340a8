"""Every rule of the first set, through the processor's door: one refusal each, and the approval beside it."""

from typing import Any

import pytest

from tests.characters import PartnerClient, done
from tests.people import STAGE, person
from tests.processor import tap

pytestmark = pytest.mark.django_db


def controls(acme: PartnerClient, card: dict[str, Any], **spec: Any) -> None:
    done(acme.put(f"/v1/cards/{card['id']}/controls", spec))


def test_an_approval_holds_the_amount(acme: PartnerClient) -> None:
    card = acme.active_card(amount=10_000)
    answer = tap(acme, card["id"], 1_250)
    told = [answer[name] for name in ("decision", "reason", "approved_amount", "available", "currency")]
    assert told == ["approved", "approved", 1_250, 8_750, "GBP"]
    balance = done(acme.get(f"/v1/accounts/{card['account']}"))["balance"]
    assert balance == {"posted": 10_000, "held": 1_250, "available": 8_750}
    shown = done(acme.get(f"/v1/authorisations/{answer['authorisation']}"))
    assert (shown["status"], shown["held_amount"], shown["cleared_amount"], shown["card"]) == ("approved", 1_250, 0, card["id"])


@pytest.mark.parametrize(("spec", "over", "reason"), [
    ({"limits": [{"interval": "per_authorisation", "amount": 999}]}, {}, "limit_exceeded"),
    ({"limits": [{"interval": "daily", "amount": 999}]}, {}, "limit_exceeded"),
    ({"limits": [{"interval": "monthly", "amount": 999}]}, {}, "limit_exceeded"),
    ({"limits": [{"interval": "daily", "count": 0}]}, {}, "count_limit_exceeded"),
    ({"blocked_mccs": ["5814"]}, {}, "mcc_blocked"),
    ({"allowed_mccs": ["5411"]}, {}, "mcc_blocked"),
    ({"blocked_countries": ["NL"]}, {}, "country_blocked"),
    ({"allowed_countries": ["GB"]}, {}, "country_blocked"),
    ({"blocked_merchants": ["333301802529120"]}, {}, "merchant_blocked"),
    ({"channels": {"ecommerce": False}}, {}, "channel_blocked"),
    ({"channels": {"ecommerce": False}}, {"channel": "recurring"}, "channel_blocked"),
    ({"channels": {"wallet": False}}, {"channel": "contactless", "wallet": "apple_pay"}, "channel_blocked"),
    ({}, {"currency": "EUR"}, "currency_not_supported"),
    ({}, {"verification": {"cvv": "mismatch"}}, "verification_failed"),
    ({}, {"verification": {"pin": "mismatch"}}, "pin_incorrect"),
])
def test_a_rule_declines_and_holds_nothing(acme: PartnerClient, spec: dict[str, Any], over: dict[str, Any], reason: str) -> None:
    card = acme.active_card(amount=10_000)
    if spec:
        controls(acme, card, **spec)
    answer = tap(acme, card["id"], 1_000, **over)
    assert (answer["decision"], answer["reason"], answer["approved_amount"]) == ("declined", reason, 0)
    assert done(acme.get(f"/v1/accounts/{card['account']}"))["balance"]["held"] == 0


@pytest.mark.parametrize(("spec", "over"), [
    ({"limits": [{"interval": "per_authorisation", "amount": 1_000}]}, {}),
    ({"limits": [{"interval": "daily", "amount": 1_000}, {"interval": "daily", "count": 1}]}, {}),
    ({"allowed_mccs": ["5814"], "allowed_countries": ["NL"], "allowed_merchants": ["333301802529120"]}, {}),
    ({"channels": {"ecommerce": False, "magstripe": False}}, {"channel": "chip"}),
])
def test_what_stays_within_the_controls_passes(acme: PartnerClient, spec: dict[str, Any], over: dict[str, Any]) -> None:
    card = acme.active_card(amount=10_000)
    controls(acme, card, **spec)
    assert tap(acme, card["id"], 1_000, **over)["decision"] == "approved"


def test_funds_decide_last(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    assert tap(acme, card["id"], 1_001)["reason"] == "insufficient_funds"
    assert tap(acme, card["id"], 1_000)["reason"] == "approved"
    assert tap(acme, card["id"], 1)["reason"] == "insufficient_funds"


def test_a_terminal_that_takes_a_part_gets_what_there_is(acme: PartnerClient) -> None:
    card = acme.active_card(amount=700)
    answer = tap(acme, card["id"], 1_000, partial_supported=True)
    assert (answer["reason"], answer["approved_amount"], answer["available"]) == ("approved_partial", 700, 0)


def test_windows_count_over_several_taps_and_the_card_of_another_day_starts_anew(acme: PartnerClient) -> None:
    card = acme.active_card(amount=100_000)
    controls(acme, card, limits=[{"interval": "daily", "amount": 2_500}], timezone="Europe/London")
    monday, tuesday = "2026-11-23T22:00:00Z", "2026-11-24T00:30:00Z"
    assert [tap(acme, card["id"], 1_000, requested_at=monday)["reason"] for _ in range(3)] == ["approved", "approved", "limit_exceeded"]
    assert tap(acme, card["id"], 500, requested_at=monday)["reason"] == "approved"
    assert tap(acme, card["id"], 2_500, requested_at=tuesday)["reason"] == "approved"


def test_the_stricter_of_card_account_and_programme_wins(acme: PartnerClient) -> None:
    first, second = acme.active_card(amount=100_000), None
    second = acme.active_card(account=first["account"], cardholder=first["cardholder"])
    controls(acme, first, limits=[{"interval": "daily", "amount": 5_000}])
    assert tap(acme, first["id"], 5_001)["reason"] == "limit_exceeded"
    assert tap(acme, second["id"], 5_001)["reason"] == "approved"


@pytest.mark.parametrize(("verb", "body", "reason"), [
    ("freeze", {"reason": "cardholder_request"}, "card_frozen"), ("terminate", {"reason": "cardholder_request"}, "card_terminated")])
def test_a_stopped_card_declines_the_next_tap(acme: PartnerClient, verb: str, body: dict[str, Any], reason: str) -> None:
    card = acme.active_card()
    assert tap(acme, card["id"], 100)["decision"] == "approved"
    done(acme.post(f"/v1/cards/{card['id']}/{verb}", body))
    assert tap(acme, card["id"], 100)["reason"] == reason


def test_an_inactive_card_and_a_stranger_s_card_decline(acme: PartnerClient, globex: PartnerClient) -> None:
    card = acme.active_card(activate=False)
    assert tap(acme, card["id"], 100)["reason"] == "card_inactive"
    assert tap(globex, card["id"], 100)["reason"] == "card_not_found"
    assert tap(acme, "crd_00000000000000000000000000", 100)["reason"] == "card_not_found"


def test_a_tap_after_the_card_s_last_day_declines(acme: PartnerClient) -> None:
    card = acme.active_card()
    assert tap(acme, card["id"], 100, requested_at=f"{card['expiry_year'] + 1}-03-01T00:00:00Z")["reason"] == "card_expired"


def test_suspending_the_cardholder_stops_the_card(acme: PartnerClient) -> None:
    card = acme.active_card()
    done(acme.post(f"/v1/cardholders/{card['cardholder']}/suspend", {}))
    assert tap(acme, card["id"], 100)["reason"] == "cardholder_not_active"


def test_a_single_use_card_pays_once_and_a_locked_one_at_one_merchant(acme: PartnerClient) -> None:
    once, locked = acme.active_card(type="single_use"), acme.active_card(type="merchant_locked")
    assert [tap(acme, once["id"], 100)["reason"] for _ in range(2)] == ["approved", "count_limit_exceeded"]
    reasons = [tap(acme, locked["id"], 100, merchant={"id": name})["reason"] for name in ("first", "first", "second")]
    assert reasons == ["approved", "approved", "merchant_blocked"]


def test_an_account_that_staff_restricted_declines(acme: PartnerClient) -> None:
    from datetime import UTC, datetime

    from issuing_portal.core.ids import parse_id
    from issuing_portal.ledger import operations as ledger
    card = acme.active_card()
    account = parse_id("account", card["account"])
    assert account and person and STAGE
    ledger.restrict_account(account_id=account, reason="look into it", by=STAGE, now=datetime.now(UTC))
    assert tap(acme, card["id"], 100)["reason"] == "account_restricted"


def test_the_explanation_names_every_rule_in_order_and_what_would_make_it_pass(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    answer = tap(acme, card["id"], 1_600)
    told = done(acme.get(f"/v1/authorisations/{answer['authorisation']}"))["explanation"]
    assert [step["rule"] for step in told][-1] == "funds"
    assert {step["outcome"] for step in told[:-1]} == {"passed"}
    assert told[-1] == {"rule": "funds", "outcome": "refused",
                        "detail": "16.00 GBP were asked and 10.00 GBP are available. It would pass with 6.00 GBP more on the account."}


def test_asking_and_verifying_hold_nothing_and_take_no_window(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    controls(acme, card, limits=[{"interval": "daily", "count": 1}])
    assert tap(acme, card["id"], 0, kind="account_verification")["decision"] == "approved"
    inquiry = tap(acme, card["id"], 0, kind="balance_inquiry")
    assert (inquiry["decision"], inquiry["available"], inquiry["approved_amount"]) == ("approved", 1_000, 0)
    assert tap(acme, card["id"], 1_000)["decision"] == "approved"


def test_a_dry_run_decides_alike_and_books_nothing(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1_000)
    body = {"amount": 1_001, "currency": "GBP", "channel": "chip", "merchant": {"id": "m", "name": "M", "mcc": "5814", "country": "GB"}}
    refused = done(acme.post(f"/v1/cards/{card['id']}/simulate", body))
    assert (refused["decision"], refused["reason"]) == ("declined", "insufficient_funds")
    assert done(acme.post(f"/v1/cards/{card['id']}/simulate", body | {"amount": 1_000}))["decision"] == "approved"
    assert done(acme.get("/v1/authorisations"))["data"] == []


def test_limits_usage_tells_what_is_left(acme: PartnerClient) -> None:
    card = acme.active_card(amount=10_000)
    controls(acme, card, limits=[{"interval": "daily", "amount": 2_500}, {"interval": "monthly", "count": 3}])
    tap(acme, card["id"], 1_000)
    daily, monthly = done(acme.get(f"/v1/cards/{card['id']}/limits_usage"))["limits"]
    assert (daily["interval"], daily["amount"], daily["used"], daily["remaining"]) == ("daily", 2_500, 1_000, 1_500)
    assert (monthly["interval"], monthly["count"], monthly["used"], monthly["remaining"]) == ("monthly", 3, 1, 2)
    assert daily["resets_at"].endswith("Z")


def test_a_replacement_goes_on_with_the_windows_of_the_card_it_follows(acme: PartnerClient) -> None:
    card = acme.active_card(amount=100_000)
    controls(acme, card, limits=[{"interval": "daily", "amount": 1_000}])
    assert tap(acme, card["id"], 900)["decision"] == "approved"
    follower = acme.post(f"/v1/cards/{card['id']}/replace", {"reason": "lost"}).json()
    assert [tap(acme, follower["id"], 200)["reason"], tap(acme, follower["id"], 100)["reason"]] == ["limit_exceeded", "approved"]
