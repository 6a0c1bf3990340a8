"""Registering cardholders over /v1: what is taken, what is refused, what is still due."""

from typing import Any

import pytest

from cardholders.models import Cardholder, RelatedPerson
from issuing_portal.core.ids import parse_id
from issuing_portal.events.models import Event
from issuing_portal.events.operations import personal_parts
from issuing_portal.partners.models import Programme
from tests.characters import PartnerClient, done, made, new_individual

LEI = "529900T8BM49AURSDO55"


def new_business(programme: str, **changes: Any) -> dict[str, Any]:
    """A business with all that is asked of it."""
    return {
        "programme": programme, "type": "business", "email": "office@example.com",
        "business_details": {"legal_name": "Difference Engines Ltd", "registration_number": "01234567", "incorporation_country": "GB", "lei": LEI,
                             "incorporated_on": "1999-01-31", "website": "https://engines.example"},
        "address": {"line1": "1 Dorset Street", "city": "London", "postal_code": "W1U 4EG", "country": "GB"},
        "related_persons": [{"role": "beneficial_owner", "ownership_percent": "62.5", "individual": {
            "first_name": "Charles", "last_name": "Babbage", "date_of_birth": "1981-12-26", "nationalities": ["GB"]}}],
    } | changes


def errors_of(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


def test_the_least_of_the_contract_is_enough_for_a_case(acme: PartnerClient) -> None:
    body = new_individual(acme.programme_id) | {"external_id": "user-1", "metadata": {"tier": "gold"}}
    shown = made(acme.post("/v1/cardholders", body))
    assert shown["object"] == "cardholder" and shown["id"].startswith("chd_") and shown["livemode"] is False
    assert (shown["status"], shown["kyc_status"], shown["external_id"], shown["metadata"]) == ("pending", "not_started", "user-1", {"tier": "gold"})
    assert shown["requirements"] == {"currently_due": ["kyc_case"], "past_due": [], "disabled_reason": "requirements_due"}
    assert shown["individual"] == {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1990-12-10", "nationalities": ["GB"],
                                   "place_of_birth": None, "occupation": None, "tax_ids": []}
    assert shown["business_details"] is None and shown["address"]["line2"] is None
    assert done(acme.get(f"/v1/cardholders/{shown['id']}")) == shown
    assert done(acme.get("/v1/cardholders?external_id=user-1"))["data"] == [shown]


def test_what_is_not_told_is_due_by_its_path(acme: PartnerClient) -> None:
    Programme.objects.filter(pk=acme.programme.pk).update(required_facts=["purpose", "occupation", "legal_form"])
    body = {"programme": acme.programme_id, "type": "individual", "individual": {"first_name": "Ada", "last_name": "Lovelace"}}
    shown = made(acme.post("/v1/cardholders", body))
    assert shown["requirements"]["currently_due"] == [
        "individual.date_of_birth", "individual.nationalities", "address.line1", "address.city", "address.postal_code", "address.country",
        "purpose", "individual.occupation", "kyc_case"]
    told = {"individual": {"date_of_birth": "1990-12-10", "nationalities": ["GB", "FR"], "occupation": "Engineer"}, "purpose": "travel",
            "address": {"line1": "1 Main Street", "city": "Dublin", "country": "IE"}}
    shown = done(acme.patch(f"/v1/cardholders/{shown['id']}", told))
    assert shown["requirements"]["currently_due"] == ["kyc_case"], "Ireland asks no postal code"
    assert shown["individual"]["first_name"] == "Ada", "a patch leaves what it does not name"


def test_a_business_is_shown_as_it_was_told(acme: PartnerClient) -> None:
    shown = made(acme.post("/v1/cardholders", new_business(acme.programme_id, expected_monthly_volume=5_000_000, phone_number="+44 20 7946 0123")))
    assert shown["individual"] is None and shown["business_details"]["lei"] == LEI
    assert (shown["phone_number"], shown["expected_monthly_volume"]) == ("+442079460123", 5_000_000)
    owner = shown["related_persons"][0]
    assert (owner["role"], owner["ownership_percent"], owner["individual"]["last_name"]) == ("beneficial_owner", "62.50", "Babbage")
    assert RelatedPerson.objects.get().ownership_basis_points == 6250
    assert shown["requirements"]["currently_due"] == ["kyc_case"]


def test_new_related_persons_replace_the_old_ones_and_these_stay_on_record(acme: PartnerClient) -> None:
    shown = made(acme.post("/v1/cardholders", new_business(acme.programme_id)))
    director = {"role": "director", "individual": {"first_name": "Mary", "last_name": "Somerville"}}
    shown = done(acme.patch(f"/v1/cardholders/{shown['id']}", {"related_persons": [director]}))
    assert [(one["role"], one["ownership_percent"]) for one in shown["related_persons"]] == [("director", None)]
    assert RelatedPerson.objects.count() == 2


@pytest.mark.parametrize(("change", "field", "code"), [
    ({"email": "no address"}, "email", "invalid"),
    ({"phone_number": "0207 946 0123"}, "phone_number", "invalid_phone_number"),
    ({"phone_number": "+44123"}, "phone_number", "invalid_phone_number"),
    ({"purpose": "card 4242 4242 4242 4242"}, "purpose", "card_number"),
    ({"purpose": 12}, "purpose", "invalid"),
    ({"external_id": "4242424242424242"}, "external_id", "card_number"),
    ({"expected_monthly_volume": 12.5}, "expected_monthly_volume", "invalid"),
    ({"nickname": "Ada"}, "nickname", "unknown_field"),
    ({"type": "robot"}, "type", "invalid_choice"),
    ({"programme": "prg_00000000000000000000000000"}, "programme", "not_found"),
    ({"programme": "nonsense"}, "programme", "invalid_id"),
    ({"business_details": {"legal_name": "X"}}, "business_details", "wrong_type"),
    ({"business": "chd_00000000000000000000000000"}, "business", "business_refused"),
])
def test_refused_by_field(acme: PartnerClient, change: dict[str, Any], field: str, code: str) -> None:
    assert errors_of(acme.post("/v1/cardholders", new_individual(acme.programme_id) | change)) == {field: code}
    assert not Cardholder.objects.exists()


@pytest.mark.parametrize(("change", "field", "code"), [
    ({"date_of_birth": "2999-01-01"}, "date_of_birth", "not_in_the_past"),
    ({"date_of_birth": "1890-01-01"}, "date_of_birth", "age_refused"),
    ({"date_of_birth": "2020-01-01"}, "date_of_birth", "age_refused"),
    ({"date_of_birth": "31.12.1990"}, "date_of_birth", "invalid"),
    ({"nationalities": ["XX"]}, "nationalities[0]", "unknown_country"),
    ({"nationalities": ["GB", "GB"]}, "nationalities", "doubled"),
    ({"first_name": "  "}, "first_name", "blank"),
    ({"first_name": "A\u0000da"}, "first_name", "null_characters_not_allowed"),
    ({"shoe_size": 38}, "shoe_size", "unknown_field"),
])
def test_refused_within_the_individual(acme: PartnerClient, change: dict[str, Any], field: str, code: str) -> None:
    body = new_individual(acme.programme_id)
    body["individual"] |= change
    assert errors_of(acme.post("/v1/cardholders", body)) == {f"individual.{field}": code}


@pytest.mark.parametrize(("change", "code"), [
    ({"lei": "529900T8BM49AURSDO56"}, "invalid_lei"), ({"lei": LEI.lower()}, "invalid_lei"), ({"incorporated_on": "2999-01-01"}, "not_in_the_past"),
    ({"website": "javascript:alert(1)"}, "invalid"), ({"incorporation_country": "gb"}, "unknown_country"),
])
def test_refused_within_the_business(acme: PartnerClient, change: dict[str, Any], code: str) -> None:
    body = new_business(acme.programme_id)
    body["business_details"] |= change
    assert errors_of(acme.post("/v1/cardholders", body)) == {f"business_details.{next(iter(change))}": code}


@pytest.mark.parametrize("percent", ["100.01", "12.345", -1, "much", True])
def test_a_share_has_two_decimals_and_is_part_of_a_whole(acme: PartnerClient, percent: Any) -> None:
    body = new_business(acme.programme_id)
    body["related_persons"][0]["ownership_percent"] = percent
    assert len(errors_of(acme.post("/v1/cardholders", body))) == 1


def test_the_owners_do_not_own_more_than_all_of_it(acme: PartnerClient) -> None:
    body = new_business(acme.programme_id)
    body["related_persons"] *= 2
    assert errors_of(acme.post("/v1/cardholders", body)) == {"related_persons": "over_whole"}


def test_an_external_id_is_taken_once_per_partner_and_mode(acme: PartnerClient, globex: PartnerClient) -> None:
    acme.cardholder(external_id="user-1")
    other = acme.cardholder()
    again = acme.post("/v1/cardholders", new_individual(acme.programme_id) | {"external_id": "user-1"})
    assert (again.status_code, again.code) == (409, "external_id_taken")
    patched = acme.patch(f"/v1/cardholders/{other['id']}", {"external_id": "user-1"})
    assert (patched.status_code, patched.code) == (409, "external_id_taken")
    globex.cardholder(external_id="user-1")
    assert acme.live is not None
    made(acme.live.post("/v1/cardholders", new_individual(acme.live.programme_id) | {"external_id": "user-1"}))


def test_a_person_carries_a_card_only_for_a_business_of_the_same_programme(acme: PartnerClient, globex: PartnerClient) -> None:
    business = made(acme.post("/v1/cardholders", new_business(acme.programme_id)))
    shown = acme.cardholder(business=business["id"])
    assert shown["business"] == business["id"]
    person, foreign = acme.cardholder(), made(globex.post("/v1/cardholders", new_business(globex.programme_id)))
    for refused in (person["id"], foreign["id"]):
        assert errors_of(acme.post("/v1/cardholders", new_individual(acme.programme_id) | {"business": refused})) == {"business": "business_refused"}
    assert errors_of(acme.post("/v1/cardholders", new_business(acme.programme_id, business=business["id"]))) == {"business": "business_refused"}
    done(acme.post(f"/v1/cardholders/{business['id']}/close"))
    too_late = acme.post("/v1/cardholders", new_individual(acme.programme_id) | {"business": business["id"]})
    assert errors_of(too_late) == {"business": "business_refused"}


def test_a_rival_and_the_other_mode_see_nothing_and_change_nothing(acme: PartnerClient, globex: PartnerClient) -> None:
    mine = acme.cardholder()
    before = list(Cardholder.objects.values())
    assert acme.live is not None
    for stranger in (globex, acme.live):
        assert stranger.get(f"/v1/cardholders/{mine['id']}").status_code == 404
        assert stranger.patch(f"/v1/cardholders/{mine['id']}", {"email": "eve@example.com"}).status_code == 404
        for verb in ("suspend", "reactivate", "close"):
            assert stranger.post(f"/v1/cardholders/{mine['id']}/{verb}").status_code == 404
        assert done(stranger.get("/v1/cardholders"))["data"] == []
    assert list(Cardholder.objects.values()) == before


def test_the_list_is_narrowed_by_each_filter(acme: PartnerClient) -> None:
    business = made(acme.post("/v1/cardholders", new_business(acme.programme_id)))
    user = acme.cardholder(business=business["id"], email="grace@example.com")
    done(acme.post(f"/v1/cardholders/{user['id']}/suspend"))
    found = {query: [row["id"] for row in done(acme.get(f"/v1/cardholders?{query}"))["data"]] for query in (
        "type=business", f"business={business['id']}", "status=suspended", "status=active", "kyc_status=not_started",
        "email=GRACE@example.com", f"programme={acme.programme_id}", "created_at_gte=2999-01-01T00:00:00Z")}
    both = [user["id"], business["id"]]
    assert list(found.values()) == [both[1:], both[:1], both[:1], [], both, both[:1], both, []]
    assert acme.get("/v1/cardholders?colour=red").status_code == 422
    assert acme.get("/v1/cardholders?status=SUSPENDED").status_code == 422


def test_null_takes_an_optional_fact_away(acme: PartnerClient) -> None:
    shown = acme.cardholder(phone_number="+442079460123", purpose="travel", external_id="user-1", expected_monthly_volume=100)
    taken = dict.fromkeys(("phone_number", "purpose", "external_id", "expected_monthly_volume"))
    shown = done(acme.patch(f"/v1/cardholders/{shown['id']}", taken | {"individual": {"date_of_birth": None}}))
    assert {name: shown[name] for name in taken} == taken
    assert shown["requirements"]["currently_due"] == ["individual.date_of_birth", "kyc_case"]


def test_an_event_carries_the_whole_object_and_its_personal_parts_sealed(acme: PartnerClient) -> None:
    shown = acme.cardholder(metadata={"nickname": "The Countess"})
    event = Event.objects.get(type="cardholder.created")
    assert event.subject_id == parse_id("cardholder", shown["id"])
    personal = personal_parts(event)
    assert personal is not None and event.data | personal == shown
    assert not any(word in str(event.data) for word in ("Ada", "Lovelace", "1990", "ada@", "Countess", "London"))


def test_screened_only_card_users_need_no_case_in_test_mode_and_wait_in_live_mode(acme: PartnerClient) -> None:
    assert acme.live is not None
    Programme.objects.update(card_user_policy="screening_only")
    states = []
    for client in (acme, acme.live):
        business = made(client.post("/v1/cardholders", new_business(client.programme_id)))
        user = made(client.post("/v1/cardholders", new_individual(client.programme_id) | {"business": business["id"]}))
        states.append((business["status"], business["requirements"]["currently_due"], user["status"], user["requirements"]))
    assert states == [
        ("pending", ["kyc_case"], "active", {"currently_due": [], "past_due": [], "disabled_reason": None}),
        ("pending", ["kyc_case"], "pending", {"currently_due": [], "past_due": [], "disabled_reason": "under_review"})]


def test_a_screened_only_card_user_becomes_active_when_the_last_fact_is_told(acme: PartnerClient) -> None:
    Programme.objects.update(card_user_policy="screening_only")
    business = made(acme.post("/v1/cardholders", new_business(acme.programme_id)))
    body = {"programme": acme.programme_id, "type": "individual", "business": business["id"],
            "individual": {"first_name": "Grace", "last_name": "Hopper"}}
    user = made(acme.post("/v1/cardholders", body))
    assert (user["status"], user["requirements"]["currently_due"]) == ("pending", ["individual.date_of_birth"])
    assert done(acme.patch(f"/v1/cardholders/{user['id']}", {"individual": {"date_of_birth": "1986-12-09"}}))["status"] == "active"
