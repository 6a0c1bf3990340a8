"""/v1/sandbox: taps, clearings, reversals and refunds through the real processor entry."""

from datetime import UTC, datetime

import pytest

from issuing_portal.partners import operations as partners
from issuing_portal.partners.queries import connections_of
from tests.characters import MERCHANT, STAGE_HAND, PartnerClient, done, made
from tests.processor import ProcessorEntry

NOWHERE = "aut_01h455vb4pex5vsknk084sn02q"


def balance(who: PartnerClient, account: str) -> dict[str, int]:
    return done(who.get(f"/v1/accounts/{account}"))["balance"]


def body(card: str, amount: int = 1250, **over: object) -> dict[str, object]:
    return {"card": card, "amount": amount, "currency": "GBP", "channel": "ecommerce", "merchant": MERCHANT} | over


def test_a_tap_is_a_signed_message_to_the_processor_entry(acme: PartnerClient, processor_entry: ProcessorEntry) -> None:
    card = acme.active_card(amount=50_000)
    answer = made(acme.post("/v1/sandbox/authorisations", body(card["id"])))
    assert set(answer) == {"authorisation", "request", "response", "latency_ms"}
    assert answer["response"] == {"decision": "approved", "reason": "approved", "approved_amount": 1250, "currency": "GBP", "available": 48_750,
                                  "authorisation": answer["authorisation"]["id"]}
    assert answer["authorisation"] == done(acme.get(f"/v1/authorisations/{answer['authorisation']['id']}"))
    assert answer["request"]["card"] == card["id"]
    (sent,) = processor_entry.requests
    assert sent.url.path == f"/processor/v1/{acme.connection}/authorisations"
    assert sent.headers["webhook-signature"].startswith("v1,")
    assert balance(acme, card["account"]) == {"posted": 50_000, "held": 1250, "available": 48_750}


def test_a_declined_tap_is_answered_and_explained(acme: PartnerClient) -> None:
    card = acme.active_card(amount=1000)
    answer = acme.tap(card["id"], 1001)
    assert answer["response"]["reason"] == answer["authorisation"]["reason"] == "insufficient_funds"
    assert answer["authorisation"]["decision"] == "declined"
    assert answer["authorisation"]["explanation"][-1]["outcome"] == "refused"


def test_a_retry_is_a_replay_even_where_the_first_answer_was_lost(acme: PartnerClient, processor_entry: ProcessorEntry) -> None:
    card = acme.active_card()
    first = acme.post("/v1/sandbox/authorisations", body(card["id"]), key="tap-1")
    again = acme.post("/v1/sandbox/authorisations", body(card["id"]), key="tap-1")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert len(processor_entry.requests) == 1
    processor_entry.down = True
    lost = acme.post("/v1/sandbox/authorisations", body(card["id"]), key="tap-2")
    assert (lost.status_code, lost.code) == (503, "processor_unavailable")
    processor_entry.down = False
    second = made(acme.post("/v1/sandbox/authorisations", body(card["id"]), key="tap-2"))
    references = [request.content for request in processor_entry.requests]
    assert references[1] == references[2], "the same message was sent again"
    assert second["authorisation"]["id"] != first.json()["authorisation"]["id"]
    assert balance(acme, card["account"])["held"] == 2500


def test_a_given_network_reference_is_used(acme: PartnerClient) -> None:
    card = acme.active_card()
    one = acme.tap(card["id"], 100, network_reference="262331000000000042", requested_at="2026-11-20T12:00:00Z", kind="cash")
    two = acme.tap(card["id"], 100, network_reference="262331000000000042", requested_at="2026-11-20T12:00:00Z", kind="cash")
    assert one["response"] == two["response"]
    assert one["authorisation"]["network_reference"] == "262331000000000042"
    assert one["authorisation"]["requested_at"] == "2026-11-20T12:00:00.000000Z"


def test_clear_in_parts_then_refund(acme: PartnerClient) -> None:
    card = acme.active_card(amount=10_000)
    authorisation = acme.tap(card["id"], 3000)["authorisation"]["id"]
    part = done(acme.post(f"/v1/sandbox/authorisations/{authorisation}/clear", {"amount": 1000, "final": False}))
    assert part["authorisation"]["status"] == "partially_cleared"
    assert balance(acme, card["account"]) == {"posted": 9000, "held": 2000, "available": 7000}
    rest = done(acme.post(f"/v1/sandbox/authorisations/{authorisation}/clear", {}))
    assert (rest["authorisation"]["status"], rest["authorisation"]["cleared_amount"]) == ("cleared", 3000)
    back = done(acme.post(f"/v1/sandbox/authorisations/{authorisation}/refund", {"amount": 500}))
    assert back["response"]["result"] == "booked"
    assert balance(acme, card["account"]) == {"posted": 7500, "held": 0, "available": 7500}


