"""Roles and four eyes: who may, where, until when; and that nobody does it alone."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import IllegalMove, NotFound, PermissionRefused, StaleState
from issuing_portal.events.models import Event
from issuing_portal.staff import operations, proposals
from issuing_portal.staff.models import Grant, Proposal, Role, User
from issuing_portal.staff.operations.grants import BeyondYourOwn
from issuing_portal.staff.operations.people import LastAdministrator, NotYourself
from issuing_portal.staff.proposals import EvidenceStale, FourEyes, MakerGone, PayloadChanged, ProposalExpired
from issuing_portal.staff.queries import StepUpNeeded, may, programmes_of
from issuing_portal.staff.roles import ALL_VERBS, VERBS
from tests.people import STAGE, by, person, roleless

pytestmark = pytest.mark.django_db


@pytest.fixture
def adam() -> User:
    return person(Role.ADMINISTRATOR)


@pytest.fixture
def eva() -> User:
    return person(Role.ADMINISTRATOR, email="eva@issuing.test", name="Eva Administrator")


def proposed(maker: User, user: User, role: Role = Role.ANALYST, **changes) -> Proposal:
    wanted = {"programme_ids": None, "valid_until": None, "reason": "joins the team"} | changes
    return operations.propose_grant(user_id=user.pk, role=role, by=by(maker), now=timezone.now(), **wanted)


def approved(proposal: Proposal, checker: User, **changes):
    wanted = {"payload_hash": proposal.payload_hash} | changes
    return proposals.approve_proposal(proposal_id=proposal.pk, by=by(checker), now=timezone.now(), **wanted)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_every_role_has_verbs_and_administrators_see_no_papers():
    assert set(VERBS) == set(Role.values)
    assert not {"kyc.read", "personal.read", "cardholders.read", "cards.read"} & VERBS[Role.ADMINISTRATOR]
    assert all(verb.endswith((".read", ".export", ".verify")) for role in (Role.AUDITOR, Role.EXTERNAL_AUDITOR) for verb in VERBS[role])
    assert "personal.read" not in VERBS[Role.SUPPORT] | VERBS[Role.EXTERNAL_AUDITOR]
    assert len(ALL_VERBS) > 50


def test_a_grant_counts_in_its_programmes_only():
    here, there = uuid4(), uuid4()
    pia = person(Role.PROGRAMME_MANAGER, [here])
    assert may(pia, "cards.freeze", here) and may(pia, "cards.freeze") and not may(pia, "cards.freeze", there)
    assert programmes_of(pia, "cards.freeze") == {here} and programmes_of(pia, "kyc.read") == set()
    assert programmes_of(person(Role.FINANCE), "accounts.fund") is None


def test_a_grant_counts_until_its_instant_and_never_for_the_deactivated():
    sue = person(Role.SUPPORT)
    Grant.objects.filter(user=sue).update(valid_until=timezone.now() - timedelta(seconds=1))
    assert not fresh(sue).may("cards.read")
    Grant.objects.filter(user=sue).update(valid_until=timezone.now() + timedelta(hours=1))
    assert fresh(sue).may("cards.read")
    User.objects.filter(pk=sue.pk).update(is_active=False)
    assert not fresh(sue).may("cards.read")


def test_two_administrators_give_a_role_and_the_person_is_signed_out(adam, eva):
    nora = roleless()
    proposal = proposed(adam, nora)
    assert not fresh(nora).may("kyc.read")
    grant = approved(proposal, eva).result
    assert fresh(nora).may("kyc.read") and (grant.given_by_id, grant.approved_by_id) == (adam.pk, eva.pk)
    assert fresh(nora).session_version == nora.session_version + 1
    assert [event.actor["id"] for event in Event.objects.filter(type__in=["proposal.made", "grant.given", "proposal.approved"]).order_by("id")] == [
        str(adam.pk), str(eva.pk), str(eva.pk)]


def test_the_maker_cannot_approve_nor_refuse(adam, eva):
    proposal = proposed(adam, roleless())
    with pytest.raises(FourEyes):
        approved(proposal, adam)
    with pytest.raises(FourEyes):
        proposals.refuse_proposal(proposal_id=proposal.pk, reason="no", by=by(adam), now=timezone.now())
    assert not Grant.objects.filter(role=Role.ANALYST).exists()


def test_nobody_grants_to_themselves_neither_as_maker_nor_as_checker(adam, eva):
    with pytest.raises(NotYourself):
        proposed(adam, adam)
    with pytest.raises(NotYourself):
        approved(proposed(adam, eva), eva)
    assert not Grant.objects.filter(role=Role.ANALYST).exists()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_no_other_role_proposes_or_approves_a_grant(adam, role):
    other = person(role)
    with pytest.raises(PermissionRefused):
        proposed(other, roleless())
    with pytest.raises(PermissionRefused):
        approved(proposed(adam, roleless()), other)


def test_a_sensitive_verb_asks_for_the_second_factor_again(adam):
    with pytest.raises(StepUpNeeded):
        operations.propose_grant(user_id=roleless().pk, role=Role.ANALYST, programme_ids=None, valid_until=None, reason="x",
                                 by=by(adam, stepped_up=False), now=timezone.now())


def test_an_administrator_of_one_programme_gives_nothing_beyond_it(eva):
    here, there = uuid4(), uuid4()
    pete = person(Role.ADMINISTRATOR, [here], email="pete@issuing.test")
    nora = roleless()
    for programmes in (None, [there], [here, there]):
        with pytest.raises(BeyondYourOwn):
            proposed(pete, nora, programme_ids=programmes)
    with pytest.raises(BeyondYourOwn):
        approved(proposed(eva, nora), pete)
    assert approved(proposed(pete, nora, programme_ids=[here]), eva).result.programme_ids == [here]


def test_only_the_payload_that_was_seen_can_be_approved(adam, eva):
    proposal = proposed(adam, roleless())
    with pytest.raises(PayloadChanged):
        approved(proposal, eva, payload_hash="0" * 64)
    Proposal.objects.filter(pk=proposal.pk).update(payload=proposal.payload | {"role": "administrator"})
    with pytest.raises(PayloadChanged):
        approved(proposal, eva)


def test_stale_evidence_is_refused_and_named(adam, eva):
    nora = roleless()
    first, second = proposed(adam, nora), proposed(adam, nora, Role.SUPPORT)
    approved(first, eva)
    with pytest.raises(EvidenceStale, match="roles held"):
        approved(second, eva)


def test_a_proposal_is_decided_once_and_in_time(adam, eva):
    proposal = proposed(adam, roleless())
    approved(proposal, eva)
    with pytest.raises(IllegalMove):
        approved(proposal, eva)
    late = proposed(adam, person(Role.SUPPORT, email="late@issuing.test"))
    with pytest.raises(ProposalExpired):
        proposals.approve_proposal(proposal_id=late.pk, payload_hash=late.payload_hash, by=by(eva), now=late.expires_at)
    assert late.expires_at - late.created_at == timedelta(hours=72)


def test_what_a_deactivated_maker_proposed_is_not_approved(adam, eva):
    proposal = proposed(adam, roleless())
    User.objects.filter(pk=adam.pk).update(is_active=False)
    with pytest.raises(MakerGone):
        approved(proposal, eva)


def test_a_refusal_keeps_its_words_and_changes_nothing(adam, eva):
    proposal = proposed(adam, roleless())
    proposals.refuse_proposal(proposal_id=proposal.pk, reason="not on my watch", by=by(eva), now=timezone.now())
    proposal.refresh_from_db()
    assert (proposal.status, proposal.decision_note, proposal.checker_id) == ("REFUSED", "not on my watch", eva.pk)
    assert not Grant.objects.filter(role=Role.ANALYST).exists()


def test_no_card_number_stays_in_words(adam, eva):
    proposal = proposed(adam, roleless(), reason="asked by the holder of 4111 1111 1111 1111")
    proposals.refuse_proposal(proposal_id=proposal.pk, reason="4111111111111111 is closed", by=by(eva), now=timezone.now())
    kept = Proposal.objects.get(pk=proposal.pk)
    assert "1111" not in kept.reason + kept.decision_note and "[card number]" in kept.reason


def test_a_proposal_seen_before_somebody_else_decided_does_not_move_again(adam, eva):
    proposal = proposed(adam, roleless())
    stale = Proposal.objects.get(pk=proposal.pk)
    approved(proposal, eva)
    with pytest.raises(StaleState):
        stale.move_to("REFUSED", now=timezone.now(), checker_id=eva.pk)


def test_a_role_is_taken_back_by_two(adam, eva):
    sue = person(Role.SUPPORT)
    grant = sue.grants.get()
    proposal = operations.propose_revocation(grant_id=grant.pk, reason="moved on", by=by(adam), now=timezone.now())
    assert fresh(sue).may("cards.read")
    approved(proposal, eva)
    assert not fresh(sue).may("cards.read") and Event.objects.filter(type="grant.revoked", subject_id=grant.pk).exists()


def test_the_last_administrator_of_everything_stays(adam, eva):
    operations.deactivate_user(user_id=eva.pk, reason="left us", by=by(adam), now=timezone.now())
    with pytest.raises(LastAdministrator):
        pete = person(Role.ADMINISTRATOR, [uuid4()], email="pete@issuing.test")
        operations.deactivate_user(user_id=adam.pk, reason="left us", by=by(pete), now=timezone.now())


def test_deactivation_shuts_out_at_once(adam):
    sue = person(Role.SUPPORT)
    with pytest.raises(PermissionRefused):
        operations.deactivate_user(user_id=adam.pk, reason="ha", by=by(sue), now=timezone.now())
    with pytest.raises(NotYourself):
        operations.deactivate_user(user_id=adam.pk, reason="ha", by=by(adam), now=timezone.now())
    operations.deactivate_user(user_id=sue.pk, reason="left us", by=by(adam), now=timezone.now())
    assert not fresh(sue).is_active and not fresh(sue).may("cards.read")
    with pytest.raises(NotFound):
        operations.deactivate_user(user_id=uuid4(), reason="who", by=by(adam), now=timezone.now())


def test_a_factor_reset_needs_two_and_voids_everything(adam, eva):
    sue = person(Role.SUPPORT)
    proposal = operations.propose_factor_reset(user_id=sue.pk, reason="lost her phone", by=by(adam), now=timezone.now())
    with pytest.raises(FourEyes):
        approved(proposal, adam)
    shown = approved(proposal, eva).result
    after = fresh(sue)
    assert shown.secret.startswith("/staff/invitations/") and after.state == "INVITED"
    assert not after.has_usable_password() and after.session_version == sue.session_version + 1
    assert not hasattr(after, "authenticator") and not after.authenticator_set.exists() and not after.recoverycodes_set.exists()


def test_the_sweep_ends_grants_and_proposals_by_their_dates(adam):
    now, sue = timezone.now(), person(Role.SUPPORT)
    Grant.objects.filter(user=sue).update(valid_until=now)
    proposal = proposed(adam, roleless())
    Proposal.objects.filter(pk=proposal.pk).update(expires_at=now)
    assert operations.end_what_is_over(by=STAGE, now=now) == (1, 1)
    assert operations.end_what_is_over(by=STAGE, now=now) == (0, 0)
    assert Proposal.objects.get(pk=proposal.pk).status == "EXPIRED" and sue.grants.get().revoked_at == now
    assert fresh(sue).session_version == sue.session_version + 1


def test_a_partner_cannot_propose(adam):
    stranger = Actor(kind="api_key", id=uuid4(), label="Acme", channel="api")
    with pytest.raises(proposals.StaffOnly):
        proposals.propose(verb="staff.reset_factor", subject=adam, summary="x", payload={"user": str(adam.pk)}, reason="x", by=stranger,
                          now=timezone.now())


@pytest.mark.parametrize(("constraint", "change"), [
    ("proposal_four_eyes", "checker_id = maker_id"), ("proposal_checked", "status = 'APPROVED'"), ("proposal_status_known", "status = 'MAYBE'")])
def test_the_database_itself_holds_four_eyes_for_proposals(adam, constraint, change):
    proposal = proposed(adam, roleless())
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE staff_proposal SET {change} WHERE id = %s", [proposal.pk])


@pytest.mark.parametrize(("constraint", "change"), [
    ("grant_not_to_oneself", "given_by_id = user_id"), ("grant_not_to_oneself", "approved_by_id = user_id"),
    ("grant_four_eyes", "given_by_id = (SELECT id FROM staff_user WHERE email = 'eva@issuing.test'), "
                        "approved_by_id = (SELECT id FROM staff_user WHERE email = 'eva@issuing.test')"),
    ("grant_role_known", "role = 'god'")])
def test_the_database_itself_holds_four_eyes_for_grants(adam, eva, constraint, change):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE staff_grant SET {change} WHERE user_id = %s", [adam.pk])
