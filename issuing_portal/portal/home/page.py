"""The start page: the panels of each role that the viewer holds, in order and once each, where their verb allows it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from issuing_portal.portal.home import compliance, installation, money, programmes
from issuing_portal.portal.home.panels import Panel, Viewer
from issuing_portal.staff import queries as staff
from issuing_portal.staff.models import Role
from issuing_portal.staff.pages import staff_page
from issuing_portal.staff.roles import EVERYONE


@dataclass(frozen=True)
class Offer:
    """A panel and the verb without which it is not shown."""

    verb: str
    read: Callable[[Viewer], Panel]


CASES = Offer("kyc.read", compliance.open_cases)
SECOND = Offer("kyc.approve", compliance.second_approvals)
FROZEN = Offer("cards.read", compliance.issuer_frozen)
PROPOSALS = Offer("proposals.read", compliance.proposals)
FUNDING = Offer("accounts.read", programmes.funding)
APPROVALS = Offer("authorisations.read", programmes.approvals)
DECLINES = Offer("authorisations.read", programmes.declines)
LOOKUP = Offer("cardholders.read", programmes.lookup)
LATEST = Offer("authorisations.read", programmes.latest_declines)
RENEWALS = Offer("cards.read", programmes.renewals)
SUSPENSE = Offer("accounts.read", money.suspense)
BELOW_ZERO = Offer("accounts.read", money.below_zero)
FLAGGED = Offer("authorisations.read", money.flagged)
STALE = Offer("authorisations.read", money.stale_holds)
TRAIL = Offer("audit.read", installation.trail)
REGISTERS = Offer("audit.read", installation.registers)
KEYS = Offer("api_keys.read", installation.keys_ending)
HALF_WAY = Offer("staff.read", installation.half_way_in)

PAGES: dict[str, tuple[Offer, ...]] = {
    Role.ANALYST: (CASES, FROZEN),
    Role.COMPLIANCE_LEAD: (SECOND, CASES, PROPOSALS, FROZEN),
    Role.MLRO: (FROZEN, PROPOSALS, SECOND, CASES),
    Role.SENIOR_MANAGER: (PROPOSALS, SECOND, FROZEN, APPROVALS),
    Role.PROGRAMME_MANAGER: (FUNDING, APPROVALS, DECLINES, KEYS),
    Role.FULFILMENT_OPERATOR: (RENEWALS,),
    Role.FINANCE: (SUSPENSE, BELOW_ZERO, FLAGGED, STALE, PROPOSALS),
    Role.SUPPORT: (LOOKUP, LATEST),
    Role.AUDITOR: (TRAIL, REGISTERS),
    Role.EXTERNAL_AUDITOR: (TRAIL, REGISTERS),
    Role.ADMINISTRATOR: (KEYS, PROPOSALS, HALF_WAY, TRAIL),
}
"""Role → what its home page opens with (DESIGN §9), of what exists."""


@staff_page(EVERYONE)
def home(request: HttpRequest) -> HttpResponse:
    """What waits for the viewer. Everything leads to a list whose filter is already set."""
    viewer = Viewer(request.user, timezone.now())  # type: ignore[arg-type]
    roles = staff.roles_of(viewer.user)
    offers = dict.fromkeys(offer for role in roles for offer in PAGES[role] if viewer.user.may(offer.verb))
    panels = [offer.read(viewer) for offer in offers]
    return render(
        request,
        "portal/home.html",
        {
            "title": "What waits for you",
            "panels": panels,
            "figures": [panel for panel in panels if panel.figure],
            "roles": ", ".join(str(role.label) for role in roles),
            "charts": any(panel.chart for panel in panels),
        },
    )
