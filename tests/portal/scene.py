"""One of everything that a page of the portal can be about, and the addresses of all its pages from the URL list.

    scene = set_scene(acme)
    for route in staff_routes():
        client.get(route.address(scene))

A route whose parameter the scene does not know raises KeyError: a new noun wants its object here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from issuing_portal.audit.models import Change
from issuing_portal.core.ids import parse_id
from issuing_portal.events.models import Event
from issuing_portal.ledger import operations as ledger
from issuing_portal.ledger.models import JournalEntry
from issuing_portal.partners.models import ApiKey
from issuing_portal.staff.models import Role
from tests.characters import PartnerClient, done, made
from tests.people import by, person

Scene = dict[str, str]
OUTSIDE_THE_PORTAL = re.compile(r"^/(v1|admin|docs|reveal|healthz|readyz|metrics|static|onboarding|processor|\^)")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """One address of the portal: its name, its pattern, the verb that opens it ("" where no guard stands)."""

    name: str
    pattern: str
    verb: str

    @property
    def parameters(self) -> list[str]:
        """What the address is about."""
        return PARAMETER.findall(self.pattern)

    def address(self, scene: Scene) -> str:
        """The address with the scene's objects."""
        return PARAMETER.sub(lambda found: scene[found.group(1)], self.pattern)


def staff_routes() -> list[Route]:
    """Every address of the portal, from the URL list itself."""
    return [route for route in _walk(get_resolver()) if not OUTSIDE_THE_PORTAL.match(route.pattern)]


def _walk(resolver: URLResolver, before: str = "/", spaces: tuple[str, ...] = ()) -> Iterator[Route]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from _walk(one, before + str(one.pattern), (*spaces, one.namespace) if one.namespace else spaces)
        elif isinstance(one, URLPattern):
            yield Route(":".join((*spaces, one.name or "")), before + str(one.pattern), getattr(one.callback, "verb", ""))


def set_scene(who: PartnerClient) -> Scene:
    """One object of each noun, all of one programme, made through the front door."""
    cardholder = who.approved_cardholder()
    account = who.funded_account(50_000, cardholder=cardholder["id"])
    card = who.active_card(cardholder=cardholder["id"], account=account["id"])
    tapped = who.tap(card["id"], 1_250)["authorisation"]
    done_or_made(who.post(f"/v1/sandbox/authorisations/{tapped['id']}/clear", {}))
    held = who.tap(card["id"], 700)["authorisation"]
    who.tap(card["id"], 9_000_000)
    waiting = who.cardholder(individual={"first_name": "Grace", "last_name": "Hopper", "date_of_birth": "1986-12-09", "nationalities": ["US"]})
    case = made(who.post("/v1/kyc_cases", {"cardholder": waiting["id"]}))
    done(who.post(f"/v1/kyc_cases/{case['id']}/submit", {}))
    transaction = done(who.get("/v1/transactions"))["data"][0]
    maker = person(Role.FINANCE, email="maker@issuing.test", name="Max Maker")
    key = parse_id("account", account["id"])
    assert key
    proposal = ledger.propose_funding(account_id=key, amount=500, reference="top-up", reason="asked by the partner", by=by(maker), now=timezone.now())
    return {
        "card_id": card["id"], "account_id": account["id"], "cardholder_id": cardholder["id"], "noun_id": card["id"], "case_id": case["id"],
        "authorisation_id": held["id"], "transaction_id": transaction["id"], "programme_id": who.programme_id, "partner_id": who.partner.public_id,
        "connection_id": who.connection, "key_id": ApiKey.objects.filter(partner=who.partner, livemode=False).latest("id").public_id,
        "entry_id": JournalEntry.objects.filter(programme_id=who.programme.pk, livemode=False).latest("id").public_id,
        "event_id": Event.objects.filter(programme_id=who.programme.pk, type="card.issued").latest("id").public_id,
        "change_id": str(Change.objects.filter(table_name="cards_card").latest("id").pk),
        "user_id": maker.public_id, "grant_id": maker.grants.get().public_id, "proposal_id": proposal.public_id, "token": "no-such-invitation",
    }


def done_or_made(answer: Any) -> None:
    """A sandbox verb went well."""
    assert answer.status_code in (200, 201), answer
