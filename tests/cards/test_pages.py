"""The staff pages of cards: what each role sees, and what a click does."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.urls import reverse

from cards import operations
from cards.models import Card, SpendControl
from issuing_portal.core.ids import parse_id
from issuing_portal.staff.models import Proposal, Role
from tests.cards.conftest import IssueCard
from tests.characters import STAGE_HAND, PartnerClient
from tests.people import staff_client

WHY = "Asked for by telephone"


def row(card: dict[str, Any]) -> Card:
    return Card.objects.get(pk=parse_id("card", card["id"]))


def page(role: Role, name: str, *arguments: str) -> str:
    answer = staff_client(role).get(reverse(f"cards:{name}", args=arguments))
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_a_card_on_one_page(issue: IssueCard):
    card = issue(controls={"limits": [{"interval": "daily", "amount": 5000}]})
    shown = page(Role.PROGRAMME_MANAGER, "detail", card["id"])
    for text in (f"•••• {card['last4']}", "Ada Lovelace", "50.00 GBP", "Freeze card", "Terminate card", "Replace card"):
        assert text in shown


def test_support_sees_initials(issue: IssueCard):
    card = issue()
    for name, arguments in (("detail", [card["id"]]), ("list", []), ("of_cardholder", [card["cardholder"]]), ("of_account", [card["account"]])):
        shown = page(Role.SUPPORT, name, *arguments)
        assert "A. L." in shown
        assert "Lovelace" not in shown
        assert "Lovelace" in page(Role.ANALYST, name, *arguments)


def test_buttons_follow_verbs_and_states(issue: IssueCard):
    card = issue()
    auditor, analyst = page(Role.AUDITOR, "detail", card["id"]), page(Role.ANALYST, "detail", card["id"])
    assert "Freeze" not in auditor
    assert "Freeze as issuer" in analyst
    operations.terminate_card(card_id=row(card).pk, reason="lost", by=STAGE_HAND, now=datetime.now(UTC))
    assert "Freeze as issuer" not in page(Role.ANALYST, "detail", card["id"])


def test_a_freeze_by_click(issue: IssueCard):
    card = issue()
    client, place = staff_client(Role.SUPPORT), reverse("cards:freeze", args=[card["id"]])
    assert "1 card stops" in client.get(place).content.decode()
    assert client.post(place, {"code": "", "reason": WHY}).status_code == 422
    assert row(card).status == "ACTIVE"
    assert client.post(place, {"code": "lost", "reason": WHY}).status_code == 302
    assert (row(card).status, row(card).frozen_by, row(card).status_reason) == ("FROZEN", "programme", "lost")
    again = client.post(place, {"code": "lost", "reason": WHY})
    assert again.status_code == 422
    assert "cannot become" in again.content.decode()
    assert WHY in page(Role.ANALYST, "detail", card["id"])


ACTS = {"activate": {}, "freeze": {"code": "lost"}, "freeze_issuer": {"code": "compliance_review"}, "unfreeze": {}, "unfreeze_issuer": {},
        "terminate": {"code": "lost"}, "replace": {"code": "lost"}}


@pytest.mark.parametrize("act", ACTS)
def test_every_act_is_closed_to_an_auditor_and_to_another_programme(acme: PartnerClient, globex: PartnerClient, issue: IssueCard, act: str):
    card = issue()
    place = reverse(f"cards:{act}", args=[card["id"]])
    assert staff_client(Role.AUDITOR).post(place, {**ACTS[act], "reason": WHY}).status_code == 403
    role = Role.COMPLIANCE_LEAD if act.endswith("issuer") else Role.PROGRAMME_MANAGER
    stranger = staff_client(role, [globex.programme.pk])
    assert stranger.get(place).status_code == 404
    assert stranger.post(place, {**ACTS[act], "reason": WHY}).status_code == 404
    assert stranger.get(reverse("cards:detail", args=[card["id"]])).status_code == 404
    assert card["last4"] not in stranger.get(reverse("cards:list")).content.decode()
    assert row(card).status == "ACTIVE"


def test_the_issuer_s_freeze_is_lifted_by_a_proposal(issue: IssueCard):
    card, lead = issue(), staff_client(Role.COMPLIANCE_LEAD)
    lead.post(reverse("cards:freeze_issuer", args=[card["id"]]), {"code": "screening_match", "reason": WHY})
    assert row(card).frozen_by == "issuer"
    assert lead.post(reverse("cards:unfreeze_issuer", args=[card["id"]]), {"reason": WHY}).status_code == 302
    assert (row(card).status, Proposal.objects.get().verb) == ("FROZEN", "cards.unfreeze_issuer")


def test_a_replacement_shows_its_chain(issue: IssueCard):
    card, manager = issue(), staff_client(Role.PROGRAMME_MANAGER)
    assert manager.post(reverse("cards:replace", args=[card["id"]]), {"code": "damaged", "reason": WHY}).status_code == 302
    assert "Replacements" in manager.get(reverse("cards:detail", args=[card["id"]])).content.decode()


def form_of(**changes: str) -> dict[str, str]:
    return {"timezone": "Europe/London", "reason": WHY} | changes


def test_programme_controls_tighten_at_once_and_loosen_by_two(acme: PartnerClient):
    manager, place = staff_client(Role.PROGRAMME_MANAGER), reverse("cards:programme_controls", args=[acme.programme_id])
    assert manager.post(place, form_of(daily_amount="50.00", channel_atm="off")).status_code == 302
    assert SpendControl.objects.get().spec["limits"] == [{"amount": 5000, "interval": "daily"}]
    assert manager.post(place, form_of(daily_amount="60.00", channel_atm="off")).status_code == 302
    assert (SpendControl.objects.count(), Proposal.objects.get().verb) == (1, "cards.loosen_controls")
    wrong = manager.post(place, form_of(daily_amount="lots", allowed_mccs="12"))
    assert wrong.status_code == 422
    assert "Version 1" in manager.get(place).content.decode()
    assert staff_client(Role.AUDITOR).post(place, form_of()).status_code == 403
    assert staff_client(Role.AUDITOR).get(place).status_code == 200


def test_card_controls_by_form(issue: IssueCard):
    card, manager = issue(), staff_client(Role.PROGRAMME_MANAGER)
    place = reverse("cards:controls", args=[card["id"]])
    assert manager.get(place).status_code == 200
    assert manager.post(place, form_of(weekly_count="3", per_authorisation_amount="0", blocked_mccs="7995, 6011")).status_code == 302
    spec = SpendControl.objects.get().spec
    assert spec["limits"] == [{"amount": 0, "interval": "per_authorisation"}, {"count": 3, "interval": "weekly"}]
    assert spec["blocked_mccs"] == ["7995", "6011"]


def test_the_list_filters_and_searches(issue: IssueCard):
    first, second = issue(external_id="one"), issue(activate=False)
    client, place = staff_client(Role.ANALYST), reverse("cards:list")
    found = lambda query: client.get(f"{place}{query}").content.decode()  # noqa: E731
    assert second["id"] not in found("?status=ACTIVE")
    assert first["id"] in found("?status=ACTIVE")
    assert first["id"] in found("?q=lovelace")
    assert second["id"] not in found(f"?q={first['id']}")
