"""A day at the desk, in a real browser: sign in with both factors, find a card, freeze it, and read why the next tap was declined."""

import re
from typing import Any

import pytest

from issuing_portal.staff.models import Role
from tests.characters import PartnerClient
from tests.people import PASSWORD, code, person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_sign_in_to_the_explained_decline(window: Any, acme: PartnerClient) -> None:
    card = acme.active_card()
    pia = person(Role.PROGRAMME_MANAGER, [acme.programme.pk])
    desk = window()
    page = desk.page

    desk.open("/")
    page.get_by_label("E-mail").fill(pia.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").or_(page.get_by_role("button", name="Sign in")).click()
    page.get_by_label("Code").fill(code())
    page.locator("main form button[type=submit]").click()
    page.get_by_role("heading", name="What waits for you").wait_for()

    page.keyboard.press("/")
    page.keyboard.type(card["last4"])
    page.keyboard.press("Enter")
    page.locator(f"main a[href='/cards/{card['id']}']").click()
    page.get_by_role("link", name="Freeze card").click()
    page.get_by_label("Reason").select_option(index=1)
    page.get_by_label("In your words").fill("The cardholder left it in a taxi.")
    page.get_by_role("button", name="Freeze card").click()
    page.locator("h1", has_text="Frozen").wait_for()
    assert "left it in a taxi" in page.locator("main").inner_text()

    tapped = acme.tap(card["id"], 1_250)
    assert tapped["response"]["decision"] == "declined" and tapped["response"]["reason"] == "card_frozen"

    page.get_by_role("link", name="Authorisations").first.click()
    page.get_by_role("link", name=re.compile(re.escape(tapped["authorisation"]["id"][-8:]))).click()
    page.get_by_text("Declined: card frozen").wait_for()
    assert page.locator(".step-explained", has_text="refused").count() == 1
    assert desk.complaints == []


def test_the_theme_is_kept_and_the_keyboard_walks_a_list(window: Any, acme: PartnerClient) -> None:
    for _ in range(2):
        acme.account()
    desk = window(user=person(Role.FINANCE))
    page = desk.page
    desk.open("/accounts/")
    assert page.locator("html").get_attribute("data-bs-theme") == "light"
    page.get_by_role("button", name="Switch between light and dark").click()
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.locator("body").press("j")
    page.locator("body").press("j")
    second = page.locator("[data-rows] tbody .row-link").nth(1)
    assert second.evaluate("link => link === document.activeElement")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/acc_*")
    assert desk.complaints == []


def test_a_typed_card_number_never_reaches_an_address(window: Any, acme: PartnerClient) -> None:
    desk = window(user=person(Role.SUPPORT))
    desk.open("/")
    desk.page.get_by_label("Search everything").fill("4000 0012 3456 7899")
    desk.page.keyboard.press("Enter")
    desk.page.get_by_text("Search by the last four digits.").wait_for()
    assert "4000" not in desk.page.url and "4000 0012" not in desk.page.content()
    assert desk.complaints == []
