"""A KYC case over /v1 and by staff: the table of states, what each verdict pushes down, what is said outside."""

from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from cardholders.models import Cardholder
from issuing_portal.core.errors import DomainError, IllegalMove, InvalidInput, PermissionRefused
from issuing_portal.core.ids import parse_id
from issuing_portal.events.models import Event
from kyc import operations, policy
from kyc.models import OPEN_STATUSES, Case, CaseStatus
from kyc.operations import Rejection, Verdict
from tests.cardholders.staff import member
from tests.characters import STAGE_HAND, PartnerClient, done, made

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEGAL = {
    ("DRAFT", "SUBMITTED"), ("DRAFT", "CLOSED"), ("SUBMITTED", "IN_REVIEW"), ("SUBMITTED", "AWAITING_APPLICANT"), ("SUBMITTED", "CLOSED"),
    ("IN_REVIEW", "AWAITING_APPLICANT"), ("IN_REVIEW", "AWAITING_SECOND_APPROVAL"), ("IN_REVIEW", "CLOSED"),
    ("AWAITING_APPLICANT", "IN_REVIEW"), ("AWAITING_APPLICANT", "CLOSED"),
    ("AWAITING_SECOND_APPROVAL", "IN_REVIEW"), ("AWAITING_SECOND_APPROVAL", "CLOSED"),
}
LEAD = member("compliance_lead")


def uuid_of(case: dict[str, Any]) -> UUID:
    found = parse_id("kyc_case", case["id"])
    assert found is not None
    return found


def opened(acme: PartnerClient, **changes: Any) -> dict[str, Any]:
    return made(acme.post("/v1/kyc_cases", {"cardholder": acme.cardholder(**changes)["id"]}))


def submitted(acme: PartnerClient) -> dict[str, Any]:
    return done(acme.post(f"/v1/kyc_cases/{opened(acme)['id']}/submit"))


def shown(acme: PartnerClient, case: dict[str, Any]) -> dict[str, Any]:
    return done(acme.get(f"/v1/kyc_cases/{case['id']}"))


def subject(acme: PartnerClient, case: dict[str, Any]) -> tuple[str, str, list[str]]:
    """Status, kyc_status and what is due of the case's cardholder."""
    found = done(acme.get(f"/v1/cardholders/{case['cardholder']}"))
    return found["status"], found["kyc_status"], found["requirements"]["currently_due"]


