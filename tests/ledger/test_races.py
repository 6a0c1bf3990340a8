"""Money is taken, not checked: what happens when many hands reach at once. Commits are real here."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection, connections, transaction

from issuing_portal.core.actors import Actor
from issuing_portal.ledger import operations, proof
from issuing_portal.ledger.models import Account
from tests.characters import PartnerClient

BY, NOW = Actor.system("stage hand", "command"), datetime(2026, 11, 23, 12, tzinfo=UTC)
HANDS = 20
"""Connections at once; each takes several turns."""


def at_once(turns: int, hand: Callable[[int], None]) -> list[BaseException]:
    """`hand(number)` from HANDS threads, `turns` times each, all starting together; the errors that escaped it."""
    start, errors = threading.Barrier(HANDS), []

    def work(number: int) -> None:
        try:
            start.wait(30)
            for turn in range(turns):
                hand(number * turns + turn)
        except BaseException as error:  # noqa: BLE001 - handed to the test, which fails on it
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(HANDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


def account_with(partner: PartnerClient, amount: int) -> Account:
    account = operations.open_account(programme_id=partner.programme.pk, currency="GBP", by=BY, now=NOW)
    return operations.fund_account(account_id=account.pk, amount=amount, by=BY, now=NOW) if amount else account


@pytest.mark.slow
def test_two_hundred_withdrawals_at_once_take_exactly_what_is_there(committed_db: None, acme: PartnerClient) -> None:
    account, outcomes = account_with(acme, 5_050), []

    def withdraw(number: int) -> None:
        try:
            operations.withdraw(account_id=account.pk, amount=100, by=BY, now=NOW)
            outcomes.append("taken")
        except operations.InsufficientFunds:
            outcomes.append("refused")

    assert at_once(10, withdraw) == []
    account.refresh_from_db()
    assert (outcomes.count("taken"), outcomes.count("refused"), account.posted_minor) == (50, 150, 50)
    assert proof.prove(by=BY, clock=lambda: NOW).findings == []


@pytest.mark.slow
def test_negative_control_read_then_write_does_overdraw(committed_db: None, acme: PartnerClient) -> None:
    """The same crowd with the guard off: everyone looks, waits for the others, and writes. It must go wrong."""
    account, looked = account_with(acme, 100), threading.Barrier(HANDS)

    def withdraw(number: int) -> None:
        with transaction.atomic():
            seen = Account.objects.get(pk=account.pk)
            looked.wait(30)
            if seen.available_minor >= 100:
                with connection.cursor() as cursor:
                    cursor.execute("UPDATE ledger_account SET posted_minor = posted_minor - 100 WHERE id = %s", [account.pk])

    assert at_once(1, withdraw) == []
    account.refresh_from_db()
    assert account.posted_minor == 100 - HANDS * 100


@pytest.mark.slow
def test_opposite_transfers_at_once_meet_no_deadlock_and_lose_nothing(committed_db: None, acme: PartnerClient) -> None:
    one, other = account_with(acme, 10_000), account_with(acme, 10_000)

    def swap(number: int) -> None:
        source, target = (one, other) if number % 2 else (other, one)
        operations.transfer(account_id=source.pk, to_account_id=target.pk, amount=10, by=BY, now=NOW)

    assert at_once(5, swap) == []
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.posted_minor, other.posted_minor) == (10_000, 10_000)
    assert proof.prove(by=BY, clock=lambda: NOW).findings == []


@pytest.mark.slow
def test_the_proof_sees_one_instant_while_bookings_go_on(committed_db: None, acme: PartnerClient) -> None:
    accounts, findings = [account_with(acme, 10_000) for _ in range(4)], []

    def book_or_prove(number: int) -> None:
        if number % 20 < 2:
            findings.extend(proof.prove(by=BY, clock=lambda: NOW).findings)
        else:
            operations.transfer(account_id=accounts[number % 4].pk, to_account_id=accounts[(number + 1) % 4].pk, amount=1, by=BY, now=NOW)

    assert at_once(10, book_or_prove) == []
    assert findings == []


@pytest.mark.slow
def test_funding_at_once_gives_out_no_more_than_was_confirmed(committed_db: None, acme: PartnerClient) -> None:
    assert acme.live is not None
    operations.confirm_funding(programme_id=acme.live.programme.pk, amount=1_000, by=BY, now=NOW)
    accounts, outcomes = [account_with(acme.live, 0) for _ in range(HANDS)], []

    def fund(number: int) -> None:
        try:
            operations.fund_account(account_id=accounts[number % HANDS].pk, amount=60, by=BY, now=NOW)
            outcomes.append("given")
        except operations.InsufficientFunding:
            outcomes.append("refused")

    assert at_once(2, fund) == []
    assert (outcomes.count("given"), outcomes.count("refused")) == (16, 24)
    assert sum(Account.objects.filter(pk__in=[one.pk for one in accounts]).values_list("posted_minor", flat=True)) == 960


@pytest.mark.slow
def test_a_withdrawal_and_a_closure_at_once_never_close_an_account_with_money(committed_db: None, acme: PartnerClient) -> None:
    accounts, outcomes = [account_with(acme, 0) for _ in range(HANDS // 2)], []

    def race(number: int) -> None:
        account = accounts[number // 2]
        try:
            if number % 2:
                operations.close_account(account_id=account.pk, by=BY, now=NOW)
            else:
                operations.fund_account(account_id=account.pk, amount=5, by=BY, now=NOW)
            outcomes.append("done")
        except (operations.AccountClosed, operations.AccountNotEmpty):
            outcomes.append("refused")

    assert at_once(1, race) == []
    assert (outcomes.count("done"), outcomes.count("refused")) == (HANDS // 2, HANDS // 2)
    for account in Account.objects.filter(pk__in=[one.pk for one in accounts]):
        assert (account.status, account.posted_minor) in (("CLOSED", 0), ("OPEN", 5))
