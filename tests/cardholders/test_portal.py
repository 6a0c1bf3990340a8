"""Staff pages of cardholders and cases: who sees what of whom, and acts with a reason."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from cardholders.models import Cardholder
from issuing_portal.core.ids import parse_id
from issuing_portal.events.models import Event
from issuing_portal.staff.models import Role
from tests.cardholders.test_registration import new_business
from tests.cardholders.test_standing import approved
from tests.characters import PartnerClient, made
from tests.people import staff_client

FULL = {"code": "fraud_suspicion", "reason": "Forty taps in one minute"}


def uuid_of(shown: dict[str, Any]) -> UUID:
    found = parse_id("cardholder", shown["id"])
    assert found is not None
    return found


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code, answer.content[:2000])
    return answer.content.decode()


def test_a_cardholder_is_found_by_name_email_reference_and_id(acme: PartnerClient) -> None:
    ada = acme.cardholder(external_id="user-77")
    bob = acme.cardholder(email="bob@example.org", individual={"first_name": "Bob", "last_name": "Babbage"})
    client = staff_client(Role.SUPPORT)
    assert 'id="list-search"' in page(client, "/cardholders/"), "there is a box to search in"
    for query, hit, miss in (("ada love", ada, bob), ("bob@example.org", bob, ada), ("user-77", ada, bob), (bob["id"], bob, ada)):
        shown = page(client, f"/cardholders/?q={query}")
        assert hit["id"] in shown and miss["id"] not in shown, query
    assert bob["id"] in page(client, "/cardholders/?status=PENDING&type=individual&mode=test")
    assert bob["id"] not in page(client, "/cardholders/?mode=live")


def test_support_sees_no_more_than_it_needs_to_recognise(acme: PartnerClient) -> None:
    shown = acme.cardholder(phone_number="+442079460123")
    secret = ["ada@example.com", "+442079460123", "10 Dec 1990", "St James", "SW1Y"]
    masked, plain = (page(staff_client(role), f"/cardholders/{shown['id']}") for role in (Role.SUPPORT, Role.ANALYST))
    assert [text for text in secret if text in masked] == []
    assert "a…@example.com" in masked and "…123" in masked and "Ada Lovelace" in masked
    assert [text for text in secret if text not in plain] == []
    answer = staff_client(Role.SUPPORT).get("/cardholders/?format=csv")
    assert answer["Content-Type"].startswith("text/html") and "Export CSV" not in answer.content.decode(), "support takes no list out of the house"


def test_an_export_leaves_a_trace(acme: PartnerClient) -> None:
    shown = acme.cardholder()
    answer = staff_client(Role.ANALYST).get("/cardholders/?format=csv")
    body = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert shown["id"] in body
    assert Event.objects.get(type="export.made").internal["list"] == "cardholders"


def test_staff_of_another_programme_find_nobody(acme: PartnerClient, globex: PartnerClient) -> None:
    shown = approved(acme)
    client = staff_client(Role.COMPLIANCE_LEAD, [globex.programme.pk])
    assert shown["id"] not in page(client, "/cardholders/")
    for path in ("", "/suspend", "/restrict", "/reactivate", "/close"):
        assert client.get(f"/cardholders/{shown['id']}{path}").status_code == 404
        if path:
            assert client.post(f"/cardholders/{shown['id']}{path}", FULL).status_code == 404
    assert "Nothing matches" in page(client, f"/kyc/?q={shown['id']}")
    assert Cardholder.objects.get(pk=uuid_of(shown)).status == "ACTIVE"


def test_a_lead_suspends_with_a_reason_and_lifts_it(acme: PartnerClient) -> None:
    business = made(acme.post("/v1/cardholders", new_business(acme.programme_id)))
    acme.cardholder(business=business["id"])
    client = staff_client(Role.COMPLIANCE_LEAD)
    place = f"/cardholders/{business['id']}"
    assert "All cards of 1 business and of its 1 card user will be declined" in page(client, f"{place}/suspend")
    assert client.post(f"{place}/suspend", {"code": "", "reason": "x"}).status_code == 422
    assert client.post(f"{place}/suspend", FULL).status_code == 302
    row = Cardholder.objects.get(pk=uuid_of(business))
    assert (row.status, row.suspended_by, row.status_reason) == ("SUSPENDED", "issuer", "fraud_suspicion")
    shown = page(client, place)
    assert "Forty taps in one minute" in shown and "Suspicion of fraud" in shown and "Reactivate" in shown
    manager = staff_client(Role.PROGRAMME_MANAGER)
    assert "reactivate" not in page(manager, place)
    refused = manager.post(f"{place}/reactivate", {"reason": "They called us"})
    assert refused.status_code == 422 and b"only the same or a higher hand lifts it" in refused.content
    assert client.post(f"{place}/reactivate", {"reason": "All explained"}).status_code == 302
    assert Cardholder.objects.get(pk=uuid_of(business)).status == "PENDING"


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ANALYST, Role.AUDITOR, Role.FINANCE])
def test_roles_without_the_verb_are_offered_nothing_and_change_nothing(acme: PartnerClient, role: Role) -> None:
    shown = approved(acme)
    client = staff_client(role)
    text = page(client, f"/cardholders/{shown['id']}")
    for verb in ("suspend", "restrict", "reactivate", "close"):
        assert f"{shown['id']}/{verb}" not in text
        assert client.post(f"/cardholders/{shown['id']}/{verb}", FULL).status_code == 403
    assert Cardholder.objects.get(pk=uuid_of(shown)).status == "ACTIVE"


def test_buttons_follow_the_table_of_states(acme: PartnerClient) -> None:
    client, offered = staff_client(Role.COMPLIANCE_LEAD), {}
    shown = approved(acme)
    for status in ("PENDING", "ACTIVE", "RESTRICTED", "SUSPENDED", "CLOSED"):
        Cardholder.objects.filter(pk=uuid_of(shown)).update(status=status, suspended_by="partner", restricted_by="programme")
        text = page(client, f"/cardholders/{shown['id']}")
        offered[status] = [verb for verb in ("suspend", "restrict", "reactivate", "close") if f"{shown['id']}/{verb}" in text]
    assert offered == {"PENDING": ["suspend", "close"], "ACTIVE": ["suspend", "restrict", "close"], "RESTRICTED": ["suspend", "reactivate", "close"],
                       "SUSPENDED": ["suspend", "reactivate", "close"], "CLOSED": []}


def test_cases_are_read_in_list_detail_and_panel(acme: PartnerClient) -> None:
    cardholder = acme.cardholder()
    case = made(acme.post("/v1/kyc_cases", {"cardholder": cardholder["id"]}))
    client = staff_client(Role.ANALYST)
    for path in (f"/kyc/?q={cardholder['id']}", "/kyc/?q=lovelace", f"/kyc/{case['id']}", f"/kyc/of/{cardholder['id']}"):
        assert case["id"] in page(client, path), path
    text = page(client, f"/cardholders/{cardholder['id']}")
    for panel in ("kyc", "cards", "accounts", "authorisations"):
        assert f'hx-get="/{panel}/of/{cardholder["id"]}"' in text
        page(client, f"/{panel}/of/{cardholder['id']}")
    assert staff_client(Role.SUPPORT).get(f"/kyc/{case['id']}").status_code == 403


def test_what_partners_wrote_is_text_and_nothing_else(acme: PartnerClient) -> None:
    evil = "<img src=x>"
    shown = acme.cardholder(individual={"first_name": evil, "last_name": "X"}, purpose=evil, external_id="<b>1</b>")
    client = staff_client(Role.ANALYST)
    assert evil not in page(client, f"/cardholders/{shown['id']}") + page(client, "/cardholders/")