def say(case: dict[str, Any], kind: str, **more: Any) -> None:
    operations.sandbox_verdict(case_id=uuid_of(case), verdict=Verdict(kind, **more), by=STAGE_HAND, now=NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(("old", "new"), list(product(CaseStatus.values, repeat=2)))
def test_every_pair_of_states(acme: PartnerClient, old: str, new: str) -> None:
    case = opened(acme)
    Case.objects.filter(pk=uuid_of(case)).update(status=old, outcome="WITHDRAWN" if old == "CLOSED" else "")
    row = Case.objects.get(pk=uuid_of(case))
    also = {"outcome": "WITHDRAWN"} if new == "CLOSED" else {}
    if (old, new) in LEGAL:
        row.move_to(new, now=NOW, **also)
        assert Case.objects.get(pk=row.pk).status == new
    else:
        with pytest.raises(IllegalMove):
            row.move_to(new, now=NOW, **also)
        assert Case.objects.get(pk=row.pk).status == old


def test_from_draft_to_approved_by_staff(acme: PartnerClient) -> None:
    case = opened(acme)
    assert {name: case[name] for name in ("object", "kind", "status", "outcome", "reasons", "documents", "requested_information")} == {
        "object": "kyc_case", "kind": "onboarding", "status": "draft", "outcome": None, "reasons": [], "documents": [], "requested_information": []}
    assert subject(acme, case) == ("pending", "not_started", ["kyc_case"])
    assert Case.objects.get().policy_version == policy.POLICY_VERSION
    case = done(acme.post(f"/v1/kyc_cases/{case['id']}/submit"))
    assert case["status"] == "submitted" and subject(acme, case) == ("pending", "pending", [])
    operations.take_into_review(case_id=uuid_of(case), by=LEAD, now=NOW)
    operations.approve_case(case_id=uuid_of(case), reason="All in order", by=LEAD, now=NOW)
    assert (shown(acme, case)["status"], shown(acme, case)["outcome"]) == ("closed", "approved")
    assert subject(acme, case) == ("active", "approved", [])
    told = Event.objects.filter(subject_id=uuid_of(case)).order_by("id").values_list("type", "staff_only", "reason")
    assert list(told) == [("kyc_case.opened", False, ""), ("kyc_case.submitted", False, ""), ("kyc_case.taken", True, ""),
                          ("kyc_case.approved", False, "All in order")]
    assert Event.objects.get(type="kyc_case.approved").data == shown(acme, case)
    again = acme.post("/v1/kyc_cases", {"cardholder": case["cardholder"]})
    assert (again.status_code, again.code) == (409, "kyc_already_approved")


def test_nothing_is_submitted_while_facts_are_due(acme: PartnerClient) -> None:
    case = opened(acme, individual={"first_name": "Ada", "last_name": "Lovelace"})
    refused = acme.post(f"/v1/kyc_cases/{case['id']}/submit")
    assert (refused.status_code, refused.code) == (409, "requirements_due")
    assert "individual.date_of_birth, individual.nationalities." in refused.json()["detail"]
    done(acme.patch(f"/v1/cardholders/{case['cardholder']}", {"individual": {"date_of_birth": "1990-12-10", "nationalities": ["GB"]}}))
    assert done(acme.post(f"/v1/kyc_cases/{case['id']}/submit"))["status"] == "submitted"


def test_a_cardholder_has_one_open_case(acme: PartnerClient) -> None:
    case = opened(acme)
    again = acme.post("/v1/kyc_cases", {"cardholder": case["cardholder"]})
    assert (again.status_code, again.code) == (409, "kyc_case_open")
    assert done(acme.post(f"/v1/kyc_cases/{case['id']}/withdraw"))["outcome"] == "withdrawn"
    assert subject(acme, case) == ("pending", "not_started", ["kyc_case"])
    assert acme.post(f"/v1/kyc_cases/{case['id']}/withdraw").status_code == 409
    made(acme.post("/v1/kyc_cases", {"cardholder": case["cardholder"]}))


def test_questions_and_answers(acme: PartnerClient) -> None:
    case = submitted(acme)
    operations.take_into_review(case_id=uuid_of(case), by=LEAD, now=NOW)
    operations.request_information(case_id=uuid_of(case), requests=["proof_of_address"], reason="Bill is of 2019", by=LEAD, now=NOW)
    asked = shown(acme, case)
    assert asked["status"] == "awaiting_applicant"
    assert asked["requested_information"] == [{"code": "proof_of_address", "text": policy.REQUESTS["proof_of_address"]}]
    assert subject(acme, case) == ("pending", "pending", ["kyc_case.requested_information"])
    done(acme.patch(f"/v1/cardholders/{case['cardholder']}", {"purpose": "travel"}))
    assert subject(acme, case)[2] == ["kyc_case.requested_information"], "a patch is no answer to kyc"
    answered = done(acme.post(f"/v1/kyc_cases/{case['id']}/submit"))
    assert (answered["status"], answered["requested_information"]) == ("in_review", [])
    assert subject(acme, case) == ("pending", "pending", [])


def test_a_retry_may_come_again_and_a_final_no_may_not(acme: PartnerClient) -> None:
    case = opened(acme)
    say(case, "reject", reasons=["document_unreadable"])
    told = shown(acme, case)
    assert (told["outcome"], told["retry_allowed"], told["reasons"]) == (
        "rejected", True, [{"code": "document_unreadable", "text": policy.REASONS["document_unreadable"]}])
    assert subject(acme, case) == ("pending", "rejected", ["kyc_case"])
    second = made(acme.post("/v1/kyc_cases", {"cardholder": case["cardholder"]}))
    done(acme.post(f"/v1/kyc_cases/{second['id']}/withdraw"))
    assert subject(acme, case) == ("pending", "rejected", ["kyc_case"])
    third = made(acme.post("/v1/kyc_cases", {"cardholder": case["cardholder"]}))
    say(third, "reject", rejection=Rejection.FINAL)
    assert subject(acme, case) == ("pending", "rejected", [])
    refused = acme.post("/v1/kyc_cases", {"cardholder": case["cardholder"]})
    assert (refused.status_code, refused.code) == (409, "kyc_rejected_finally")


def test_confidential_reasons_look_like_one_another_outside(acme: PartnerClient) -> None:
    told = []
    for code in policy.CONFIDENTIAL:
        case = submitted(acme)
        operations.take_into_review(case_id=uuid_of(case), by=LEAD, now=NOW)
        operations.reject_case(case_id=uuid_of(case), rejection=Rejection.FINAL, reasons=[code], reason=f"seen: {code}", by=LEAD, now=NOW)
        event = Event.objects.get(subject_id=uuid_of(case), type="kyc_case.rejected")
        assert code not in str(shown(acme, case)) + str(event.data) and event.internal == {"reasons": [code]}
        told.append(shown(acme, case)["reasons"])
    assert told == [[{"code": "declined_by_issuer", "text": "The issuer has declined this application."}]] * len(told)


@pytest.mark.parametrize("status", OPEN_STATUSES)
@pytest.mark.parametrize("kind", ["approve", "reject", "request_information"])
def test_the_sandbox_decides_any_open_case(acme: PartnerClient, status: str, kind: str) -> None:
    case = opened(acme, individual={"first_name": "Ada", "last_name": "Lovelace"})
    Case.objects.filter(pk=uuid_of(case)).update(status=status)
    say(case, kind)
    expected = {"approve": ("closed", "approved"), "reject": ("closed", "rejected"), "request_information": ("awaiting_applicant", None)}
    told = shown(acme, case)
    assert (told["status"], told["outcome"]) == expected[kind]
    assert subject(acme, case)[0] == ("active" if kind == "approve" else "pending")


def test_the_sandbox_decides_no_live_and_no_closed_case(acme: PartnerClient) -> None:
    assert acme.live is not None
    live = opened(acme.live)
    with pytest.raises(operations.LiveCase):
        say(live, "approve")
    case = opened(acme)
    say(case, "approve")
    with pytest.raises(IllegalMove):
        say(case, "reject")
    with pytest.raises(InvalidInput):
        say(opened(acme), "reject", reasons=["bad hair"])


def test_an_approval_of_a_suspended_cardholder_lifts_nothing(acme: PartnerClient) -> None:
    case = opened(acme)
    done(acme.post(f"/v1/cardholders/{case['cardholder']}/suspend"))
    say(case, "approve")
    assert subject(acme, case) == ("suspended", "approved", [])


def test_no_case_for_a_closed_cardholder(acme: PartnerClient) -> None:
    case = opened(acme)
    done(acme.post(f"/v1/cardholders/{case['cardholder']}/close"))
    assert acme.post(f"/v1/kyc_cases/{case['id']}/submit").code == "cardholder_closed"
    done(acme.post(f"/v1/kyc_cases/{case['id']}/withdraw"))
    assert acme.post("/v1/kyc_cases", {"cardholder": case["cardholder"]}).code == "cardholder_closed"


@pytest.mark.parametrize("role", ["programme_manager", "support", "auditor", "finance", "administrator"])
def test_only_compliance_decides(acme: PartnerClient, role: str) -> None:
    case = submitted(acme)
    operations.take_into_review(case_id=uuid_of(case), by=LEAD, now=NOW)
    stranger = member(role)
    for act in (
        lambda: operations.approve_case(case_id=uuid_of(case), reason="fine", by=stranger, now=NOW),
        lambda: operations.reject_case(case_id=uuid_of(case), rejection=Rejection.RETRY, reasons=["document_expired"], reason="no", by=stranger,
                                       now=NOW),
        lambda: operations.request_information(case_id=uuid_of(case), requests=["ownership"], by=stranger, now=NOW),
    ):
        with pytest.raises(PermissionRefused):
            act()
    assert shown(acme, case)["status"] == "in_review"


def test_where_two_approvals_are_asked_the_second_is_somebody_else(acme: PartnerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "approvals_needed", lambda version: 2)
    case = submitted(acme)
    operations.take_into_review(case_id=uuid_of(case), by=LEAD, now=NOW)
    operations.approve_case(case_id=uuid_of(case), reason="first look", by=LEAD, now=NOW)
    assert shown(acme, case)["status"] == "in_review", "outside, a second look is a review like any other"
    assert subject(acme, case)[:2] == ("pending", "pending")
    with pytest.raises(operations.SameApprover):
        operations.approve_case(case_id=uuid_of(case), reason="second look", by=LEAD, now=NOW)
    operations.approve_case(case_id=uuid_of(case), reason="second look", by=member("mlro"), now=NOW)
    assert subject(acme, case) == ("active", "approved", [])


def test_nobody_decides_what_is_not_in_review(acme: PartnerClient) -> None:
    for case in (opened(acme), submitted(acme)):
        with pytest.raises(operations.CaseNotInReview):
            operations.approve_case(case_id=uuid_of(case), reason="in a hurry", by=LEAD, now=NOW)
    assert not Cardholder.objects.filter(kyc_status="APPROVED").exists()


def test_a_rival_and_the_other_mode_see_nothing(acme: PartnerClient, globex: PartnerClient) -> None:
    case = opened(acme)
    assert acme.live is not None
    for stranger in (globex, acme.live):
        assert stranger.get(f"/v1/kyc_cases/{case['id']}").status_code == 404
        assert stranger.post(f"/v1/kyc_cases/{case['id']}/submit").status_code == 404
        assert stranger.post(f"/v1/kyc_cases/{case['id']}/withdraw").status_code == 404
        refused = stranger.post("/v1/kyc_cases", {"cardholder": case["cardholder"]})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "cardholder")
        assert done(stranger.get("/v1/kyc_cases"))["data"] == []
    assert shown(acme, case)["status"] == "draft"


def test_the_list_is_narrowed_by_each_filter(acme: PartnerClient) -> None:
    first, second = submitted(acme), opened(acme)
    say(second, "approve")
    found = {query: [row["id"] for row in done(acme.get(f"/v1/kyc_cases?{query}"))["data"]] for query in (
        "status=submitted", "outcome=approved", f"cardholder={first['cardholder']}", "status=draft", "")}
    assert list(found.values()) == [[first["id"]], [second["id"]], [first["id"]], [], [second["id"], first["id"]]]
    assert acme.get("/v1/kyc_cases?colour=red").status_code == 422
    assert acme.get("/v1/kyc_cases?status=awaiting_second_approval").status_code == 422


def test_eight_openings_at_once_make_one_case(acme: PartnerClient, committed_db: None) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection
    cardholder = parse_id("cardholder", acme.cardholder()["id"])
    assert cardholder is not None

    def open_one(_: int) -> str:
        try:
            operations.open_case(cardholder_id=cardholder, by=STAGE_HAND, now=NOW)
            return "done"
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(open_one, range(8)))
    assert answers == ["done"] + ["kyc_case_open"] * 7
