"""A card stopped by compliance and one stopped for a suspicion of fraud cannot be told apart from outside."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from cards import operations
from cards.models import CardTransition
from cards.reasons import CONFIDENTIAL, ConfidentialReason
from issuing_portal.core.ids import parse_id
from issuing_portal.staff.models import Role
from issuing_portal.staff.proposals import approve_proposal
from tests.cards.conftest import IssueCard
from tests.characters import PartnerClient, done
from tests.people import by, person

NOTE = "matched against the list of the ministry"
VARIES = re.compile(r'"(?:[a-z]{3}_[0-9a-z]{26}|\d{4}-\d\d-\d\dT[^"]+|req_[0-9a-f]+)"')


def everything_outside(acme: PartnerClient, card: dict[str, Any]) -> str:
    """All that a partner can reach of a card, without what differs between any two cards."""
    card_id = card["id"]
    seen = [done(acme.get(f"/v1/cards/{card_id}")), done(acme.get(f"/v1/cards/{card_id}/transitions")),
            done(acme.get(f"/v1/events?subject={card_id}")),
            acme.post(f"/v1/cards/{card_id}/unfreeze").json(), acme.post(f"/v1/cards/{card_id}/freeze", {"reason": "lost"}).json(),
            acme.post(f"/v1/cards/{card_id}/activate").json(), acme.post(f"/v1/cards/{card_id}/replace", {"reason": "lost"}).json()]
    text = json.dumps(seen, sort_keys=True).replace(f'"{card["last4"]}"', '"last4"')
    return VARIES.sub('"varies"', text)


@pytest.fixture
def stories(acme: PartnerClient, issue: IssueCard) -> dict[str, dict[str, Any]]:
    """One card per cause, frozen by different people."""
    people = {"compliance_review": Role.ANALYST, "screening_match": Role.COMPLIANCE_LEAD, "authority_request": Role.MLRO,
              "fraud_suspicion": Role.SUPPORT, "other": Role.ANALYST}
    found = {}
    for reason, role in people.items():
        found[reason] = issue()
        operations.freeze_card(card_id=parse_id("card", found[reason]["id"]), reason=reason, note=NOTE, by=by(person(role)), now=datetime.now(UTC))
    return found


def test_all_causes_look_alike(acme: PartnerClient, stories: dict[str, dict[str, Any]]):
    outside = {reason: everything_outside(acme, card) for reason, card in stories.items()}
    assert len(set(outside.values())) == 1
    text = outside["fraud_suspicion"]
    assert '"frozen_by": "issuer"' in text
    assert '"under_review"' in text
    for word in (*CONFIDENTIAL, NOTE, "Ada Analyst", "Sue Support", "analyst", "screening", "fraud"):
        assert word not in text


def test_inside_the_cause_is_kept(stories: dict[str, dict[str, Any]]):
    reasons = set(CardTransition.objects.filter(to_status="FROZEN").values_list("reason", "note"))
    assert reasons == {(reason, NOTE) for reason in stories}


def test_lifting_looks_alike_too(acme: PartnerClient, stories: dict[str, dict[str, Any]]):
    lead, second = by(person(Role.COMPLIANCE_LEAD)), by(person(Role.MLRO))
    for card in stories.values():
        now = datetime.now(UTC)
        proposal = operations.propose_unfreeze(card_id=parse_id("card", card["id"]), note=NOTE, by=lead, now=now)
        approve_proposal(proposal_id=proposal.pk, payload_hash=proposal.payload_hash, by=second, now=now)
    moves = {json.dumps([(move["from_status"], move["to_status"], move["by"], move["reason"])
                         for move in done(acme.get(f"/v1/cards/{card['id']}/transitions"))["data"]]) for card in stories.values()}
    assert moves == {json.dumps([("frozen", "active", "issuer", "review_closed"), ("active", "frozen", "issuer", "under_review"),
                                 (None, "active", "partner", None)])}


@pytest.mark.parametrize("reason", ConfidentialReason.values)
def test_an_end_for_a_hidden_cause_is_the_issuer_s_decision(acme: PartnerClient, issue: IssueCard, reason: str):
    card = issue()
    manager = by(person(Role.PROGRAMME_MANAGER))
    operations.terminate_card(card_id=parse_id("card", card["id"]), reason=reason, note=NOTE, by=manager, now=datetime.now(UTC))
    shown = done(acme.get(f"/v1/cards/{card['id']}"))
    move = done(acme.get(f"/v1/cards/{card['id']}/transitions"))["data"][0]
    assert (shown["status_reason"], move["by"], move["reason"]) == ("issuer_decision", "issuer", "issuer_decision")
    assert done(acme.get(f"/v1/events?subject={card['id']}"))["data"][0]["data"]["object"] == shown
    assert acme.post(f"/v1/cards/{card['id']}/replace", {"reason": "lost"}).code == "not_replaceable"
