"""/v1/accounts through the front door: what partners may do with their customers' money."""

import re
from typing import Any
from uuid import UUID

from issuing_portal.core.actors import Actor
from issuing_portal.core.ids import new_id, parse_id, public_id
from issuing_portal.events.models import Event
from issuing_portal.ledger import operations, queries
from issuing_portal.ledger.models import Account
from issuing_portal.ledger.wire import account_object
from tests.characters import PartnerClient, done, made

BY = Actor.system("stage hand", "command")


def funded(partner: PartnerClient, amount: int = 5_000) -> dict[str, Any]:
    account = partner.account()
    return done(partner.post(f"/v1/accounts/{account['id']}/fund", {"amount": amount, "reference": "opening"}))


def key(account: dict[str, Any]) -> UUID:
    found = parse_id("account", account["id"])
    assert found
    return found


def row(account: dict[str, Any]) -> Account:
    return Account.objects.get(pk=key(account))


def test_a_new_account_is_open_and_empty(acme: PartnerClient) -> None:
    account = made(acme.post("/v1/accounts", {"programme": acme.programme_id, "currency": "GBP", "external_id": "u-1", "metadata": {"tier": "gold"}}))
    assert re.fullmatch(r"acc_[0-9a-z]{26}", account["id"])
    assert account["created_at"].endswith("Z") and account["updated_at"].endswith("Z")
    assert account == {
        "id": account["id"], "object": "account", "livemode": False, "programme": acme.programme_id, "cardholder": None, "currency": "GBP",
        "status": "open", "balance": {"posted": 0, "held": 0, "available": 0}, "credit_limit": 0, "external_id": "u-1",
        "metadata": {"tier": "gold"}, "created_at": account["created_at"], "updated_at": account["updated_at"]}
    assert done(acme.get(f"/v1/accounts/{account['id']}")) == account


def test_the_event_tells_the_object_as_get_shows_it_and_keeps_metadata_apart(acme: PartnerClient) -> None:
    account = acme.account(metadata={"tier": "gold"})
    event = Event.objects.get(type="account.opened", subject_id=key(account))
    assert event.data | {"metadata": {"tier": "gold"}} == account_object(row(account)) == account
    assert "gold" not in str(event.data) and event.personal is not None


def test_another_currency_than_the_programmes_is_refused(acme: PartnerClient) -> None:
    answer = acme.post("/v1/accounts", {"programme": acme.programme_id, "currency": "EUR"})
    assert (answer.status_code, answer.json()["errors"][0]["field"], answer.json()["errors"][0]["code"]) == (422, "currency", "currency_not_supported")


def test_anothers_programme_or_the_other_modes_is_refused_as_if_it_were_not_there(acme: PartnerClient, globex: PartnerClient) -> None:
    assert acme.live is not None
    unknown = acme.post("/v1/accounts", {"programme": public_id("programme", new_id()), "currency": "GBP"}).json()["errors"]
    for foreign in (globex.programme_id, acme.live.programme_id):
        answer = acme.post("/v1/accounts", {"programme": foreign, "currency": "GBP"})
        assert (answer.status_code, answer.json()["errors"]) == (422, unknown)


def test_an_external_id_is_taken_once(acme: PartnerClient, globex: PartnerClient) -> None:
    acme.account(external_id="u-1")
    again = acme.post("/v1/accounts", {"programme": acme.programme_id, "currency": "GBP", "external_id": "u-1"})
    assert (again.status_code, again.code) == (409, "external_id_taken")
    globex.account(external_id="u-1")


def test_external_id_and_metadata_can_be_changed_and_nothing_else(acme: PartnerClient) -> None:
    account = acme.account(external_id="u-1", metadata={"a": "1"})
    changed = done(acme.patch(f"/v1/accounts/{account['id']}", {"external_id": "u-2", "metadata": {"b": "2"}}))
    assert (changed["external_id"], changed["metadata"]) == ("u-2", {"b": "2"})
    for body in ({"status": "closed"}, {"currency": "EUR"}, {"balance": {"posted": 5}}, {"credit_limit": 100}):
        assert acme.patch(f"/v1/accounts/{account['id']}", body).status_code == 422
    other = acme.account(external_id="u-3")
    assert acme.patch(f"/v1/accounts/{other['id']}", {"external_id": "u-2"}).code == "external_id_taken"


def test_funding_moves_from_the_programme_to_the_account(acme: PartnerClient) -> None:
    before = queries.funding(acme.programme.pk, "GBP")
    account = funded(acme, 5_000)
    after = queries.funding(acme.programme.pk, "GBP")
    assert account["balance"] == {"posted": 5_000, "held": 0, "available": 5_000}
    assert (after.confirmed, after.unallocated) == (before.confirmed, before.unallocated - 5_000)
    assert Event.objects.get(type="account.funded", subject_id=key(account)).internal["amount"] == 5_000


