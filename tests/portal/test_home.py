"""The start page: each role opens with its own work, limited to its programmes, in a bounded number of queries."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from authorisations.models import Authorisation
from issuing_portal.portal.home.page import PAGES
from issuing_portal.portal.home.panels import Viewer
from issuing_portal.staff.models import Grant, Role, User
from tests.characters import PartnerClient
from tests.people import person, roleless, sign_in, staff_client

MOST_QUERIES = 12


def shown(client: Client, path: str = "/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (answer.status_code, answer.content[:500])
    return answer.content.decode()


def panels(page: str) -> list[str]:
    return re.findall(r'<section class="card panel" id="([a-z-]+)"', page)


OPENS_WITH = {
    Role.ANALYST: ["open_cases", "issuer_frozen"],
    Role.COMPLIANCE_LEAD: ["second_approvals", "open_cases", "proposals", "issuer_frozen"],
    Role.MLRO: ["issuer_frozen", "proposals", "second_approvals", "open_cases"],
    Role.SENIOR_MANAGER: ["proposals", "second_approvals", "issuer_frozen", "approvals"],
    Role.PROGRAMME_MANAGER: ["funding", "approvals", "declines", "keys_ending"],
    Role.FULFILMENT_OPERATOR: ["renewals"],
    Role.FINANCE: ["suspense", "below_zero", "flagged", "stale_holds", "proposals"],
    Role.SUPPORT: ["lookup", "latest_declines"],
    Role.AUDITOR: ["trail", "registers"],
    Role.EXTERNAL_AUDITOR: ["trail", "registers"],
    Role.ADMINISTRATOR: ["keys_ending", "proposals", "half_way_in", "trail"],
}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_with_its_own_work_empty_or_not(role: Role, db: None) -> None:
    assert [offer.read.__name__ for offer in PAGES[role]] == OPENS_WITH[role]
    page = shown(staff_client(role))
    assert len(panels(page)) == len(PAGES[role]), "a role lacks the verb of one of its own panels"


def test_without_a_role_the_page_says_who_helps(db: None) -> None:
    page = shown(sign_in(Client(), roleless()))
    assert panels(page) == [] and "An administrator gives you one" in page


def test_several_roles_get_the_panels_of_all_once_each(db: None) -> None:
    user = person(Role.FINANCE)
    Grant.objects.create(user=user, role=Role.MLRO, created_at=timezone.now(), updated_at=timezone.now())
    found = panels(shown(sign_in(Client(), user)))
    assert len(found) == len(set(found)) == len({offer for role in (Role.MLRO, Role.FINANCE) for offer in PAGES[role]})


@pytest.mark.parametrize("role", list(Role))
def test_the_panels_of_a_page_take_a_dozen_queries_at_most(role: Role, acme: PartnerClient) -> None:
    for _ in range(2):
        card = acme.active_card()
        acme.tap(card["id"], 1_000_000)
        acme.tap(card["id"], 1_000)
    user = User.objects.get(pk=person(role).pk)
    viewer = Viewer(user, timezone.now())
    with CaptureQueriesContext(connection) as seen:
        for offer in PAGES[role]:
            offer.read(viewer)
    assert len(seen) <= MOST_QUERIES, [query["sql"][:120] for query in seen]


def test_declines_are_counted_charted_and_lead_to_their_rows(acme: PartnerClient) -> None:
    card = acme.active_card(amount=5_000)
    acme.tap(card["id"], 6_000)
    acme.tap(card["id"], 1_000)
    page = shown(staff_client(Role.PROGRAMME_MANAGER, [acme.programme.pk]))
    assert "50.0 %" in page and "top-declines" in page and "no tap the week before" in page
    href = re.search(r'<a href="(/authorisations/\?status=DECLINED[^"]*reason=insufficient_funds[^"]*)"', page)
    assert href
    client = staff_client(Role.PROGRAMME_MANAGER, [acme.programme.pk])
    assert "<strong>1</strong> row" in shown(client, href[1].replace("&amp;", "&"))


def test_another_programmes_figures_are_not_counted(acme: PartnerClient, globex: PartnerClient) -> None:
    card = acme.active_card(amount=5_000)
    acme.tap(card["id"], 6_000)
    page = shown(staff_client(Role.PROGRAMME_MANAGER, [globex.programme.pk]))
    assert "No decline in seven days" in page and "No taps in two weeks" in page and acme.programme.name not in page
    assert globex.programme.name in page


def test_cases_wait_oldest_first_and_only_ones_own(acme: PartnerClient, globex: PartnerClient) -> None:
    first = acme.cardholder(individual=_named("Olga", "Older"))
    second = acme.cardholder(individual=_named("Yuri", "Younger"))
    for cardholder in (first, second):
        case = acme.post("/v1/kyc_cases", {"cardholder": cardholder["id"]}).json()
        acme.post(f"/v1/kyc_cases/{case['id']}/submit", {})
    page = shown(staff_client(Role.ANALYST, [acme.programme.pk]))
    assert 0 < page.index("Olga Older") < page.index("Yuri Younger")
    rival = person(Role.ANALYST, [globex.programme.pk], email="rival@issuing.test")
    assert "Olga" not in shown(sign_in(Client(), rival))


def test_a_hold_past_its_day_is_finances_business(acme: PartnerClient) -> None:
    card = acme.active_card()
    tapped = acme.tap(card["id"], 1_000)["authorisation"]
    Authorisation.objects.update(hold_expires_at=timezone.now() - timedelta(days=1))
    client = staff_client(Role.FINANCE, [acme.programme.pk])
    page = shown(client)
    assert tapped["id"] in page and "should have ended" in page
    assert "<strong>1</strong> row" in shown(client, "/authorisations/?hold=overdue")


def test_an_auditor_reads_the_state_of_the_trail(acme: PartnerClient) -> None:
    page = shown(staff_client(Role.AUDITOR))
    assert "Never verified" in page and "Waiting for a seal" in page and 'href="/audit/changes"' in page


def test_administrators_see_who_cannot_sign_in_yet(db: None) -> None:
    person(Role.SUPPORT, email="late@issuing.test", name="Lara Late")
    User.objects.filter(email="late@issuing.test").update(enrolled_at=None)
    page = shown(staff_client(Role.ADMINISTRATOR))
    assert "Lara Late" in page


def _named(first: str, last: str) -> dict[str, object]:
    return {"first_name": first, "last_name": last, "date_of_birth": "1990-12-10", "nationalities": ["GB"]}
