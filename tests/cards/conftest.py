"""A partner who has an approved cardholder, and the cards they carry."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from issuing_portal.core.ids import parse_id
from kyc import operations as kyc
from tests.characters import STAGE_HAND, PartnerClient, made

IssueCard = Callable[..., dict[str, Any]]


@pytest.fixture
def holder(acme: PartnerClient) -> dict[str, Any]:
    """An approved cardholder of Acme."""
    return approved(acme)


@pytest.fixture
def issue(acme: PartnerClient, holder: dict[str, Any]) -> IssueCard:
    """Issue a card to them on an account without money: `issue(activate=False)`."""
    account = acme.account()

    def issue_card(**changes: Any) -> dict[str, Any]:
        return made(acme.post("/v1/cards", {"cardholder": holder["id"], "account": account["id"], "form": "virtual"} | changes))

    return issue_card


def approved(partner: PartnerClient, **changes: Any) -> dict[str, Any]:
    """A cardholder whose case was approved, set by the stage hand."""
    cardholder = partner.cardholder(**changes)
    case = made(partner.post("/v1/kyc_cases", {"cardholder": cardholder["id"]}))
    kyc.sandbox_verdict(case_id=parse_id("kyc_case", case["id"]), verdict=kyc.Verdict("approve"), by=STAGE_HAND, now=datetime.now(UTC))
    return cardholder
