"""The people of the portal, for tests: make one, sign one in.

    def test_support_cannot_freeze(db):
        client = staff_client(Role.SUPPORT)                        # every programme
        client = staff_client(Role.SUPPORT, [acme.programme.pk])   # one programme
        ada = person(Role.ANALYST); client = sign_in(Client(), ada)

`sign_in` gives a session that both factors opened (quick: nobody types); `walk_in` goes through the pages instead.
"""

import base64
import time
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP

from issuing_portal.core.actors import Actor
from issuing_portal.staff import operations, queries, sessions
from issuing_portal.staff.models import Authenticator, Grant, Role, User

PASSWORD = "correct horse 42 battery"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STAGE = Actor.system("stage hand", "command")
NAMES = {
    Role.ANALYST: "Ada Analyst", Role.COMPLIANCE_LEAD: "Lena Lead", Role.MLRO: "Mona Officer", Role.SENIOR_MANAGER: "Sam Senior",
    Role.PROGRAMME_MANAGER: "Pia Programme", Role.FULFILMENT_OPERATOR: "Finn Fulfilment", Role.FINANCE: "Fay Finance",
    Role.SUPPORT: "Sue Support", Role.AUDITOR: "Aud Auditor", Role.EXTERNAL_AUDITOR: "Eve External", Role.ADMINISTRATOR: "Adam Administrator",
}


def person(role: Role, programmes: Iterable[UUID] | None = None, *, email: str = "", name: str = "") -> User:
    """A member of staff with one role, in every programme or in these; found again by e-mail."""
    wanted = operations.Newcomer(
        email=email or f"{role}@issuing.test", name=name or NAMES[role], password=PASSWORD, totp_secret=SECRET, role=role,
        programme_ids=None if programmes is None else list(programmes))
    return operations.add_demo_person(person=wanted, by=STAGE, now=timezone.now())


def roleless(email: str = "nobody@issuing.test") -> User:
    """Somebody who came in and holds no role."""
    user = person(Role.SUPPORT, email=email, name="Nora Newcomer")
    Grant.objects.filter(user=user).update(revoked_at=timezone.now())
    return user


def by(user: User, *, stepped_up: bool = True) -> Actor:
    """The actor that an operation gets for this person."""
    return queries.staff_actor(User.objects.get(pk=user.pk), request_id="req_test", stepped_up=stepped_up)


def sign_in(client: Client, user: User, now: datetime | None = None) -> Client:
    """Give the client a session that both factors opened."""
    request = HttpRequest()
    request.session, request.user = client.session, AnonymousUser()
    sessions.begin(request, user, Authenticator.objects.get(user=user), now or timezone.now())
    request.session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key
    return client


def staff_client(role: Role, programmes: Iterable[UUID] | None = None) -> Client:
    """A browser in which a person of this role is signed in."""
    email = f"{role}@issuing.test" if programmes is None else f"{role}-of-some@issuing.test"
    return sign_in(Client(), person(role, programmes, email=email))


def code(secret: str = SECRET, *, steps: int = 0) -> str:
    """What the authenticator shows now (`steps`: that many times thirty seconds later)."""
    totp = TOTP(base64.b32decode(secret))
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06d}"


def give_password(client: Client, user: User, password: str = PASSWORD) -> object:
    """The first step of the front door."""
    return client.post("/staff/sign-in", {"email": user.email, "password": password})


def walk_in(client: Client, user: User) -> Client:
    """Through the front door: password, then the code."""
    give_password(client, user)
    answer = client.post("/staff/sign-in/second-factor", {"code": code()})
    assert answer.status_code == 302, answer.content
    return client
