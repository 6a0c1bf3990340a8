"""manage.py load_demo: the demo stands once, adds up, and has a login for each role."""

import io
import json
import stat
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from authorisations.models import Authorisation
from cards.models import Card
from issuing_portal.events.models import Event
from issuing_portal.sandbox.demo import people
from issuing_portal.staff.models import Role


@pytest.fixture
def sheet(db: None, settings: object, tmp_path: Path) -> Path:
    """The demo is loaded; its sheet."""
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    call_command("load_demo", stdout=io.StringIO())
    return tmp_path / "demo.json"


def test_the_demo_shows_every_state_adds_up_and_is_loaded_once(sheet: Path) -> None:
    assert {"ACTIVE", "INACTIVE", "FROZEN", "TERMINATED", "EXPIRED"} == set(Card.objects.values_list("status", flat=True))
    assert {"cardholder", "partner", "programme", "issuer"} <= set(Card.objects.values_list("frozen_by", flat=True))
    assert {"APPROVED", "DECLINED", "CLEARED", "REVERSED"} <= set(Authorisation.objects.values_list("status", flat=True))
    reasons = set(Authorisation.objects.filter(status="DECLINED").values_list("reason", flat=True))
    assert {"insufficient_funds", "limit_exceeded", "mcc_blocked", "country_blocked", "card_frozen", "verification_failed"} <= reasons
    assert "system_error" not in reasons
    assert 200 <= Authorisation.objects.count() <= 300
    call_command("verify_ledger", stdout=io.StringIO())
    before, partner = Event.objects.count(), json.loads(sheet.read_text())["partner"]
    call_command("load_demo", stdout=io.StringIO())
    assert Event.objects.count() == before
    assert json.loads(sheet.read_text())["partner"] == partner is not None


def test_a_demo_login_opens_the_portal(sheet: Path) -> None:
    told = json.loads(sheet.read_text())
    assert stat.S_IMODE(sheet.stat().st_mode) == 0o600
    assert {login["role"] for login in told["logins"]} >= {Role.ANALYST.label, Role.ADMINISTRATOR.label, Role.SUPPORT.label}
    login = told["logins"][0]
    code = io.StringIO()
    call_command("demo_code", login["email"], stdout=code)
    browser = Client()
    browser.post("/staff/sign-in", {"email": login["email"], "password": login["password"]})
    assert browser.post("/staff/sign-in/second-factor", {"code": code.getvalue().strip()}).status_code == 302


def test_another_installation_has_other_logins(settings: object) -> None:
    here = people.logins()
    settings.SECRET_KEY = "another installation"  # type: ignore[attr-defined]
    there = people.logins()
    assert not {login.password for login in here} & {login.password for login in there}
    assert not {login.totp_secret for login in here} & {login.totp_secret for login in there}


def test_production_has_no_demo(db: None, settings: object, tmp_path: Path) -> None:
    settings.PRODUCTION, settings.DATA_DIR = True, tmp_path  # type: ignore[attr-defined]
    call_command("load_demo", stdout=io.StringIO())
    assert not Card.objects.exists()
    assert not (tmp_path / "demo.json").exists()
    with pytest.raises(CommandError):
        call_command("demo_code", "analyst@demo.example")


def test_an_unknown_address_has_no_code(settings: object) -> None:
    with pytest.raises(CommandError, match="analyst@demo.example"):
        call_command("demo_code", "nobody@demo.example")