def test_funding_beyond_what_was_confirmed_is_refused_and_nothing_moves(acme: PartnerClient) -> None:
    account, left = acme.account(), queries.funding(acme.programme.pk, "GBP").unallocated
    answer = acme.post(f"/v1/accounts/{account['id']}/fund", {"amount": left + 1})
    assert (answer.status_code, answer.code) == (409, "insufficient_funding")
    assert done(acme.get(f"/v1/accounts/{account['id']}"))["balance"]["posted"] == 0
    assert done(acme.post(f"/v1/accounts/{account['id']}/fund", {"amount": left}))["balance"]["posted"] == left


def test_a_live_programme_is_born_without_money(acme: PartnerClient) -> None:
    assert acme.live is not None
    account = acme.live.account()
    assert acme.live.post(f"/v1/accounts/{account['id']}/fund", {"amount": 1}).code == "insufficient_funding"


def test_money_moves_need_an_idempotency_key_and_a_replay_moves_nothing(acme: PartnerClient) -> None:
    account, other = funded(acme), acme.account()
    for verb, body in (("fund", {"amount": 1}), ("withdraw", {"amount": 1}), ("transfer", {"amount": 1, "to": other["id"]})):
        answer = acme.post(f"/v1/accounts/{account['id']}/{verb}", body, key=None)
        assert (answer.status_code, answer.code) == (400, "idempotency_key_required")
    first = acme.post(f"/v1/accounts/{account['id']}/fund", {"amount": 7}, key="once")
    again = acme.post(f"/v1/accounts/{account['id']}/fund", {"amount": 7}, key="once")
    assert again.json() == first.json() and again.headers["Idempotency-Replayed"] == "true"
    assert done(acme.get(f"/v1/accounts/{account['id']}"))["balance"]["posted"] == 5_007


def test_amounts_are_positive_integers_and_references_hold_no_card_number(acme: PartnerClient) -> None:
    account = funded(acme)
    for amount in (0, -1, 1.5, "100", True, None, 10**15 + 1, 10**30):
        assert acme.post(f"/v1/accounts/{account['id']}/fund", {"amount": amount}).status_code == 422, amount
    for reference in ("4242 4242 4242 4242", "x" * 141, "a\x00b", None, 5e300):
        answer = acme.post(f"/v1/accounts/{account['id']}/withdraw", {"amount": 1, "reference": reference})
        assert answer.status_code == (200 if reference == 5e300 else 422), reference
    assert acme.post(f"/v1/accounts/{account['id']}/fund", {"amount": 1, "note": "x"}).json()["errors"][0]["code"] == "unknown_field"


def test_withdrawals_leave_holds_alone(acme: PartnerClient) -> None:
    account = funded(acme, 5_000)
    operations.take_hold(account_id=row(account).pk, amount_minor=2_000, by=BY, now=row(account).created_at)
    answer = acme.post(f"/v1/accounts/{account['id']}/withdraw", {"amount": 3_001})
    assert (answer.status_code, answer.code) == (409, "insufficient_funds")
    left = done(acme.post(f"/v1/accounts/{account['id']}/withdraw", {"amount": 3_000}))
    assert left["balance"] == {"posted": 2_000, "held": 2_000, "available": 0}


def test_a_transfer_moves_money_between_two_accounts_of_one_programme(acme: PartnerClient, globex: PartnerClient) -> None:
    source, target, foreign = funded(acme), acme.account(), globex.account()
    left = done(acme.post(f"/v1/accounts/{source['id']}/transfer", {"to": target["id"], "amount": 1_200, "reference": "rent"}))
    assert (left["id"], left["balance"]["posted"], row(target).posted_minor) == (source["id"], 3_800, 1_200)
    for to in (foreign["id"], public_id("account", new_id()), source["id"]):
        answer = acme.post(f"/v1/accounts/{source['id']}/transfer", {"to": to, "amount": 1})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "to")
    assert acme.post(f"/v1/accounts/{source['id']}/transfer", {"to": target["id"], "amount": 3_801}).code == "insufficient_funds"
    assert (row(foreign).posted_minor, row(target).posted_minor, row(source).posted_minor) == (0, 1_200, 3_800)


def test_an_account_closes_at_zero_and_for_good(acme: PartnerClient) -> None:
    account = funded(acme, 100)
    assert acme.post(f"/v1/accounts/{account['id']}/close").code == "account_not_empty"
    acme.post(f"/v1/accounts/{account['id']}/withdraw", {"amount": 100})
    assert done(acme.post(f"/v1/accounts/{account['id']}/close"))["status"] == "closed"
    assert acme.post(f"/v1/accounts/{account['id']}/close").code == "illegal_state"
    assert acme.post(f"/v1/accounts/{account['id']}/fund", {"amount": 1}).code == "account_closed"
    assert acme.post(f"/v1/accounts/{account['id']}/withdraw", {"amount": 1}).code == "account_closed"


