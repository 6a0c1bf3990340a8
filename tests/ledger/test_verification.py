"""verify_ledger: silent over a sound ledger, and for every invariant it names a row that was planted to break it."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from issuing_portal.core.actors import Actor
from issuing_portal.core.ids import new_id
from issuing_portal.events.models import Event
from issuing_portal.ledger import operations, proof, queries, tasks, verification
from issuing_portal.ledger.models import Account
from tests.characters import PartnerClient

BY, NOW = Actor.system("stage hand", "command"), datetime(2026, 11, 23, 12, tzinfo=UTC)
Plant = Callable[[PartnerClient, Account], UUID]


@pytest.fixture
def scene(acme: PartnerClient) -> Iterator[Account]:
    """Two accounts with some history; what a test plants is rolled back before the deferred triggers could see it."""
    with transaction.atomic():
        one, other = (operations.open_account(programme_id=acme.programme.pk, currency="GBP", by=BY, now=NOW) for _ in range(2))
        operations.fund_account(account_id=one.pk, amount=900, by=BY, now=NOW)
        operations.transfer(account_id=one.pk, to_account_id=other.pk, amount=300, by=BY, now=NOW)
        operations.withdraw(account_id=one.pk, amount=300, by=BY, now=NOW)
        operations.fund_account(account_id=one.pk, amount=300, by=BY, now=NOW)
        one.refresh_from_db()
        sql("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        yield one
        transaction.set_rollback(True)


def sql(statement: str, *values: UUID | int | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def entry(acme: PartnerClient) -> UUID:
    made = new_id()
    sql("INSERT INTO ledger_journalentry (id, partner_id, livemode, programme_id, kind, reference, actor, booked_at) "
        "VALUES (%s, %s, false, %s, 'adjustment', '', '{}', now())", made, acme.partner.pk, acme.programme.pk)
    return made


def posting(of: UUID, account: UUID, amount: int, after: int | None = None) -> UUID:
    made = new_id()
    sql("INSERT INTO ledger_posting (id, entry_id, account_id, amount_minor, currency, posted_after_minor) VALUES (%s, %s, %s, %s, 'GBP', %s)",
        made, of, account, amount, after)
    return made


def system(acme: PartnerClient, kind: str) -> UUID:
    return queries.system_account_id(acme.programme.pk, "GBP", kind)


def lopsided(acme: PartnerClient, account: Account) -> UUID:
    planted = entry(acme)
    posting(planted, system(acme, "fees"), 5)
    posting(planted, system(acme, "suspense"), -4)
    return planted


def lopsided_programme(acme: PartnerClient, account: Account) -> UUID:
    lopsided(acme, account)
    return acme.programme.pk


def without_postings(acme: PartnerClient, account: Account) -> UUID:
    return entry(acme)


def orphan(acme: PartnerClient, account: Account) -> UUID:
    return posting(new_id(), system(acme, "fees"), 0)


def on_no_account(acme: PartnerClient, account: Account) -> UUID:
    planted = entry(acme)
    posting(planted, system(acme, "fees"), 5)
    return posting(planted, new_id(), -5)


def wrong_balance(acme: PartnerClient, account: Account) -> UUID:
    sql("UPDATE ledger_account SET posted_minor = posted_minor + 1 WHERE id = %s", account.pk)
    return account.pk


def wrong_step(acme: PartnerClient, account: Account) -> UUID:
    planted = entry(acme)
    posting(planted, system(acme, "fees"), -5)
    sql("UPDATE ledger_account SET posted_minor = posted_minor + 5 WHERE id = %s", account.pk)
    return posting(planted, account.pk, 5, after=account.posted_minor + 6)


def no_step(acme: PartnerClient, account: Account) -> UUID:
    planted = entry(acme)
    posting(planted, system(acme, "fees"), -5)
    return posting(planted, account.pk, 5)


def counted_system_account(acme: PartnerClient, account: Account) -> UUID:
    sql("UPDATE ledger_account SET held_minor = 1 WHERE id = %s", system(acme, "fees"))
    return system(acme, "fees")


def closed_with_money(acme: PartnerClient, account: Account) -> UUID:
    sql("ALTER TABLE ledger_account DROP CONSTRAINT account_closed_is_empty")
    sql("UPDATE ledger_account SET status = 'CLOSED' WHERE id = %s", account.pk)
    return account.pk


def overdrawn_funding(acme: PartnerClient, account: Account) -> UUID:
    sql("UPDATE ledger_account SET posted_minor = -1 WHERE id = %s", system(acme, "programme_funding"))
    return system(acme, "programme_funding")


def missing_system_account(acme: PartnerClient, account: Account) -> UUID:
    sql("DELETE FROM ledger_account WHERE id = %s", system(acme, "disputes"))
    return acme.programme.pk


def other_mode(acme: PartnerClient, account: Account) -> UUID:
    sql("UPDATE ledger_account SET livemode = true WHERE id = %s", account.pk)
    return account.pk


PLANTS: list[tuple[str, Plant]] = [
    ("entry_balances", lopsided), ("entry_has_two_sides", without_postings), ("posting_has_entry", orphan), ("posting_fits_account", on_no_account),
    ("ledger_sums_to_zero", lopsided_programme), ("posted_is_sum", wrong_balance), ("balances_follow", wrong_step), ("balances_follow", no_step),
    ("system_accounts_uncounted", counted_system_account), ("closed_is_empty", closed_with_money), ("funding_not_overdrawn", overdrawn_funding),
    ("system_accounts_complete", missing_system_account), ("owner_is_one", other_mode)]


@pytest.mark.parametrize(("invariant", "plant"), PLANTS)
def test_a_planted_row_is_named(acme: PartnerClient, scene: Account, invariant: str, plant: Plant) -> None:
    assert proof.prove(by=BY, clock=lambda: NOW).findings == []
    planted = plant(acme, scene)
    outcome = proof.prove(by=BY, clock=lambda: NOW)
    assert not outcome.passed
    assert str(planted) in {finding.row_id for finding in outcome.findings if finding.invariant == invariant}, outcome.findings


def test_every_invariant_of_the_ledger_has_its_planted_row() -> None:
    own = {known.name for known in verification.INVARIANTS if not re.search("authorisations_", known.counted + known.broken)}
    assert own == {name for name, _ in PLANTS}


def test_the_command_says_which_row_and_ends_with_one(acme: PartnerClient, scene: Account, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_ledger")
    assert "every invariant holds" in capsys.readouterr().out
    wrong_balance(acme, scene)
    with pytest.raises(SystemExit) as ended:
        call_command("verify_ledger", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (ended.value.code, told["passed"], told["broken"]) == (1, False, 1)
    assert told["findings"] == [{"invariant": "posted_is_sum", "table": "ledger_account", "row_id": str(scene.pk),
                                 "detail": "posted_minor is 601, its postings sum to 600"}]
    with pytest.raises(SystemExit):
        call_command("verify_ledger")
    assert f"ledger_account {scene.pk}" in capsys.readouterr().out


def test_the_nightly_task_leaves_its_outcome_in_the_trail(committed_db: None, acme: PartnerClient) -> None:
    tasks.verify()
    event = Event.objects.get(type="ledger.verified")
    assert (event.staff_only, event.internal["passed"], event.internal["broken"], event.actor["label"]) == (True, True, 0, "verifier")