def test_reverse_ends_the_hold(acme: PartnerClient) -> None:
    card = acme.active_card(amount=10_000)
    authorisation = acme.tap(card["id"], 3000)["authorisation"]["id"]
    partly = done(acme.post(f"/v1/sandbox/authorisations/{authorisation}/reverse", {"amount": 1000}))
    assert partly["authorisation"]["held_amount"] == 2000
    wholly = done(acme.post(f"/v1/sandbox/authorisations/{authorisation}/reverse", {}))
    assert wholly["authorisation"]["status"] == "reversed"
    assert balance(acme, card["account"]) == {"posted": 10_000, "held": 0, "available": 10_000}


def test_a_forced_clearing_is_booked_without_an_authorisation(acme: PartnerClient) -> None:
    card = acme.active_card(amount=10_000)
    forced = made(acme.post("/v1/sandbox/clearings", {"card": card["id"], "amount": 700, "currency": "GBP", "merchant": MERCHANT}))
    assert forced["authorisation"] is None
    transaction = done(acme.get(f"/v1/transactions/{forced['response']['transaction']}"))
    assert (transaction["forced"], transaction["amount"], transaction["card"]) == (True, 700, card["id"])


@pytest.mark.parametrize("path", [
    "authorisations", f"authorisations/{NOWHERE}/clear", f"authorisations/{NOWHERE}/reverse", f"authorisations/{NOWHERE}/refund", "clearings",
    f"authorisations/{NOWHERE}/increment", f"authorisations/{NOWHERE}/advise", f"authorisations/{NOWHERE}/expire",
    "kyc_cases/kyc_01h455vb4pex5vsknk084sn02q/approve", "kyc_cases/kyc_01h455vb4pex5vsknk084sn02q/reject",
    "kyc_cases/kyc_01h455vb4pex5vsknk084sn02q/request_information"])
def test_a_live_key_is_refused_everywhere(acme: PartnerClient, path: str) -> None:
    assert acme.live is not None
    refused = acme.live.post(f"/v1/sandbox/{path}", {})
    assert (refused.status_code, refused.code) == (403, "live_key_refused")


def test_a_rivals_card_and_authorisation_are_not_there(acme: PartnerClient, globex: PartnerClient, processor_entry: ProcessorEntry) -> None:
    card = acme.active_card()
    authorisation = acme.tap(card["id"], 3000)["authorisation"]["id"]
    before = balance(acme, card["account"])
    sent = len(processor_entry.requests)
    assert globex.post("/v1/sandbox/authorisations", body(card["id"])).status_code == 404
    assert globex.post("/v1/sandbox/clearings", {"card": card["id"], "amount": 1, "currency": "GBP", "merchant": MERCHANT}).status_code == 404
    for verb, said in (("clear", {}), ("reverse", {}), ("refund", {}), ("expire", {}), ("increment", {"amount": 1}), ("advise", {"amount": 1})):
        assert globex.post(f"/v1/sandbox/authorisations/{authorisation}/{verb}", said).status_code == 404
    assert len(processor_entry.requests) == sent
    assert balance(acme, card["account"]) == before


def test_a_partner_without_a_connection_is_told_so(acme: PartnerClient) -> None:
    card = acme.active_card()
    for connection in connections_of(acme.partner.pk, False):
        partners.close_connection(connection_id=connection.pk, reason="test", by=STAGE_HAND, now=datetime.now(UTC))
    refused = acme.post("/v1/sandbox/authorisations", body(card["id"]))
    assert (refused.status_code, refused.code) == (409, "no_processor_connection")


def test_a_card_number_in_the_merchants_name_is_refused(acme: PartnerClient) -> None:
    card = acme.active_card()
    refused = acme.post("/v1/sandbox/authorisations", body(card["id"], merchant=MERCHANT | {"name": "shop 4000 0000 0000 0002"}))
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"field": "merchant.name", "code": "card_number", "message": "A card number has no place here."}]


def test_the_scope_is_asked(acme: PartnerClient) -> None:
    assert acme.key_with("cards:write").post("/v1/sandbox/authorisations", {}).status_code == 403
