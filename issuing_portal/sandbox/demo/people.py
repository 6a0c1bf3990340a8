"""Who may sign in to the demo, and `.data/demo.json`, which says how.

Password and authenticator secrets are derived from SECRET_KEY: the same for as long as this installation lives, another's
elsewhere, and never in the repository.
"""

import base64
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.utils.crypto import salted_hmac
from django_otp.oath import TOTP

from issuing_portal.core.actors import Actor
from issuing_portal.staff import operations as staff
from issuing_portal.staff.models import Role, User

PEOPLE = {
    Role.ANALYST: "Amara Osei", Role.COMPLIANCE_LEAD: "Lennart Holm", Role.MLRO: "Miriam Adler", Role.SENIOR_MANAGER: "Samuel Whitlock",
    Role.PROGRAMME_MANAGER: "Priya Nair", Role.FINANCE: "Felix Brandt", Role.SUPPORT: "Sofia Moreau", Role.AUDITOR: "Agnes Dunmore",
    Role.ADMINISTRATOR: "Idris Calder",
}
"""Role → an invented name."""


@dataclass(frozen=True)
class Login:
    """How one of them signs in."""

    role: Role
    name: str
    email: str
    password: str
    totp_secret: str

    @property
    def otpauth(self) -> str:
        """What an authenticator app reads from a QR code."""
        label = quote(f"{settings.OTP_TOTP_ISSUER}:{self.email}")
        return f"otpauth://totp/{label}?secret={self.totp_secret}&issuer={quote(settings.OTP_TOTP_ISSUER)}"


def logins() -> list[Login]:
    """Everybody, with what only this installation knows."""
    return [Login(role, name, f"{role.replace('_', '-')}@demo.example", _password(), _totp_secret(role)) for role, name in PEOPLE.items()]


def employ(*, by: Actor, now: datetime) -> dict[Role, User]:
    """Each of them as a member of staff; those who are there stay as they are. Raises: DemoRefused (production)."""
    return {login.role: staff.add_demo_person(person=staff.Newcomer(
        email=login.email, name=login.name, password=login.password, totp_secret=login.totp_secret, role=login.role), by=by, now=now)
        for login in logins()}


def write_sheet(place: Path, *, partner: dict[str, Any] | None) -> None:
    """The sheet that the launcher prints, for its owner's eyes; `partner`: what was shown once when the scene was set (kept if None)."""
    known = json.loads(place.read_text(encoding="utf-8")) if place.exists() else {}
    sheet = {
        "logins": [{"role": login.role.label, "name": login.name, "email": login.email, "password": login.password,
                    "totp_secret": login.totp_secret, "otpauth": login.otpauth} for login in logins()],
        "partner": partner or known.get("partner"),
        "notes": ["The six digits of a login:  .venv/bin/python manage.py demo_code E-MAIL",
                  "The demo partner's API key and processor secret are in .data/demo.json."],
    }
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_suffix(f".{os.getpid()}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(sheet, file, indent=1)
    fresh.replace(place)


def code_for(email: str, *, now: datetime) -> str:
    """The six digits that this person's authenticator shows. Raises: KeyError."""
    secret = {login.email: login.totp_secret for login in logins()}[email.strip().lower()]
    totp = TOTP(base64.b32decode(secret))
    totp.time = now.timestamp()
    return f"{totp.token():06d}"


def _derived(purpose: str) -> bytes:
    return salted_hmac("issuing_portal.demo", purpose, algorithm="sha256").digest()


def _password() -> str:
    letters = base64.b32encode(_derived("password")).decode().lower()
    return f"demo-{letters[:4]}-{letters[4:8]}-{_derived('digits')[0] % 90 + 10}"


def _totp_secret(role: Role) -> str:
    return base64.b32encode(_derived(f"totp {role}")[:20]).decode()
