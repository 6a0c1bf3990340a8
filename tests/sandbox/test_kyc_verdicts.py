"""/v1/sandbox/kyc_cases: a verdict on any open case."""

from tests.characters import PartnerClient, done, made


def opened(who: PartnerClient) -> dict[str, object]:
    return made(who.post("/v1/kyc_cases", {"cardholder": who.cardholder()["id"]}))


def test_approval_activates_the_cardholder(acme: PartnerClient) -> None:
    case = opened(acme)
    answer = done(acme.post(f"/v1/sandbox/kyc_cases/{case['id']}/approve", {}))
    assert (answer["status"], answer["outcome"]) == ("closed", "approved")
    assert answer == done(acme.get(f"/v1/kyc_cases/{case['id']}"))
    assert done(acme.get(f"/v1/cardholders/{case['cardholder']}"))["status"] == "active"


def test_rejection_carries_its_reasons(acme: PartnerClient) -> None:
    case = opened(acme)
    answer = done(acme.post(f"/v1/sandbox/kyc_cases/{case['id']}/reject", {"reasons": ["document_expired"], "final": True}))
    assert (answer["outcome"], answer["retry_allowed"]) == ("rejected", False)
    assert [reason["code"] for reason in answer["reasons"]] == ["document_expired"]


def test_a_question_waits_for_the_applicant(acme: PartnerClient) -> None:
    case = opened(acme)
    answer = done(acme.post(f"/v1/sandbox/kyc_cases/{case['id']}/request_information", {"requests": ["ownership"]}))
    assert answer["status"] == "awaiting_applicant"
    assert [asked["code"] for asked in answer["requested_information"]] == ["ownership"]
    assert done(acme.post(f"/v1/sandbox/kyc_cases/{case['id']}/approve", {}))["outcome"] == "approved"


def test_a_closed_case_and_a_rivals_are_left_alone(acme: PartnerClient, globex: PartnerClient) -> None:
    case = opened(acme)
    assert globex.post(f"/v1/sandbox/kyc_cases/{case['id']}/approve", {}).status_code == 404
    done(acme.post(f"/v1/sandbox/kyc_cases/{case['id']}/approve", {}))
    assert acme.post(f"/v1/sandbox/kyc_cases/{case['id']}/reject", {}).status_code == 409
