"""Many taps at once, on real commits: nothing is overspent, nothing is held twice; and the race is seen without its guard."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

from authorisations.models import Authorisation, SpendWindow
from authorisations.operations import taps
from cards.models import Card
from issuing_portal.core.ids import parse_id
from issuing_portal.core.numbered import Statement
from issuing_portal.ledger.models import Account
from tests.characters import PartnerClient, done
from tests.processor import post, tap, tap_body, understood

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HANDS = 200
RUNS = 20
GUARD = "AND posted_minor - held_minor + credit_limit_minor >= %(hold)s::int8"


class Crowd:
    """HANDS threads, each with a database connection of its own that is opened before the start."""

    def __init__(self, hands: int = HANDS) -> None:
        self.hands, self.pool = hands, ThreadPoolExecutor(hands)

    def at_once(self, act: Callable[[int], Any]) -> list[Any]:
        start = threading.Barrier(self.hands)

        def work(number: int) -> Any:
            connection.ensure_connection()
            start.wait(60)
            return act(number)

        return [future.result(120) for future in [self.pool.submit(work, number) for number in range(self.hands)]]

    def go_home(self) -> None:
        start = threading.Barrier(self.hands)

        def leave(_: int) -> None:
            start.wait(60)
            connections.close_all()

        list(self.pool.map(leave, range(self.hands)))
        self.pool.shutdown()


@pytest.fixture
def crowd() -> Any:
    found = Crowd()
    yield found
    found.go_home()


def fresh_account(acme: PartnerClient, cardholder: str, amount: int) -> dict[str, Any]:
    return acme.active_card(cardholder=cardholder, amount=amount)


def taps_at_once(acme: PartnerClient, crowd: Crowd, card: str, amount: int) -> Counter[str]:
    return Counter(answer["reason"] for answer in crowd.at_once(lambda _: tap(acme, card, amount)))


def test_200_taps_on_funds_for_ten_approve_exactly_ten_every_time(committed_db: None, acme: PartnerClient, crowd: Crowd) -> None:
    cardholder = acme.approved_cardholder()["id"]
    for _ in range(RUNS):
        card = fresh_account(acme, cardholder, 10_000)
        reasons = taps_at_once(acme, crowd, card["id"], 1_000)
        assert reasons == {"approved": 10, "insufficient_funds": HANDS - 10}
        account = Account.objects.get(pk=parse_id("account", card["account"]))
        held = sum(Authorisation.objects.filter(account=account).values_list("held_minor", flat=True))
        assert (account.held_minor, account.available_minor, held) == (10_000, 0, 10_000)


def test_without_the_guard_the_same_crowd_overspends(committed_db: None, acme: PartnerClient, crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    assert GUARD in taps.TAKE_AND_RECORD
    monkeypatch.setattr(taps, "TAKE_AND_RECORD", Statement(taps.TAKE_AND_RECORD.replace(GUARD, "")))
    cardholder = acme.approved_cardholder()["id"]
    approved = [taps_at_once(acme, crowd, fresh_account(acme, cardholder, 10_000)["id"], 1_000)["approved"] for _ in range(3)]
    assert max(approved) > 10, approved


def test_the_same_reference_fifty_times_at_once_is_one_hold_and_fifty_equal_answers(committed_db: None, acme: PartnerClient) -> None:
    crowd = Crowd(50)
    card = acme.active_card(amount=10_000)
    body = tap_body(acme, card["id"], 1_000)
    answers = crowd.at_once(lambda _: understood(post(acme, "authorisations", body)))
    crowd.go_home()
    assert len(answers) == 50 and all(answer == answers[0] for answer in answers)
    assert answers[0]["decision"] == "approved"
    assert done(acme.get(f"/v1/accounts/{card['account']}"))["balance"]["held"] == 1_000


def test_a_limit_is_taken_not_checked(committed_db: None, acme: PartnerClient, crowd: Crowd) -> None:
    card = acme.active_card(amount=1_000_000)
    done(acme.put(f"/v1/cards/{card['id']}/controls", {"limits": [{"interval": "daily", "amount": 5_000}, {"interval": "monthly", "count": 30}]}))
    reasons = taps_at_once(acme, crowd, card["id"], 1_000)
    assert reasons == {"approved": 5, "limit_exceeded": HANDS - 5}
    windows = SpendWindow.objects.filter(owner_id=Card.objects.get(pk=parse_id("card", card["id"])).windows_id)
    assert {(window.limit_key, window.spent_minor, window.count) for window in windows} == {("daily", 5_000, 5), ("monthly", 5_000, 5)}


def test_no_tap_is_approved_once_a_freeze_has_committed(committed_db: None, acme: PartnerClient) -> None:
    crowd = Crowd(24)
    cardholder = acme.approved_cardholder()["id"]
    for _ in range(10):
        card = fresh_account(acme, cardholder, 1_000_000)
        frozen = threading.Event()

        def act(number: int, card: dict[str, Any] = card, frozen: threading.Event = frozen) -> bool:
            if number == 0:
                done(acme.post(f"/v1/cards/{card['id']}/freeze", {"reason": "cardholder_request"}))
                frozen.set()
                return True
            after = frozen.is_set()
            answer = tap(acme, card["id"], 1)
            return not (after and answer["decision"] == "approved")

        assert all(crowd.at_once(act))
        assert tap(acme, card["id"], 1)["reason"] == "card_frozen"
    crowd.go_home()
