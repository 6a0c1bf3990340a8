"""verify_ledger over holds, clearings and windows: silent after any mix of messages, and it names what was planted."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from authorisations.invariants import INVARIANTS
from authorisations.models import Authorisation, SpendWindow, Transaction
from issuing_portal.core.actors import Actor
from issuing_portal.ledger import proof
from issuing_portal.ledger.models import Account
from tests.characters import PartnerClient
from tests.processor import advise, clear, expire, increment, post, refund, reverse, tap, told

BY, NOW = Actor.system("stage hand", "command"), datetime(2026, 11, 23, 12, tzinfo=UTC)


def findings() -> list[str]:
    return [str(finding) for finding in proof.prove(by=BY, clock=lambda: NOW).findings]


def limited_card(acme: PartnerClient) -> str:
    card = acme.active_card(amount=50_000)
    limits = [{"interval": "daily", "amount": 40_000}, {"interval": "monthly", "count": 200}, {"interval": "per_authorisation", "amount": 5_000}]
    answer = acme.put(f"/v1/cards/{card['id']}/controls", {"limits": limits})
    assert answer.status_code == 200, answer
    return str(card["id"])


@pytest.mark.parametrize("seed", range(3))
def test_any_mix_of_messages_leaves_the_books_whole(acme: PartnerClient, seed: int) -> None:
    dice, cards = random.Random(seed), [limited_card(acme), limited_card(acme)]
    references: list[str] = []
    for _ in range(60):
        act, reference = dice.choice("ttttcccrrfoiiaae"), dice.choice(references or [None])
        amount = dice.choice([None, 1, 700, 3_000])
        if act == "t" or reference is None:
            references.append(f"{seed}-{len(references)}")
            tap(acme, dice.choice(cards), dice.randint(1, 6_000), network_reference=references[-1])
        elif act == "c":
            clear(acme, reference, amount, final=dice.random() < 0.5)
        elif act == "r":
            reverse(acme, reference, amount)
        elif act == "i":
            increment(acme, reference, amount or 50)
        elif act == "a":
            advise(acme, dice.choice([reference, None]), amount or 50, card=dice.choice(cards), decision=dice.choice(["approved", "approved", "declined"]))
        elif act == "e":
            expire(acme, reference, amount)
        elif act == "f":
            refund(acme, reference, amount)
        else:
            post(acme, "clearings", told(acme, None, 250, card=dice.choice(cards)))
    assert findings() == []
    assert Transaction.objects.exists() and SpendWindow.objects.exists()


@pytest.fixture
def scene(acme: PartnerClient) -> Iterator[Account]:
    """One card with a hold and a partial clearing; what is planted is rolled back."""
    with transaction.atomic():
        card = limited_card(acme)
        tap(acme, card, 2_000, network_reference="one")
        clear(acme, "one", 500, final=False)
        yield Account.objects.get(held_minor=1_500)
        transaction.set_rollback(True)


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def wrong_hold(account: Account) -> object:
    sql("UPDATE ledger_account SET held_minor = held_minor + 1 WHERE held_minor > 0")
    return account.pk


def hold_of_a_cleared_one(account: Account) -> object:
    sql("ALTER TABLE authorisations_authorisation DROP CONSTRAINT authorisation_hold_only_open")
    sql("UPDATE authorisations_authorisation SET status = 'CLEARED'")
    return Authorisation.objects.get().pk


def wrong_cleared(account: Account) -> object:
    sql("UPDATE authorisations_authorisation SET cleared_minor = 501")
    return Authorisation.objects.get().pk


def unbooked(account: Account) -> object:
    sql("INSERT INTO authorisations_transaction SELECT (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(), 'amount_minor', 7))).* "
        "FROM authorisations_transaction t")
    return Transaction.objects.get(amount_minor=7).pk


def clearing_of_nothing(account: Account) -> object:
    sql("INSERT INTO ledger_journalentry SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid(), 'reference', 'planted'))).* "
        "FROM ledger_journalentry e WHERE kind = 'clearing'")
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM ledger_journalentry WHERE reference = 'planted'")
        return cursor.fetchone()[0]


def wrong_window(account: Account) -> object:
    sql("UPDATE authorisations_spendwindow SET spent_minor = spent_minor + 1 WHERE id = (SELECT min(id) FROM authorisations_spendwindow)")
    return SpendWindow.objects.order_by("id").values_list("id", flat=True)[0]


PLANTS: list[tuple[str, Callable[[Account], object]]] = [
    ("held_is_sum", wrong_hold), ("holds_are_open", hold_of_a_cleared_one), ("cleared_is_sum", wrong_cleared), ("transaction_is_booked", unbooked),
    ("clearing_has_transaction", clearing_of_nothing), ("window_is_sum", wrong_window)]


@pytest.mark.parametrize(("invariant", "plant"), PLANTS)
def test_a_planted_row_is_named(scene: Account, invariant: str, plant: Callable[[Account], object]) -> None:
    assert findings() == []
    planted = plant(scene)
    assert any(line.startswith(f"{invariant}: ") and f" {planted}: " in line for line in findings()), findings()


def test_every_invariant_of_authorisations_has_its_planted_row() -> None:
    assert {one.name for one in INVARIANTS} == {name for name, _ in PLANTS}