def test_a_restricted_and_a_blocked_account_cannot_be_told_apart_from_outside(acme: PartnerClient) -> None:
    target, seen = acme.account(), []
    for restrain in (operations.restrict_account, operations.block_account):
        account = funded(acme, 500)
        restrain(account_id=row(account).pk, reason="suspicious pattern", by=BY, now=row(account).created_at)
        shown = done(acme.get(f"/v1/accounts/{account['id']}"))
        refusals = [acme.post(f"/v1/accounts/{account['id']}/{verb}", body).json() for verb, body in (
            ("withdraw", {"amount": 1}), ("transfer", {"amount": 1, "to": target["id"]}))]
        assert done(acme.post(f"/v1/accounts/{account['id']}/fund", {"amount": 5}))["balance"]["posted"] == 505, "credits are taken"
        done(acme.post(f"/v1/accounts/{funded(acme, 5)['id']}/transfer", {"amount": 5, "to": account["id"]}))
        seen.append((shown["status"], [(one["status"], one["code"], one["detail"]) for one in refusals]))
        assert "suspicious" not in acme.get("/v1/events").content.decode()
    assert seen[0] == seen[1] and seen[0][0] == "restricted" and seen[0][1][0][:2] == (409, "account_restricted")
    assert len(acme.get("/v1/accounts?status=restricted").json()["data"]) == 2


def test_a_blocked_account_is_not_closed(acme: PartnerClient) -> None:
    account = acme.account()
    operations.block_account(account_id=row(account).pk, reason="court order", by=BY, now=row(account).created_at)
    assert acme.post(f"/v1/accounts/{account['id']}/close").code == "account_restricted"
    operations.reopen_account(account_id=row(account).pk, reason="lifted", by=BY, now=row(account).created_at)
    assert done(acme.post(f"/v1/accounts/{account['id']}/close"))["status"] == "closed"


def test_the_list_filters_and_pages_newest_first(acme: PartnerClient) -> None:
    accounts = [acme.account(external_id=f"u-{number}") for number in range(5)]
    first = acme.get("/v1/accounts?limit=2").json()
    second = acme.get(f"/v1/accounts?limit=3&cursor={first['next_cursor']}").json()
    assert [one["id"] for one in first["data"] + second["data"]] == [one["id"] for one in reversed(accounts)]
    assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)
    assert [one["id"] for one in acme.get("/v1/accounts?external_id=u-3").json()["data"]] == [accounts[3]["id"]]
    assert len(acme.get(f"/v1/accounts?programme={acme.programme_id}&currency=GBP&status=open").json()["data"]) == 5
    assert acme.get("/v1/accounts?status=blocked").status_code == 422
    assert acme.get("/v1/accounts?colour=red").status_code == 422


def test_entries_show_signed_amounts_and_the_balance_after_each(acme: PartnerClient) -> None:
    account, other = funded(acme, 5_000), acme.account()
    acme.post(f"/v1/accounts/{account['id']}/withdraw", {"amount": 1_000, "reference": "back"})
    acme.post(f"/v1/accounts/{account['id']}/transfer", {"to": other["id"], "amount": 500})
    page = acme.get(f"/v1/accounts/{account['id']}/entries").json()
    assert [(one["type"], one["amount"], one["balance_after"], one["reference"]) for one in page["data"]] == [
        ("transfer", -500, 3_500, ""), ("withdraw", -1_000, 4_000, "back"), ("fund", 5_000, 5_000, "opening")]
    one = page["data"][0]
    assert (one["object"], one["id"][:4], one["journal_entry"][:4], one["currency"], one["transaction"]) == ("entry", "pst_", "jnl_", "GBP", None)
    assert len(acme.get(f"/v1/accounts/{account['id']}/entries?type=fund").json()["data"]) == 1
    assert acme.get(f"/v1/accounts/{account['id']}/entries?limit=1").json()["has_more"] is True


def test_a_rival_and_the_other_mode_see_nothing_and_nothing_changes(acme: PartnerClient, globex: PartnerClient) -> None:
    assert acme.live is not None
    account, missing = funded(acme), public_id("account", new_id())
    for stranger in (globex, acme.live):
        mine = stranger.account()
        for verb, body in (("fund", {"amount": 1}), ("withdraw", {"amount": 1}), ("transfer", {"amount": 1, "to": mine["id"]}), ("close", {})):
            answer, unknown = (stranger.post(f"/v1/accounts/{one}/{verb}", body) for one in (account["id"], missing))
            assert answer.status_code == unknown.status_code == 404
            assert answer.json() | {"request_id": ""} == unknown.json() | {"request_id": ""}
        assert stranger.patch(f"/v1/accounts/{account['id']}", {"metadata": {}}).status_code == 404
        assert stranger.get(f"/v1/accounts/{account['id']}").status_code == 404
        assert stranger.get(f"/v1/accounts/{account['id']}/entries").status_code == 404
        assert account["id"] not in stranger.get("/v1/accounts").content.decode()
    assert done(acme.get(f"/v1/accounts/{account['id']}")) == account


def test_a_system_account_is_no_account_of_the_api(acme: PartnerClient) -> None:
    pool = public_id("account", queries.system_account_id(acme.programme.pk, "GBP", "programme_funding"))
    assert acme.get(f"/v1/accounts/{pool}").status_code == 404
    assert acme.post(f"/v1/accounts/{pool}/withdraw", {"amount": 1}).status_code == 404
    assert acme.get("/v1/accounts").json()["data"] == []
