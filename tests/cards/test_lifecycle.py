"""Every pair of states, whose hand lifts whose freeze, and the end of a card."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from cardholders.models import Hand
from cards import operations
from cards.models import Card, CardStatus, CardTransition
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, IllegalMove, StaleState
from issuing_portal.core.ids import new_id, parse_id
from issuing_portal.staff.models import Role
from issuing_portal.staff.proposals import EvidenceStale, FourEyes, approve_proposal
from issuing_portal.staff.roles import VERBS as VERBS_OF
from tests.cards.conftest import IssueCard
from tests.characters import STAGE_HAND, PartnerClient, done, made
from tests.people import by, person

STATES = list(CardStatus.values)


def now() -> datetime:
    return datetime.now(UTC)


def row(card: dict[str, Any]) -> Card:
    return Card.objects.get(pk=card_id(card))


def card_id(card: dict[str, Any]) -> UUID:
    found = parse_id("card", card["id"])
    assert found is not None
    return found


def put_in(card: dict[str, Any], status: str) -> Card:
    """The card in a state, whatever the way there."""
    frozen = {"frozen_by": "partner", "frozen_from": "ACTIVE"} if status == "FROZEN" else {"frozen_by": "", "frozen_from": ""}
    Card.objects.filter(pk=card_id(card)).update(status=status, **frozen)
    return row(card)


def partner(acme: PartnerClient) -> Actor:
    return Actor(kind="api_key", id=None, label="key", channel="api", partner_id=acme.partner.id, livemode=False)


def cardholder(acme: PartnerClient) -> Actor:
    return Actor(kind="cardholder", id=None, label="cardholder", channel="api", partner_id=acme.partner.id, livemode=False)


def staff(role: Role) -> Actor:
    """Somebody of this role, without the person: operations ask for verbs."""
    return Actor(kind="staff", id=new_id(), label=str(role), channel="portal", may=lambda verb, programme: verb in VERBS_OF[role])


@pytest.mark.parametrize("target", STATES)
@pytest.mark.parametrize("status", STATES)
def test_every_pair_of_states(issue: IssueCard, status: str, target: str):
    card = put_in(issue(), status)
    hand = {"frozen_by": "partner"} if target == "FROZEN" else {"frozen_by": ""}
    if target in Card.TRANSITIONS.get(status, set()):
        card.move_to(target, now=now(), **hand)
        assert Card.objects.get(pk=card.pk).status == target
    else:
        with pytest.raises(IllegalMove):
            card.move_to(target, now=now(), **hand)
        assert Card.objects.get(pk=card.pk).status == status


VERBS = {"activate": {"INACTIVE"}, "freeze": {"INACTIVE", "ACTIVE"}, "unfreeze": {"FROZEN"}, "terminate": {"INACTIVE", "ACTIVE", "FROZEN"}}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", STATES)
def test_every_verb_in_every_state(acme: PartnerClient, issue: IssueCard, status: str, verb: str):
    card = issue()
    put_in(card, status)
    moves = CardTransition.objects.count()
    answer = acme.post(f"/v1/cards/{card['id']}/{verb}", {} if verb in ("activate", "unfreeze") else {"reason": "lost"})
    if status in VERBS[verb]:
        assert answer.status_code == 200, answer
        assert CardTransition.objects.count() == moves + 1
    else:
        assert (answer.status_code, answer.code) == (409, "illegal_state")
        assert (row(card).status, CardTransition.objects.count()) == (status, moves)


def test_a_move_over_a_stale_look_is_refused(issue: IssueCard):
    card = issue()
    first, second = row(card), row(card)
    first.move_to("TERMINATED", now=now())
    with pytest.raises(StaleState):
        second.move_to("EXPIRED", now=now())


def test_an_inactive_card_is_inactive_again_after_a_freeze(acme: PartnerClient, issue: IssueCard):
    card = issue(activate=False)
    frozen = done(acme.post(f"/v1/cards/{card['id']}/freeze", {"reason": "lost"}))
    assert (frozen["status"], frozen["frozen_by"], frozen["status_reason"]) == ("frozen", "partner", "lost")
    thawed = done(acme.post(f"/v1/cards/{card['id']}/unfreeze"))
    assert (thawed["status"], thawed["frozen_by"], thawed["status_reason"]) == ("inactive", None, None)


def test_the_cardholder_s_own_freeze(acme: PartnerClient, issue: IssueCard):
    card = issue()
    assert done(acme.post(f"/v1/cards/{card['id']}/freeze", {"reason": "cardholder_request"}))["frozen_by"] == "cardholder"
    assert done(acme.post(f"/v1/cards/{card['id']}/unfreeze"))["status"] == "active"


FREEZERS = ["cardholder", "partner", "programme", "issuer"]


def hands(acme: PartnerClient) -> dict[str, Actor]:
    return {"cardholder": cardholder(acme), "partner": partner(acme), "programme": staff(Role.PROGRAMME_MANAGER), "issuer": staff(Role.ANALYST)}


@pytest.mark.parametrize("lifter", ["cardholder", "partner", "programme"])
@pytest.mark.parametrize("freezer", FREEZERS)
def test_only_the_same_or_a_higher_hand_lifts(acme: PartnerClient, issue: IssueCard, freezer: str, lifter: str):
    card, actors = issue(), hands(acme)
    operations.freeze_card(card_id=card_id(card), reason="lost", by=actors[freezer], now=now())
    assert row(card).frozen_by == freezer
    if FREEZERS.index(lifter) >= FREEZERS.index(freezer):
        assert operations.unfreeze_card(card_id=card_id(card), by=actors[lifter], now=now()).status == "ACTIVE"
    else:
        with pytest.raises(operations.FrozenByHigherHand):
            operations.unfreeze_card(card_id=card_id(card), by=actors[lifter], now=now())
        assert row(card).status == "FROZEN"


@pytest.mark.parametrize("over", FREEZERS)
@pytest.mark.parametrize("under", FREEZERS)
def test_only_a_higher_hand_freezes_over(acme: PartnerClient, issue: IssueCard, under: str, over: str):
    card, actors = issue(), hands(acme)
    operations.freeze_card(card_id=card_id(card), reason="lost", by=actors[under], now=now())
    if FREEZERS.index(over) > FREEZERS.index(under):
        assert operations.freeze_card(card_id=card_id(card), reason="stolen", by=actors[over], now=now()).frozen_by == over
    else:
        with pytest.raises(IllegalMove):
            operations.freeze_card(card_id=card_id(card), reason="stolen", by=actors[over], now=now())


def test_the_lower_freeze_stands_again_when_the_higher_is_lifted(acme: PartnerClient, issue: IssueCard):
    card, actors = issue(), hands(acme)
    for hand in ("cardholder", "partner", "programme"):
        operations.freeze_card(card_id=card_id(card), reason="lost", by=actors[hand], now=now())
    seen = []
    for _ in range(3):
        lifted = operations.unfreeze_card(card_id=card_id(card), by=actors["programme"], now=now())
        seen.append((str(lifted.status), lifted.frozen_by))
    assert seen == [("FROZEN", Hand.PARTNER), ("FROZEN", Hand.CARDHOLDER), ("ACTIVE", "")]


def frozen_by_the_issuer(card: dict[str, Any]) -> None:
    operations.freeze_card(card_id=card_id(card), reason="compliance_review", note="see case", by=staff(Role.ANALYST), now=now())


def test_lifting_the_issuer_s_freeze_takes_two(acme: PartnerClient, issue: IssueCard):
    card, lead, second = issue(), person(Role.COMPLIANCE_LEAD), person(Role.MLRO)
    frozen_by_the_issuer(card)
    with pytest.raises(operations.FrozenByHigherHand):
        operations.unfreeze_card(card_id=card_id(card), by=by(lead), now=now())
    proposal = operations.propose_unfreeze(card_id=card_id(card), note="nothing found", by=by(lead), now=now())
    with pytest.raises(FourEyes):
        approve_proposal(proposal_id=proposal.pk, payload_hash=proposal.payload_hash, by=by(lead), now=now())
    assert row(card).status == "FROZEN"
    approve_proposal(proposal_id=proposal.pk, payload_hash=proposal.payload_hash, by=by(second), now=now())
    assert row(card).status == "ACTIVE"


def test_an_approval_over_stale_evidence_is_refused(acme: PartnerClient, issue: IssueCard):
    card, lead = issue(), person(Role.COMPLIANCE_LEAD)
    frozen_by_the_issuer(card)
    proposal = operations.propose_unfreeze(card_id=card_id(card), note="nothing found", by=by(lead), now=now())
    done(acme.post(f"/v1/cards/{card['id']}/terminate", {"reason": "lost"}))
    with pytest.raises(EvidenceStale):
        approve_proposal(proposal_id=proposal.pk, payload_hash=proposal.payload_hash, by=by(person(Role.MLRO)), now=now())


@pytest.mark.parametrize("role", Role)
def test_what_each_role_may_do(issue: IssueCard, role: Role):
    may = {
        "freeze": {Role.ANALYST, Role.COMPLIANCE_LEAD, Role.MLRO, Role.PROGRAMME_MANAGER, Role.SUPPORT},
        "unfreeze": {Role.COMPLIANCE_LEAD, Role.MLRO, Role.PROGRAMME_MANAGER, Role.SUPPORT},
        "terminate": {Role.PROGRAMME_MANAGER}, "replace": {Role.PROGRAMME_MANAGER},
    }
    actor = staff(role)
    acts = {
        "freeze": lambda one: operations.freeze_card(card_id=one, reason="lost", by=actor, now=now()),
        "unfreeze": lambda one: operations.unfreeze_card(card_id=one, by=actor, now=now()),
        "terminate": lambda one: operations.terminate_card(card_id=one, reason="lost", by=actor, now=now()),
        "replace": lambda one: operations.replace_card(card_id=one, reason="lost", by=actor, now=now()),
    }
    for verb, act in acts.items():
        card = issue()
        if verb == "unfreeze":
            put_in(card, "FROZEN")
        if role in may[verb]:
            act(card_id(card))
        else:
            with pytest.raises(DomainError) as refusal:
                act(card_id(card))
            assert refusal.value.code == "permission_refused"


def test_a_suspicion_said_by_support_is_the_issuer_s(issue: IssueCard):
    card = issue()
    operations.freeze_card(card_id=card_id(card), reason="fraud_suspicion", by=staff(Role.SUPPORT), now=now())
    with pytest.raises(operations.FrozenByHigherHand):
        operations.unfreeze_card(card_id=card_id(card), by=staff(Role.SUPPORT), now=now())


def test_a_partner_cannot_speak_as_the_issuer(acme: PartnerClient, issue: IssueCard):
    card = issue()
    for reason in ("under_review", "fraud_suspicion", "screening_match"):
        assert acme.post(f"/v1/cards/{card['id']}/freeze", {"reason": reason}).status_code == 422
    assert acme.post(f"/v1/cards/{card['id']}/freeze", {"reason": "4111111111111111"}).status_code == 422


def test_a_frozen_card_cannot_be_replaced_past_a_higher_hand(acme: PartnerClient, issue: IssueCard):
    card = issue()
    frozen_by_the_issuer(card)
    for reason in ("lost", "damaged"):
        answer = acme.post(f"/v1/cards/{card['id']}/replace", {"reason": reason})
        assert (answer.status_code, answer.code) == (409, "frozen_by_higher_hand")


def test_cards_expire_when_their_last_day_is_over_at_home(acme: PartnerClient, issue: IssueCard):
    card = issue(expires_on=now().date().isoformat())
    other = issue()
    acme.post(f"/v1/cards/{card['id']}/freeze", {"reason": "lost"})
    midnight = datetime.combine(now().date() + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    system = Actor.system("cards.expire")
    assert operations.expire_due(by=system, now=midnight - timedelta(seconds=1)) == 0
    assert operations.expire_due(by=system, now=midnight) == 1
    shown = done(acme.get(f"/v1/cards/{card['id']}"))
    assert (shown["status"], shown["status_reason"], shown["frozen_by"]) == ("expired", "expired", None)
    assert row(other).status == "ACTIVE"
    assert operations.expire_due(by=system, now=midnight) == 0
    assert done(acme.get("/v1/events?type=card.expired"))["data"][0]["data"]["object"] == shown


def test_a_card_further_west_lives_longer(acme: PartnerClient, issue: IssueCard):
    card = issue(expires_on=now().date().isoformat())
    acme.programme.timezone = "America/New_York"
    acme.programme.save()
    midnight = datetime.combine(now().date() + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    assert operations.expire_due(by=STAGE_HAND, now=midnight) == 0
    assert operations.expire_due(by=STAGE_HAND, now=midnight + timedelta(hours=6)) == 1
    assert row(card).status == "EXPIRED"


def test_an_unknown_body_field_is_refused(acme: PartnerClient, issue: IssueCard):
    card = issue()
    for verb in ("activate", "freeze", "unfreeze", "terminate"):
        assert acme.post(f"/v1/cards/{card['id']}/{verb}", {"colour": "red"}).status_code == 422
    assert made(acme.post(f"/v1/cards/{card['id']}/replace", {"reason": "lost"}))["replaces"] == card["id"]
