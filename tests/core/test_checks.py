"""Unsafe settings: the system check names each, and the server does not start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from issuing_portal.core.checks import refuse_unsafe

ROOT = Path(__file__).resolve().parents[2]
SAFE = {"PRODUCTION": True, "DEBUG": False, "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH", "ALLOWED_HOSTS": ["portal.example"],
        "AUDIT_SALT": "sixteen letters and more"}


def ids() -> set[str]:
    return {str(message.id) for message in run_checks() if str(message.id).startswith("issuing.E")}


@pytest.fixture
def production(settings):
    for name, value in SAFE.items():
        setattr(settings, name, value)
    return settings


def test_a_safe_production_passes(production):
    assert ids() == set()


@pytest.mark.parametrize(("name", "value", "found"), [
    ("DEBUG", True, "issuing.E001"), ("SECRET_KEY", "short", "issuing.E002"), ("SECRET_KEY", "a" * 60, "issuing.E002"),
    ("ALLOWED_HOSTS", [], "issuing.E003"), ("ALLOWED_HOSTS", ["*"], "issuing.E003"), ("AUDIT_SALT", "salt", "issuing.E004"),
    ("VAULT_KEK", "k1:c2hvcnQ=", "issuing.E005"), ("VAULT_KEK", "no key", "issuing.E005"), ("VAULT_KEK_PREVIOUS", ["k0:%%%"], "issuing.E005"),
    ("VAULT_HASH_KEY", "c2hvcnQ=", "issuing.E006"), ("VAULT_HASH_KEY", "%%%", "issuing.E006"),
])
def test_an_unsafe_setting_is_named(production, name, value, found):
    setattr(production, name, value)
    assert ids() == {found}


def test_refusing_says_every_reason(db, production):
    refuse_unsafe()
    production.DEBUG, production.SECRET_KEY = True, "short"
    with pytest.raises(ImproperlyConfigured, match="(?s)issuing.E001.*issuing.E002"):
        refuse_unsafe()


def test_the_server_does_not_start_unsafe():
    unsafe = os.environ | {"ENVIRONMENT": "production", "DEBUG": "true", "SECRET_KEY": "x", "DJANGO_SETTINGS_MODULE": "issuing_portal.settings"}
    start = [sys.executable, "-c", "import issuing_portal.wsgi"]
    done = subprocess.run(start, cwd=ROOT, env=unsafe, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    for found in ("issuing.E001", "issuing.E002", "issuing.E003"):
        assert found in done.stderr
