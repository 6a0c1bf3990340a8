"""book(): balanced, append-only, and judged by the database."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, NotSupportedError, connection, transaction

from issuing_portal.core.actors import Actor
from issuing_portal.core.ids import new_id
from issuing_portal.core.money import CurrencyMismatch
from issuing_portal.ledger import operations, queries
from issuing_portal.ledger.models import Account, AccountStatus, EntryKind, JournalEntry, Posting
from issuing_portal.ledger.operations import Leg
from tests.characters import PartnerClient

BY, NOW = Actor.system("stage hand", "command"), datetime(2026, 11, 23, 12, tzinfo=UTC)


def account_with(partner: PartnerClient, amount: int) -> Account:
    account = operations.open_account(programme_id=partner.programme.pk, currency="GBP", by=BY, now=NOW)
    return operations.fund_account(account_id=account.pk, amount=amount, by=BY, now=NOW) if amount else account


def clear(partner: PartnerClient, account: Account, amount: int, *, release: int = 0, may_overdraw: bool = True) -> JournalEntry:
    settlement = queries.system_account_id(partner.programme.pk, "GBP", "scheme_settlement")
    return operations.book(kind=EntryKind.CLEARING, programme=partner.programme, source_id=new_id(), by=BY, now=NOW, legs=[
        Leg(settlement, amount), Leg(account.pk, -amount, release_hold_minor=release, may_overdraw=may_overdraw)])


def test_a_clearing_releases_its_hold_and_moves_the_balance_in_one_step(acme: PartnerClient) -> None:
    account = account_with(acme, 10_000)
    operations.take_hold(account_id=account.pk, amount_minor=4_000, by=BY, now=NOW)
    entry = clear(acme, account, 3_500, release=4_000)
    account.refresh_from_db()
    assert (account.posted_minor, account.held_minor, account.available_minor) == (6_500, 0, 6_500)
    assert sorted((one.amount_minor, one.posted_after_minor) for one in entry.postings.all()) == [(-3_500, 6_500), (3_500, None)]


def test_the_networks_money_may_overdraw_whatever_the_state_short_of_closed(acme: PartnerClient) -> None:
    account = account_with(acme, 100)
    operations.block_account(account_id=account.pk, reason="hit", by=BY, now=NOW)
    clear(acme, account, 250)
    account.refresh_from_db()
    assert (account.posted_minor, account.status) == (-150, AccountStatus.BLOCKED)
    empty = operations.close_account(account_id=account_with(acme, 0).pk, by=BY, now=NOW)
    with pytest.raises(operations.AccountClosed):
        clear(acme, empty, 250)


def test_a_guarded_debit_never_takes_available_below_zero(acme: PartnerClient) -> None:
    account = account_with(acme, 100)
    with pytest.raises(operations.InsufficientFunds):
        clear(acme, account, 101, may_overdraw=False)
    Account.objects.filter(pk=account.pk).update(credit_limit_minor=1)
    clear(acme, account, 101, may_overdraw=False)
    account.refresh_from_db()
    assert (account.posted_minor, account.available_minor) == (-1, 0)


def test_a_hold_is_taken_only_where_it_fits_and_released_only_where_it_is(acme: PartnerClient) -> None:
    account = account_with(acme, 100)
    with pytest.raises(operations.InsufficientFunds):
        operations.take_hold(account_id=account.pk, amount_minor=101, by=BY, now=NOW)
    operations.take_hold(account_id=account.pk, amount_minor=101, may_overdraw=True, by=BY, now=NOW)
    with pytest.raises(operations.HoldMissing):
        operations.release_hold(account_id=account.pk, amount_minor=102, by=BY, now=NOW)
    with pytest.raises(operations.HoldMissing):
        clear(acme, account, 5, release=102)
    operations.release_hold(account_id=account.pk, amount_minor=101, by=BY, now=NOW)
    account.refresh_from_db()
    assert (account.posted_minor, account.held_minor) == (100, 0)


def test_a_refused_booking_leaves_nothing_behind(acme: PartnerClient) -> None:
    poor, rich = account_with(acme, 10), account_with(acme, 1_000)
    before = JournalEntry.objects.count(), Posting.objects.count()
    with pytest.raises(operations.InsufficientFunds):
        operations.transfer(account_id=poor.pk, to_account_id=rich.pk, amount=11, by=BY, now=NOW)
    assert (JournalEntry.objects.count(), Posting.objects.count()) == before
    rich.refresh_from_db()
    assert rich.posted_minor == 1_000


def test_legs_must_balance_and_belong_together(acme: PartnerClient, globex: PartnerClient) -> None:
    account, foreign = account_with(acme, 100), account_with(globex, 0)
    for legs in ([Leg(account.pk, -5)], [Leg(account.pk, -5), Leg(account.pk, 4)], [Leg(account.pk, 0), Leg(account.pk, 0)]):
        with pytest.raises(ValueError):
            operations.book(kind=EntryKind.ADJUSTMENT, programme=acme.programme, legs=legs, by=BY, now=NOW)
    with pytest.raises(operations.accounts.DomainError):
        operations.book(kind=EntryKind.ADJUSTMENT, programme=acme.programme, legs=[Leg(account.pk, -5), Leg(foreign.pk, 5)], by=BY, now=NOW)
    euro = Account.objects.create(partner=acme.partner, livemode=False, programme=acme.programme, currency="EUR", created_at=NOW, updated_at=NOW)
    with pytest.raises(CurrencyMismatch):
        operations.book(kind=EntryKind.ADJUSTMENT, programme=acme.programme, legs=[Leg(account.pk, -5), Leg(euro.pk, 5)], by=BY, now=NOW)


@pytest.mark.parametrize("amounts", [(5, -4), (5, 5), (5,)])
def test_the_database_refuses_an_unbalanced_entry_at_commit(committed_db: None, acme: PartnerClient, amounts: tuple[int, ...]) -> None:
    account, before = account_with(acme, 0), JournalEntry.objects.count()
    with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
        plant(acme, account, *amounts)
    assert JournalEntry.objects.count() == before


def plant(partner: PartnerClient, account: Account, *amounts: int) -> None:
    """An entry by raw SQL, past every operation."""
    entry = new_id()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_journalentry (id, partner_id, livemode, programme_id, kind, reference, actor, booked_at) "
                       "VALUES (%s, %s, false, %s, 'adjustment', '', '{}', now())", [entry, partner.partner.pk, partner.programme.pk])
        for amount in amounts:
            cursor.execute("INSERT INTO ledger_posting (id, entry_id, account_id, amount_minor, currency) VALUES (%s, %s, %s, %s, 'GBP')",
                           [new_id(), entry, account.pk, amount])


@pytest.mark.parametrize("statement", [
    "UPDATE ledger_posting SET amount_minor = 0", "DELETE FROM ledger_posting", "TRUNCATE ledger_posting CASCADE", "TRUNCATE ledger_posting_default",
    "UPDATE ledger_journalentry SET reference = 'x'", "DELETE FROM ledger_journalentry", "TRUNCATE ledger_journalentry CASCADE"])
def test_entries_and_postings_refuse_change(acme: PartnerClient, statement: str) -> None:
    account_with(acme, 100)
    with connection.cursor() as cursor, pytest.raises(NotSupportedError, match="append-only"):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def test_confirmed_funding_is_cash_against_unallocated_funding(acme: PartnerClient) -> None:
    assert acme.live is not None
    entry = operations.confirm_funding(programme_id=acme.live.programme.pk, amount=70_000, reference="wire 1", by=BY, now=NOW)
    legs = {one.account.kind: (one.amount_minor, one.posted_after_minor) for one in entry.postings.select_related("account")}
    assert legs == {"safeguarded_cash": (-70_000, None), "programme_funding": (70_000, 70_000)}
    assert queries.funding(acme.live.programme.pk, "GBP") == queries.Funding(70_000, 70_000, "GBP")


def test_every_pair_of_states_moves_only_as_the_table_says(acme: PartnerClient) -> None:
    verbs: dict[str, Callable[..., Account]] = {
        "OPEN": operations.reopen_account, "RESTRICTED": operations.restrict_account, "BLOCKED": operations.block_account,
        "CLOSED": operations.close_account}
    for start in AccountStatus.values:
        for target, verb in verbs.items():
            account = account_with(acme, 0)
            if start != "OPEN":
                verbs[start](account_id=account.pk, reason="set the scene", by=BY, now=NOW)
            if target in Account.TRANSITIONS.get(start, set()):
                assert verb(account_id=account.pk, reason="words", by=BY, now=NOW).status == target
            else:
                with pytest.raises(operations.accounts.DomainError):
                    verb(account_id=account.pk, reason="words", by=BY, now=NOW)
                account.refresh_from_db()
                assert account.status == start


def test_staff_never_move_money_alone(acme: PartnerClient) -> None:
    account, person = account_with(acme, 100), Actor(kind="staff", id=new_id(), label="Fin", channel="portal")
    for verb in (operations.fund_account, operations.withdraw):
        with pytest.raises(operations.FourEyesNeeded):
            verb(account_id=account.pk, amount=1, by=person, now=NOW)
    with pytest.raises(operations.FourEyesNeeded):
        operations.confirm_funding(programme_id=acme.programme.pk, amount=1, by=person, now=NOW)
