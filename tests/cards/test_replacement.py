"""One card follows another: the table of DESIGN §4."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cards import operations, vault
from cards.models import Card
from cards.secrets import secrets_for
from issuing_portal.core.ids import parse_id
from tests.cards.conftest import IssueCard
from tests.characters import STAGE_HAND, PartnerClient, done, made

SAME_NUMBER, NEW_NUMBER = ["damaged", "expired"], ["lost", "stolen", "not_received", "compromised"]


def row(shown: dict[str, Any]) -> Card:
    return Card.objects.get(pk=parse_id("card", shown["id"]))


def cvv(card: Card) -> str:
    return secrets_for(False).cvv2(vault.number_of(card.vault_entry), vault.Expiry(card.expiry_year, card.expiry_month))


@pytest.mark.parametrize("reason", SAME_NUMBER)
def test_the_same_number_is_renewed(acme: PartnerClient, issue: IssueCard, reason: str):
    old = issue(controls={"limits": [{"interval": "daily", "amount": 500}]})
    new = made(acme.post(f"/v1/cards/{old['id']}/replace", {"reason": reason}))
    assert (new["status"], new["replaces"], new["replacement_reason"], new["sequence_number"], new["last4"], new["bin"]) == (
        "inactive", old["id"], reason, 2, old["last4"], old["bin"])
    assert (new["expiry_year"], new["expiry_month"]) > (old["expiry_year"], old["expiry_month"])
    assert new["controls"] == old["controls"]
    assert vault.number_of(row(new).vault_entry) == vault.number_of(row(old).vault_entry)
    assert cvv(row(new)) != cvv(row(old))
    still = done(acme.get(f"/v1/cards/{old['id']}"))
    assert (still["status"], still["replaced_by"]) == ("active", new["id"])
    done(acme.post(f"/v1/cards/{new['id']}/activate"))
    ended = done(acme.get(f"/v1/cards/{old['id']}"))
    assert (ended["status"], ended["status_reason"]) == ("terminated", "replaced")


@pytest.mark.parametrize("reason", NEW_NUMBER)
def test_a_new_number_and_the_old_card_dies_at_once(acme: PartnerClient, issue: IssueCard, reason: str):
    old = issue()
    new = made(acme.post(f"/v1/cards/{old['id']}/replace", {"reason": reason}))
    assert (new["status"], new["replaces"], new["replacement_reason"], new["sequence_number"]) == ("active", old["id"], reason, 1)
    assert vault.number_of(row(new).vault_entry) != vault.number_of(row(old).vault_entry)
    ended = done(acme.get(f"/v1/cards/{old['id']}"))
    assert (ended["status"], ended["status_reason"], ended["replaced_by"]) == ("terminated", reason, new["id"])
    told = [event["type"] for event in done(acme.get("/v1/events?limit=3"))["data"]]
    assert told == ["card.replaced", "card.issued", "card.terminated"]


def test_a_renewed_card_dies_with_its_expiry_if_never_activated(acme: PartnerClient, issue: IssueCard):
    old = issue(expires_on=datetime.now(UTC).date().isoformat())
    new = made(acme.post(f"/v1/cards/{old['id']}/replace", {"reason": "expired"}))
    tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0) + (datetime(2026, 1, 2, tzinfo=UTC) - datetime(2026, 1, 1, tzinfo=UTC))
    assert operations.expire_due(by=STAGE_HAND, now=tomorrow) == 1
    assert row(old).status == "EXPIRED"
    assert done(acme.post(f"/v1/cards/{new['id']}/activate"))["status"] == "active"
    assert row(old).status == "EXPIRED"


def test_an_inactive_card_is_followed_by_an_inactive_one(acme: PartnerClient, issue: IssueCard):
    old = issue(activate=False)
    assert made(acme.post(f"/v1/cards/{old['id']}/replace", {"reason": "not_received"}))["status"] == "inactive"


def test_a_card_is_replaced_once(acme: PartnerClient, issue: IssueCard):
    old = issue()
    made(acme.post(f"/v1/cards/{old['id']}/replace", {"reason": "damaged"}))
    again = acme.post(f"/v1/cards/{old['id']}/replace", {"reason": "lost"})
    assert (again.status_code, again.code) == (409, "already_replaced")


def test_an_ended_card_gets_a_new_number_only(acme: PartnerClient, issue: IssueCard):
    old = issue()
    done(acme.post(f"/v1/cards/{old['id']}/terminate", {"reason": "lost"}))
    refused = acme.post(f"/v1/cards/{old['id']}/replace", {"reason": "damaged"})
    assert (refused.status_code, refused.code) == (409, "not_replaceable")
    assert made(acme.post(f"/v1/cards/{old['id']}/replace", {"reason": "lost"}))["status"] == "active"


def test_an_unknown_reason_is_refused_and_a_key_is_needed(acme: PartnerClient, issue: IssueCard):
    old = issue()
    assert acme.post(f"/v1/cards/{old['id']}/replace", {"reason": "bored"}).status_code == 422
    assert acme.post(f"/v1/cards/{old['id']}/replace", {}).status_code == 422
    assert acme.post(f"/v1/cards/{old['id']}/replace", {"reason": "lost"}, key=None).code == "idempotency_key_required"


def test_a_replay_gives_the_same_card(acme: PartnerClient, issue: IssueCard):
    old = issue()
    first = acme.post(f"/v1/cards/{old['id']}/replace", {"reason": "lost"}, key="one")
    second = acme.post(f"/v1/cards/{old['id']}/replace", {"reason": "lost"}, key="one")
    assert (second.headers["Idempotency-Replayed"], second.json()) == ("true", first.json())
    assert Card.objects.count() == 2
