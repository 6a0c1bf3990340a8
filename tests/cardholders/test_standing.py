"""What a cardholder may do: the table of states, whose hand stops and lifts, and what is said of it outside."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from cardholders import operations, queries
from cardholders.models import Cardholder, CardholderStatus, Hand, KycStatus
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, IllegalMove, PermissionRefused, StaleState
from issuing_portal.core.ids import parse_id
from issuing_portal.events.models import Event
from issuing_portal.partners.models import Programme
from tests.cardholders.staff import member
from tests.cardholders.test_registration import new_business
from tests.characters import STAGE_HAND, PartnerClient, done, made

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEGAL = {
    ("PENDING", "ACTIVE"), ("PENDING", "SUSPENDED"), ("PENDING", "CLOSED"),
    ("ACTIVE", "RESTRICTED"), ("ACTIVE", "SUSPENDED"), ("ACTIVE", "CLOSED"),
    ("RESTRICTED", "ACTIVE"), ("RESTRICTED", "SUSPENDED"), ("RESTRICTED", "CLOSED"),
    ("SUSPENDED", "ACTIVE"), ("SUSPENDED", "RESTRICTED"), ("SUSPENDED", "PENDING"), ("SUSPENDED", "CLOSED"),
}
WHY = {"code": "fraud_suspicion", "reason": "Forty taps in one minute"}


def uuid_of(shown: dict[str, Any]) -> UUID:
    found = parse_id("cardholder", shown["id"])
    assert found is not None
    return found


def row(shown: dict[str, Any]) -> Cardholder:
    return Cardholder.objects.select_related("programme", "business").get(pk=uuid_of(shown))


def approve(shown: dict[str, Any]) -> None:
    operations.mark_kyc(cardholder_id=uuid_of(shown), kyc_status=KycStatus.APPROVED, by=STAGE_HAND, now=NOW)


def approved(acme: PartnerClient, **changes: Any) -> dict[str, Any]:
    shown = acme.cardholder(**changes)
    approve(shown)
    return done(acme.get(f"/v1/cardholders/{shown['id']}"))


@pytest.mark.parametrize(("old", "new"), list(product(CardholderStatus.values, repeat=2)))
def test_every_pair_of_states(acme: PartnerClient, old: str, new: str) -> None:
    shown = acme.cardholder()
    Cardholder.objects.filter(pk=uuid_of(shown)).update(status=old, suspended_by="partner", restricted_by="programme")
    cardholder = row(shown)
    if (old, new) in LEGAL:
        cardholder.move_to(new, now=NOW)
        assert row(shown).status == new
    else:
        with pytest.raises(IllegalMove):
            cardholder.move_to(new, now=NOW)
        assert row(shown).status == old


def test_of_two_who_saw_the_same_state_one_comes_too_late(acme: PartnerClient) -> None:
    shown = approved(acme)
    first, second = row(shown), row(shown)
    first.move_to("CLOSED", now=NOW)
    with pytest.raises(StaleState):
        second.move_to("RESTRICTED", now=NOW, restricted_by="programme")


def test_the_partner_suspends_and_reactivates_its_own(acme: PartnerClient) -> None:
    shown = approved(acme)
    assert (shown["status"], shown["requirements"]["disabled_reason"]) == ("active", None)
    shown = done(acme.post(f"/v1/cardholders/{shown['id']}/suspend", {"reason": "phone lost"}))
    assert (shown["status"], shown["requirements"]["disabled_reason"]) == ("suspended", "suspended_by_partner")
    again = acme.post(f"/v1/cardholders/{shown['id']}/suspend")
    assert (again.status_code, again.code) == (409, "illegal_state")
    shown = done(acme.post(f"/v1/cardholders/{shown['id']}/reactivate"))
    assert (shown["status"], shown["requirements"]["disabled_reason"]) == ("active", None)
    types = list(Event.objects.filter(subject_id=uuid_of(shown)).order_by("id").values_list("type", "reason"))
    assert types == [("cardholder.created", ""), ("cardholder.activated", ""), ("cardholder.suspended", "phone lost"), ("cardholder.activated", "")]


def test_reactivating_what_was_never_approved_leads_back_to_pending(acme: PartnerClient) -> None:
    shown = acme.cardholder()
    refused = acme.post(f"/v1/cardholders/{shown['id']}/reactivate")
    assert (refused.status_code, refused.code) == (409, "kyc_incomplete")
    done(acme.post(f"/v1/cardholders/{shown['id']}/suspend"))
    assert done(acme.post(f"/v1/cardholders/{shown['id']}/reactivate"))["status"] == "pending"


def test_an_approval_does_not_lift_a_suspension(acme: PartnerClient) -> None:
    shown = acme.cardholder()
    done(acme.post(f"/v1/cardholders/{shown['id']}/suspend"))
    approve(shown)
    shown = done(acme.get(f"/v1/cardholders/{shown['id']}"))
    assert (shown["status"], shown["kyc_status"]) == ("suspended", "approved")
    assert done(acme.post(f"/v1/cardholders/{shown['id']}/reactivate"))["status"] == "active"


def test_closed_is_final(acme: PartnerClient) -> None:
    shown = approved(acme)
    shown = done(acme.post(f"/v1/cardholders/{shown['id']}/close", {"reason": "left us"}))
    assert (shown["status"], shown["requirements"]["disabled_reason"]) == ("closed", "closed")
    for verb in ("suspend", "reactivate", "close"):
        assert acme.post(f"/v1/cardholders/{shown['id']}/{verb}").status_code == 409
    patched = acme.patch(f"/v1/cardholders/{shown['id']}", {"purpose": "travel"})
    assert (patched.status_code, patched.code) == (409, "cardholder_closed")


ACTORS: dict[Hand, Callable[[PartnerClient], Actor]] = {
    Hand.CARDHOLDER: lambda acme: Actor(kind="cardholder", id=None, label="Ada", channel="api"),
    Hand.PARTNER: lambda acme: Actor(kind="api_key", id=None, label="key", channel="api", partner_id=acme.partner.id, livemode=False),
    Hand.PROGRAMME: lambda acme: member("programme_manager"),
    Hand.ISSUER: lambda acme: member("compliance_lead"),
}


@pytest.mark.parametrize(("stops", "lifts"), list(product(Hand, repeat=2)))
def test_only_the_same_or_a_higher_hand_lifts(acme: PartnerClient, stops: Hand, lifts: Hand) -> None:
    shown = approved(acme)
    operations.suspend_cardholder(cardholder_id=uuid_of(shown), by=ACTORS[stops](acme), now=NOW, **WHY)
    assert row(shown).suspended_by == stops
    lift = {"cardholder_id": uuid_of(shown), "by": ACTORS[lifts](acme), "now": NOW}
    if lifts.outranks_or_equals(stops):
        operations.reactivate_cardholder(**lift)
        assert (row(shown).status, row(shown).suspended_by) == ("ACTIVE", "")
    else:
        with pytest.raises(operations.SuspendedByHigherHand):
            operations.reactivate_cardholder(**lift)
        assert row(shown).status == "SUSPENDED"


def test_a_higher_hand_takes_a_suspension_over_and_a_lower_one_does_not(acme: PartnerClient) -> None:
    shown = approved(acme)
    done(acme.post(f"/v1/cardholders/{shown['id']}/suspend"))
    operations.suspend_cardholder(cardholder_id=uuid_of(shown), by=member("mlro"), now=NOW, **WHY)
    refused = acme.post(f"/v1/cardholders/{shown['id']}/reactivate")
    assert (refused.status_code, refused.code) == (409, "suspended_by_higher_hand")
    with pytest.raises(IllegalMove):
        operations.suspend_cardholder(cardholder_id=uuid_of(shown), by=member("programme_manager"), now=NOW, **WHY)
    assert row(shown).suspended_by == Hand.ISSUER


def test_a_suspension_lifted_does_not_wash_off_a_restriction(acme: PartnerClient) -> None:
    shown = approved(acme)
    operations.restrict_cardholder(cardholder_id=uuid_of(shown), by=member("compliance_lead"), now=NOW, **WHY)
    done(acme.post(f"/v1/cardholders/{shown['id']}/suspend"))
    shown = done(acme.post(f"/v1/cardholders/{shown['id']}/reactivate"))
    assert (shown["status"], shown["requirements"]["disabled_reason"]) == ("restricted", "under_review")
    refused = acme.post(f"/v1/cardholders/{shown['id']}/reactivate")
    assert (refused.status_code, refused.code) == (409, "restricted_by_higher_hand")
    operations.reactivate_cardholder(cardholder_id=uuid_of(shown), reason="cleared", by=member("compliance_lead"), now=NOW)
    assert (row(shown).status, row(shown).restricted_by) == ("ACTIVE", "")


def test_whatever_compliance_did_looks_the_same_outside(acme: PartnerClient) -> None:
    told = []
    for code in ("fraud_suspicion", "screening", "kyc_concern"):
        shown = approved(acme)
        operations.suspend_cardholder(cardholder_id=uuid_of(shown), code=code, reason=f"Because of {code}", by=member("compliance_lead"), now=NOW)
        shown = done(acme.get(f"/v1/cardholders/{shown['id']}"))
        event = Event.objects.get(subject_id=uuid_of(shown), type="cardholder.suspended")
        changing = {"id", "created_at", "updated_at"}
        told.append(({k: v for k, v in shown.items() if k not in changing}, {k: v for k, v in event.data.items() if k not in changing}))
        assert code not in str(shown) + str(event.data)
        assert event.internal == {"code": code, "hand": "issuer"}
    assert told[0] == told[1] == told[2]
    assert told[0][0]["requirements"]["disabled_reason"] == "under_review"


@pytest.mark.parametrize("role", ["analyst", "support", "auditor", "finance", "administrator", "fulfilment_operator"])
def test_roles_without_the_verb_change_nothing(acme: PartnerClient, role: str) -> None:
    shown = approved(acme)
    common = {"cardholder_id": uuid_of(shown), "by": member(role), "now": NOW}
    for act in (operations.suspend_cardholder, operations.restrict_cardholder, operations.close_cardholder):
        with pytest.raises(PermissionRefused):
            act(**common, **WHY)
    assert row(shown).status == "ACTIVE"


def test_staff_of_another_programme_change_nothing(acme: PartnerClient, globex: PartnerClient) -> None:
    shown = approved(acme)
    with pytest.raises(PermissionRefused):
        operations.suspend_cardholder(cardholder_id=uuid_of(shown), by=member("compliance_lead", globex.programme.id), now=NOW, **WHY)
    assert row(shown).status == "ACTIVE"


def test_the_database_holds_that_a_stop_has_a_hand(acme: PartnerClient) -> None:
    shown = approved(acme)
    for status in ("SUSPENDED", "RESTRICTED"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Cardholder.objects.filter(pk=uuid_of(shown)).update(status=status)


def blockers(shown: dict[str, Any]) -> list[str]:
    return [blocker.code for blocker in queries.card_blockers(row(shown))]


def test_what_blocks_a_card_of_a_person(acme: PartnerClient) -> None:
    shown = acme.cardholder()
    assert blockers(shown) == ["kyc_incomplete"]
    approve(shown)
    assert blockers(shown) == []
    operations.restrict_cardholder(cardholder_id=uuid_of(shown), by=member("compliance_lead"), now=NOW, **WHY)
    assert blockers(shown) == ["cardholder_restricted"]
    done(acme.post(f"/v1/cardholders/{shown['id']}/suspend"))
    assert blockers(shown) == ["cardholder_not_active"]


@pytest.mark.parametrize("policy", ["full_kyc", "screening_only"])
def test_what_blocks_a_card_of_a_card_user(acme: PartnerClient, policy: str) -> None:
    Programme.objects.update(card_user_policy=policy)
    business = made(acme.post("/v1/cardholders", new_business(acme.programme_id)))
    user = acme.cardholder(business=business["id"])
    assert blockers(user) == ["kyc_incomplete"] * (2 if policy == "full_kyc" else 1)
    approve(business)
    assert blockers(user) == (["kyc_incomplete"] if policy == "full_kyc" else [])
    if policy == "full_kyc":
        approve(user)
    assert blockers(user) == []
    done(acme.post(f"/v1/cardholders/{business['id']}/suspend"))
    assert blockers(user) == ["cardholder_not_active"], "a suspended business stops all its users"
    assert row(user).status == "ACTIVE", "they themselves are not touched"


def test_a_change_of_identity_after_approval_is_marked_for_review(acme: PartnerClient) -> None:
    shown = approved(acme)
    done(acme.patch(f"/v1/cardholders/{shown['id']}", {"individual": {"last_name": "Byron"}}))
    done(acme.patch(f"/v1/cardholders/{shown['id']}", {"purpose": "travel"}))
    updates = Event.objects.filter(subject_id=uuid_of(shown), type="cardholder.updated").order_by("id")
    assert [event.internal for event in updates] == [{"changed": ["last_name"], "review_due": True}, {"changed": ["purpose"], "review_due": False}]


def test_kyc_pushes_only_its_own_entries(acme: PartnerClient) -> None:
    shown = acme.cardholder()
    operations.set_requirements(cardholder_id=uuid_of(shown), requirements=["kyc_case.requested_information"], by=STAGE_HAND, now=NOW)
    assert row(shown).currently_due == ["kyc_case.requested_information"]
    with pytest.raises(ValueError, match="own entries"):
        operations.set_requirements(cardholder_id=uuid_of(shown), requirements=["email"], by=STAGE_HAND, now=NOW)


def test_two_suspensions_at_once_end_in_one(acme: PartnerClient, committed_db: None) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection
    shown = approved(acme)

    def suspend(_: int) -> str:
        try:
            operations.suspend_cardholder(cardholder_id=uuid_of(shown), by=ACTORS[Hand.PARTNER](acme), now=NOW, **WHY)
            return "done"
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(suspend, range(4)))
    assert answers == ["done", "illegal_state", "illegal_state", "illegal_state"]
    assert Event.objects.filter(subject_id=uuid_of(shown), type="cardholder.suspended").count() == 1
