"""Two hands on one card at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit

from django.db import connections
from django.test import Client

from cards.models import Card, CardTransition, SpendControl, VaultEntry
from tests.cards.conftest import approved
from tests.characters import Answer, PartnerClient, made


def at_once(*acts: Callable[[], Answer]) -> list[Answer]:
    """Run every act in its own thread, all started together."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Answer]) -> Answer:
        barrier.wait(timeout=20)
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def new_card(acme: PartnerClient) -> dict[str, Any]:
    return made(acme.post("/v1/cards", {"cardholder": approved(acme)["id"], "account": acme.account()["id"], "form": "virtual"}))


def test_two_freezes_at_once_are_one_freeze(committed_db: None, acme: PartnerClient):
    card = new_card(acme)
    answers = at_once(*[lambda: acme.post(f"/v1/cards/{card['id']}/freeze", {"reason": "lost"})] * 6)
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    assert CardTransition.objects.filter(to_status="FROZEN").count() == 1


def test_two_replacements_at_once_make_one_card(committed_db: None, acme: PartnerClient):
    card = new_card(acme)
    answers = at_once(*[lambda: acme.post(f"/v1/cards/{card['id']}/replace", {"reason": "damaged"})] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert (Card.objects.count(), VaultEntry.objects.count()) == (2, 2)


def test_versions_of_controls_are_written_one_after_the_other(committed_db: None, acme: PartnerClient):
    card = new_card(acme)
    acts = [lambda n=n: acme.put(f"/v1/cards/{card['id']}/controls", {"limits": [{"interval": "daily", "amount": n}]}) for n in range(4)]
    assert [answer.status_code for answer in at_once(*acts)] == [200] * 4
    assert sorted(SpendControl.objects.values_list("version", flat=True)) == [1, 2, 3, 4]
    assert SpendControl.objects.filter(active_to=None).count() == 1


def test_one_reveal_session_is_seen_by_one_browser(committed_db: None, acme: PartnerClient):
    card = new_card(acme)
    url = made(acme.post(f"/v1/cards/{card['id']}/reveal_sessions", {"fields": ["pan"]}))["url"]
    answers = at_once(*[lambda: Client().get(urlsplit(url).path)] * 4)  # type: ignore[arg-type,return-value]
    assert sorted(answer.status_code for answer in answers) == [200, 410, 410, 410]
