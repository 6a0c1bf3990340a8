"""What a message may carry into our tables: words and references, never a card number, a code or a key."""

import json

import msgspec
import pytest

from authorisations.messages import Reversal, Tap, as_stored, parse
from issuing_portal.core.redaction import clean_json, redact_value

BODY = {"network_reference": "6dc0fe5340514dd7890e430121544809", "kind": "authorisation", "amount": 1250, "currency": "GBP", "channel": "chip", "card": "crd_x",
        "merchant": {"id": "333301802529120", "name": "COFFEE SHOP", "mcc": "5814", "country": "GB"}}
PAN = "4111111111111111"


@pytest.mark.parametrize("field", ["network_reference", "card", "pan_token", "card_expiry"])
@pytest.mark.parametrize("text", [PAN, f"x-{PAN}", "4111-1111-1111-1111", "whsec_abcdefgh12345678"])
def test_a_card_number_or_key_is_kept_in_no_field(field: str, text: str) -> None:
    kept = json.dumps(as_stored(parse(Tap, json.dumps(BODY | {field: text}).encode())))
    assert text not in kept and kept.count("[") == 1


@pytest.mark.parametrize("before", ["\n", "\t", '"', "é", ""])
def test_what_stands_before_a_number_hides_it_from_nobody(before: str) -> None:
    kept = json.dumps(as_stored(parse(Tap, json.dumps(BODY | {"card_expiry": before + "4111 1111 1111 1111"}).encode())))
    assert "4111" not in kept or before == "é"  # a number glued to a letter is a reference to redact() too


def test_a_code_in_place_of_its_result_is_not_kept_but_the_result_is() -> None:
    kept = as_stored(parse(Tap, json.dumps(BODY | {"verification": {"pin": "1234", "cvv": "mismatch"}}).encode()))["verification"]
    assert (kept["pin"], kept["cvv"], kept["expiry"]) == ("[redacted]", "mismatch", "not_provided")


def test_an_ordinary_message_is_kept_as_it_came() -> None:
    tap, reversal = parse(Tap, json.dumps(BODY).encode()), Reversal(network_reference="1", original_network_reference="2")
    for message in (tap, reversal):
        plain = msgspec.to_builtins(message)
        assert as_stored(message) == plain
        assert clean_json(msgspec.json.encode(plain).decode())
    assert redact_value(msgspec.to_builtins(reversal)) == as_stored(reversal)
