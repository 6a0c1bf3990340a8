"""The search of the whole portal: ids lead straight there, words find what the viewer may read, card numbers nothing."""

import logging

import pytest
from django.test import Client

from issuing_portal.staff.models import Role
from tests.characters import PartnerClient
from tests.people import staff_client


def found(client: Client, text: str) -> str:
    answer = client.get("/search", {"q": text})
    assert answer.status_code == 200, (text, answer.status_code, answer.headers.get("Location"))
    return answer.content.decode()


def led_to(client: Client, text: str) -> str:
    answer = client.get("/search", {"q": text})
    assert answer.status_code == 302, (text, answer.status_code)
    return answer.headers["Location"]


def test_an_id_leads_straight_to_its_thing(acme: PartnerClient) -> None:
    card = acme.active_card()
    tapped = acme.tap(card["id"], 1_000)["authorisation"]
    client = staff_client(Role.PROGRAMME_MANAGER)
    assert led_to(client, card["account"]) == f"/accounts/{card['account']}"
    assert led_to(client, f"  {tapped['id']} ") == f"/authorisations/{tapped['id']}"
    assert led_to(client, card["id"]) == f"/cards/{card['id']}"
    assert led_to(client, card["cardholder"]) == f"/cardholders/{card['cardholder']}"
    for place in (card["account"], tapped["id"], card["id"], card["cardholder"]):
        assert client.get(led_to(client, place)).status_code == 200


def test_an_id_of_another_programme_leads_nowhere(acme: PartnerClient, globex: PartnerClient) -> None:
    card = acme.active_card()
    stranger = staff_client(Role.PROGRAMME_MANAGER, [globex.programme.pk])
    for text in (card["id"], card["account"], card["cardholder"], acme.programme_id, acme.partner.public_id):
        page = found(stranger, text)
        assert "Nothing with this id for you" in page


def test_words_find_people_cards_money_taps_and_partners(acme: PartnerClient) -> None:
    cardholder = acme.approved_cardholder(external_id="user-77")
    card = acme.active_card(cardholder=cardholder["id"], account=acme.funded_account(external_id="till-7")["id"], external_id="card-5")
    tapped = acme.tap(card["id"], 1_000)["authorisation"]
    client = staff_client(Role.PROGRAMME_MANAGER)
    for text in ("lovelace", "Ada Lovelace", "ADA@example.com", "user-77"):
        assert cardholder["id"] in found(client, text), text
    for text in (card["last4"], "card-5"):
        assert card["id"] in found(client, text), text
    assert card["account"] in found(client, "till-7")
    assert ">Partners <" in found(client, "acm")
    reference = acme.get(f"/v1/authorisations/{tapped['id']}").json()["messages"][0]["network_reference"]
    assert tapped["id"] in found(client, reference)
    assert "Nothing fits" in found(client, "lovelace zzz")


def test_the_words_of_another_programme_find_nothing(acme: PartnerClient, globex: PartnerClient) -> None:
    cardholder = acme.approved_cardholder(external_id="user-77")
    card = acme.active_card(cardholder=cardholder["id"])
    stranger = staff_client(Role.PROGRAMME_MANAGER, [globex.programme.pk])
    for text in ("lovelace", "user-77", card["last4"], "Acme"):
        assert "Nothing fits" in found(stranger, text), text


def test_a_role_finds_only_what_it_may_read(acme: PartnerClient) -> None:
    acme.approved_cardholder()
    assert "Nothing fits" in found(staff_client(Role.ADMINISTRATOR), "lovelace")


@pytest.mark.parametrize("number", ["4000001234567899", "4000 0012 3456 7899", "pay 4000-0012-3456-7899 now", "5555555555554444", "1234567890123"])
def test_a_card_number_is_not_searched_not_echoed_and_not_logged(number: str, db: None, caplog: pytest.LogCaptureFixture) -> None:
    client = staff_client(Role.SUPPORT)
    with caplog.at_level(logging.DEBUG, logger="issuing_portal"):
        place = led_to(client, number)
    assert place == "/search?refused=number"
    page = client.get(place).content.decode()
    digits = "".join(letter for letter in number if letter.isdigit())
    assert "last four digits" in page and digits not in page and number not in page
    assert digits not in caplog.text and number not in caplog.text


def test_odd_input_is_answered_calmly(db: None) -> None:
    client = staff_client(Role.SUPPORT)
    odd = ("", "x", "\x00\x00ab", "crd_", "crd_zzzzzzzzzzzzzzzzzzzzzzzzzz", "%", "a" * 5000, "<script>alert(1)</script>", "usr_01h455vb4pex5vsknk084sn02q")
    for text in odd:
        assert "<script>alert" not in found(client, text)


def test_alive_keeps_a_session_and_says_nothing(db: None) -> None:
    client = staff_client(Role.SUPPORT)
    assert client.get("/alive").status_code == 204 and client.post("/alive").status_code == 204
    assert Client().get("/alive").status_code == 302
