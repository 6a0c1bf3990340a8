"""The ledger's pages: who sees which accounts, and money that two people move."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from issuing_portal.core.actors import Actor
from issuing_portal.events.models import Event
from issuing_portal.ledger import operations, queries
from issuing_portal.ledger.models import Account
from issuing_portal.ledger.portal.forms import minor_of
from issuing_portal.staff import proposals
from issuing_portal.staff.models import Proposal, Role
from tests import people
from tests.characters import PartnerClient
from tests.people import staff_client

BY, NOW = Actor.system("stage hand", "command"), datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def account(acme: PartnerClient) -> Account:
    opened = operations.open_account(programme_id=acme.programme.pk, currency="GBP", external_id="till-7", by=BY, now=NOW)
    return operations.fund_account(account_id=opened.pk, amount=123_450, reference="opening", by=BY, now=NOW)


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code, answer.content[:300])
    return answer.content.decode()


def test_finance_reads_accounts_entries_and_the_programmes_money(acme: PartnerClient, account: Account) -> None:
    finance = staff_client(Role.FINANCE)
    assert account.public_id in page(finance, "/accounts/") and account.public_id in page(finance, "/accounts/?q=till-7")
    shown = page(finance, f"/accounts/{account.public_id}")
    assert "1,234.50" in shown and "opening" in shown and "Propose funding" in shown
    entry = account.postings.get().entry
    assert "1,234.50" in page(finance, f"/accounts/{account.public_id}/entries")
    assert "Unallocated funding" in page(finance, f"/accounts/entries/{entry.public_id}")
    money = page(finance, f"/accounts/programmes/{acme.programme_id}")
    assert "Safeguarded cash" in money and "1,000,000,000.00" in money and "Propose confirmed funding" in money
    pool = Account.objects.get(pk=queries.system_account_id(acme.programme.pk, "GBP", "suspense"))
    assert "Suspense" in page(finance, f"/accounts/{pool.public_id}")


def test_staff_of_another_programme_see_nothing(acme: PartnerClient, globex: PartnerClient, account: Account) -> None:
    stranger = staff_client(Role.FINANCE, [globex.programme.pk])
    assert account.public_id not in page(stranger, "/accounts/")
    entry = account.postings.get().entry
    for path in (f"/accounts/{account.public_id}", f"/accounts/{account.public_id}/entries", f"/accounts/entries/{entry.public_id}",
                 f"/accounts/programmes/{acme.programme_id}", f"/accounts/{account.public_id}/restrict", f"/accounts/{account.public_id}/fund"):
        assert stranger.get(path).status_code == 404, path


def test_a_reader_is_offered_no_act_and_may_do_none(account: Account) -> None:
    support = staff_client(Role.SUPPORT)
    shown = page(support, f"/accounts/{account.public_id}")
    assert "Restrict" not in shown and "Propose" not in shown
    for verb in ("fund", "withdraw", "adjust", "restrict", "block", "reopen", "close"):
        assert support.post(f"/accounts/{account.public_id}/{verb}", {"reason": "because"}).status_code == 403, verb
    account.refresh_from_db()
    assert (account.status, account.posted_minor) == ("OPEN", 123_450)


def test_a_restriction_asks_for_a_reason_and_keeps_it(account: Account) -> None:
    finance = staff_client(Role.FINANCE)
    assert "stops paying" in page(finance, f"/accounts/{account.public_id}/restrict")
    assert finance.post(f"/accounts/{account.public_id}/restrict", {"reason": ""}).status_code == 422
    assert finance.post(f"/accounts/{account.public_id}/restrict", {"reason": "negative for days"}).status_code == 302
    account.refresh_from_db()
    event = Event.objects.get(type="account.restricted")
    assert (account.status, event.reason, event.staff_only, event.actor["label"]) == ("RESTRICTED", "negative for days", True, "Fay Finance")
    assert "negative for days" in page(finance, f"/accounts/{account.public_id}")


def test_only_compliance_lifts_its_own_block(account: Account) -> None:
    assert staff_client(Role.COMPLIANCE_LEAD).post(f"/accounts/{account.public_id}/block", {"reason": "true match"}).status_code == 302
    finance = staff_client(Role.FINANCE)
    for verb in ("reopen", "restrict"):
        assert finance.post(f"/accounts/{account.public_id}/{verb}", {"reason": "wants to pay"}).status_code == 403
    assert finance.post(f"/accounts/{account.public_id}/close", {"reason": "wants to pay"}).status_code == 422
    assert staff_client(Role.COMPLIANCE_LEAD).post(f"/accounts/{account.public_id}/reopen", {"reason": "mistaken identity"}).status_code == 302
    account.refresh_from_db()
    assert account.status == "OPEN"


def propose(client: Client, account: Account, verb: str, **form: str) -> Any:
    return client.post(f"/accounts/{account.public_id}/{verb}", {"reference": "letter 4", "reason": "agreed by letter", **form})


@pytest.mark.parametrize(("verb", "form", "after"), [
    ("fund", {"amount": "1,000.50"}, 223_500), ("withdraw", {"amount": "1000"}, 23_450),
    ("adjust", {"amount": "0.01", "direction": "debit", "against": "write_off"}, 123_449),
    ("adjust", {"amount": "0.01", "direction": "credit", "against": "fees"}, 123_451)])
def test_money_moves_when_a_second_person_approves(account: Account, verb: str, form: dict[str, str], after: int) -> None:
    assert propose(staff_client(Role.FINANCE), account, verb, **form).status_code == 302
    account.refresh_from_db()
    assert account.posted_minor == 123_450, "nothing moves before the approval"
    made = Proposal.objects.get()
    maker, checker = people.person(Role.FINANCE), people.person(Role.SENIOR_MANAGER)
    with pytest.raises(proposals.FourEyes):
        proposals.approve_proposal(proposal_id=made.pk, payload_hash=made.payload_hash, by=people.by(maker), now=made.created_at)
    proposals.approve_proposal(proposal_id=made.pk, payload_hash=made.payload_hash, by=people.by(checker), now=made.created_at)
    account.refresh_from_db()
    entry = account.postings.latest("pk").entry
    assert (account.posted_minor, entry.actor["label"], entry.reference) == (after, "Sam Senior", "letter 4")


def test_an_approval_over_a_block_that_came_later_is_refused(account: Account) -> None:
    propose(staff_client(Role.FINANCE), account, "withdraw", amount="10")
    operations.block_account(account_id=account.pk, reason="true match", by=BY, now=NOW)
    made, checker = Proposal.objects.get(), people.person(Role.SENIOR_MANAGER)
    with pytest.raises(proposals.EvidenceStale):
        proposals.approve_proposal(proposal_id=made.pk, payload_hash=made.payload_hash, by=people.by(checker), now=made.created_at)


def test_confirmed_funding_takes_two_people(acme: PartnerClient) -> None:
    assert acme.live is not None
    finance, place = staff_client(Role.FINANCE), f"/accounts/programmes/{acme.live.programme_id}/confirm-funding"
    assert finance.post(place, {"amount": "2500", "reference": "wire 9", "reason": "bank statement of today"}).status_code == 302
    assert queries.funding(acme.live.programme.pk, "GBP").confirmed == 0
    made, checker = Proposal.objects.get(), people.person(Role.PROGRAMME_MANAGER)
    proposals.approve_proposal(proposal_id=made.pk, payload_hash=made.payload_hash, by=people.by(checker), now=made.created_at)
    assert queries.funding(acme.live.programme.pk, "GBP") == queries.Funding(250_000, 250_000, "GBP")


def test_refused_forms_say_why_and_propose_nothing(account: Account) -> None:
    finance = staff_client(Role.FINANCE)
    for form in ({"amount": "0"}, {"amount": "-5"}, {"amount": "1.234"}, {"amount": "1e3"}, {"amount": "12", "reference": "4242424242424242"},
                 {"amount": "99999999"}):
        assert propose(finance, account, "withdraw", **form).status_code == 422, form
    assert propose(finance, account, "adjust", amount="5", direction="sideways", against="fees").status_code == 422
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(("text", "currency", "minor"), [
    ("1234.5", "GBP", 123_450), ("1,234.50", "GBP", 123_450), (" 7 ", "JPY", 7), ("7.0", "JPY", None), ("0.001", "KWD", 1), ("0", "GBP", None),
    ("1,23", "GBP", None), ("٣", "GBP", None), ("10000000000000.01", "GBP", None), ("", "GBP", None), (".5", "GBP", None)])
def test_amounts_are_read_exactly(text: str, currency: str, minor: int | None) -> None:
    assert minor_of(text, currency) == minor


def test_the_panel_of_a_cardholder_is_empty_in_words(account: Account) -> None:
    assert "No accounts" in page(staff_client(Role.SUPPORT), "/accounts/of/chd_01h455vb4pex5vsknk084sn02q")


def test_an_export_is_formula_safe_and_stands_in_the_trail(account: Account) -> None:
    answer: Any = staff_client(Role.FINANCE).get("/accounts/?format=csv&status=OPEN")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0].startswith("account,cardholder,programme,status,posted,posted_currency") and lines[1].startswith(f"{account.public_id},")
    assert Event.objects.get(type="export.made").internal["list"] == "accounts"


def test_a_happening_tells_the_money_that_moved(account: Account) -> None:
    assert "1,234.50 GBP" in page(staff_client(Role.FINANCE), f"/accounts/{account.public_id}")
