"""Every staff route, from the URL list: as each role, as staff of another programme, half-way signed in, and as nobody."""

import pytest
from django.test import Client

from issuing_portal.staff.models import Role
from issuing_portal.staff.roles import EVERYONE, VERBS
from tests.characters import PartnerClient
from tests.people import PASSWORD, person, sign_in, staff_client
from tests.portal.scene import Route, Scene, set_scene, staff_routes

BEFORE_SIGN_IN = {"staff:sign_in", "staff:second_factor", "staff:invitation"}
"""Routes for people who are not signed in yet: they have no verb, and name themselves here."""
OF_NO_PROGRAMME = {"user_id", "grant_id", "token"}
"""Parameters about colleagues: they belong to the installation, not to a programme."""
PANELS = {"cards:of_cardholder", "cards:of_account", "kyc:of_cardholder", "ledger:of_cardholder", "authorisations:of_owner"}
"""Fragments of another thing's page: for a foreign thing they are empty rather than missing."""


@pytest.fixture
def scene(acme: PartnerClient) -> Scene:
    return set_scene(acme)


def guarded() -> list[Route]:
    return [route for route in staff_routes() if route.name not in BEFORE_SIGN_IN]


def test_every_route_has_a_verb_or_is_known_to_stand_before_sign_in() -> None:
    routes = staff_routes()
    assert len(routes) > 60
    assert {route.name for route in routes if not route.verb} == BEFORE_SIGN_IN


def test_each_role_reaches_exactly_the_routes_of_its_verbs(scene: Scene) -> None:
    wrong = []
    for role in Role:
        client = staff_client(role)
        for route in guarded():
            allowed = route.verb == EVERYONE or route.verb in VERBS[role]
            status = client.get(route.address(scene)).status_code
            if (status == 403) == allowed or status >= 500:
                wrong.append((role.value, route.name, route.verb, "GET", status))
            if not allowed and (status := client.post(route.address(scene)).status_code) != 403:
                wrong.append((role.value, route.name, route.verb, "POST", status))
    assert wrong == []


def test_staff_of_another_programme_find_nothing_of_this_one(scene: Scene, globex: PartnerClient) -> None:
    ours = {value for name, value in scene.items() if name not in OF_NO_PROGRAMME | {"change_id"}}
    wrong = []
    for role in Role:
        client = sign_in(Client(), person(role, [globex.programme.pk], email=f"{role}-of-globex@issuing.test"))
        for route in guarded():
            if route.verb != EVERYONE and route.verb not in VERBS[role]:
                continue
            answer = client.get(route.address(scene))
            foreign = bool(set(route.parameters) - OF_NO_PROGRAMME) and route.name not in PANELS
            leaked = sorted(value for value in ours if value in content(answer)) if answer.status_code == 200 else []
            if leaked or (foreign and answer.status_code != 404) or answer.status_code >= 500:
                wrong.append((role.value, route.name, answer.status_code, leaked))
    assert wrong == []


def test_with_a_password_alone_every_route_leads_back_to_the_door(scene: Scene) -> None:
    client = Client()
    ada = person(Role.SENIOR_MANAGER)
    answer = client.post("/staff/sign-in", {"email": ada.email, "password": PASSWORD})
    assert answer.status_code == 302 and answer["Location"].startswith("/staff/sign-in/second-factor")
    assert door_missed(client, scene) == []
    assert client.get("/staff/sign-in/second-factor").status_code == 200


def test_a_stranger_is_sent_to_the_door_by_every_route(scene: Scene) -> None:
    assert door_missed(Client(), scene) == []


def door_missed(client: Client, scene: Scene) -> list[tuple[str, str, int]]:
    """Routes that answered anything but the way to sign-in; fragments say it in a header."""
    missed = []
    for route in guarded():
        for method in ("get", "post"):
            answer = getattr(client, method)(route.address(scene))
            if answer.status_code != 302 or not answer["Location"].startswith("/staff/sign-in"):
                missed.append((route.name, method, answer.status_code))
        answer = client.get(route.address(scene), headers={"HX-Request": "true"})
        if answer.status_code != 401 or not answer["HX-Redirect"].startswith("/staff/sign-in"):
            missed.append((route.name, "fragment", answer.status_code))
    return missed


def content(answer: object) -> str:
    """The page, whole or streamed."""
    return answer.getvalue().decode() if answer.streaming else answer.content.decode()  # type: ignore[attr-defined]
