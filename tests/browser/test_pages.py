"""Every page of the portal, from the URL list, light at 1280 and dark at 768: axe finds nothing, the console is silent, nothing overflows.

Contrast depends on the theme and layout on the width, so the two looks see what all four would, in half the time.
"""

from typing import Any

import pytest

from issuing_portal.staff.models import Role
from issuing_portal.staff.roles import EVERYONE, VERBS
from tests.characters import PartnerClient
from tests.people import person
from tests.portal.scene import Route, Scene, set_scene, staff_routes

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

BY_POST_ALONE = {"staff:sign_out", "staff:end_sessions", "staff:invite_again"}
NO_PAGE = {"portal:alive"}
FRAGMENTS = {"kyc:of_cardholder", "ledger:of_cardholder", "authorisations:of_owner"}
"""Parts of other pages: they are looked at where they are shown."""
READERS = (Role.PROGRAMME_MANAGER, Role.COMPLIANCE_LEAD, Role.FINANCE, Role.ADMINISTRATOR, Role.AUDITOR, Role.SENIOR_MANAGER, Role.SUPPORT)
LOOKS = (("light", 1280), ("dark", 768))
AUDIT = """() => axe.run({resultTypes: ["violations"]}).then(
    (told) => told.violations.flatMap((one) => one.nodes.slice(0, 3).map((node) => `${one.id}: ${node.html.slice(0, 160)}`)))"""
OVERFLOWS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def reader_of(route: Route) -> Role:
    """Somebody who may open it."""
    return next(role for role in READERS if route.verb in (EVERYONE, "") or route.verb in VERBS[role])


@pytest.fixture
def scene(acme: PartnerClient) -> Scene:
    return set_scene(acme)


def test_every_page_is_sound_in_both_themes_and_widths(window: Any, scene: Scene) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe: axe-playwright-python is not installed").Axe().axe_script
    routes = [route for route in staff_routes() if route.name not in BY_POST_ALONE | NO_PAGE | FRAGMENTS and route.verb]
    addresses = [(f"home of {role}", "/", role) for role in Role]
    addresses += [(route.name, route.address(scene), reader_of(route)) for route in routes]
    others = ("/staff/sign-in", "/staff/invitations/none", "/docs/", "/nowhere", "/search?q=lovelace", "/search?refused=number")
    addresses += [(path, path, Role.AUDITOR) for path in others]
    desks = {role: window(user=person(role)) for role in Role}
    faults = [f"{name}: {fault}" for name, path, role in addresses for fault in faults_of(desks[role], path, axe)]
    assert not faults, "\n".join(faults)


def faults_of(desk: Any, path: str, axe: str) -> list[str]:
    """What is wrong with one page."""
    desk.complaints.clear()
    status = desk.open(path)
    if 400 <= status < 500:  # an act that the thing's state does not offer: its refusal is a page as well, looked at all the same
        desk.complaints[:] = [text for text in desk.complaints if str(status) not in text]
    found = [f"status {status}"] if status >= 500 or status == 403 else []
    desk.page.evaluate(axe)
    for theme, width in LOOKS:
        desk.page.set_viewport_size({"width": width, "height": 800})
        desk.page.evaluate("theme => { if (document.documentElement.dataset.bsTheme !== theme) { window.portalTheme.toggle(); } }", theme)
        found += [f"wider than {width} px"] if desk.page.evaluate(OVERFLOWS) else []
        found += [f"{theme}, {width}: {violation}" for violation in desk.page.evaluate(AUDIT)]
    return found + [f"console: {text}" for text in desk.complaints]
