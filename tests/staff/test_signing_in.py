"""Signing in: two factors, one lock, and nothing before both are given."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from issuing_portal.events.models import Event
from issuing_portal.staff import operations
from issuing_portal.staff.models import Authenticator, Role, User
from tests.people import PASSWORD, by, code, give_password, person, sign_in, staff_client, walk_in

pytestmark = pytest.mark.django_db
PAGES = ["/", "/staff/me", "/staff/people", "/staff/proposals", "/staff/step-up", "/staff/me/password", "/admin/", "/admin/login/", "/no/such/page"]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def turned_away(answer) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith("/staff/sign-in")


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_sees_no_page(page):
    assert turned_away(Client().get(page))


@pytest.mark.parametrize("page", PAGES)
def test_a_password_alone_opens_no_page(page):
    client = Client()
    answer = give_password(client, person(Role.ADMINISTRATOR))
    assert answer.status_code == 302 and answer["Location"].startswith("/staff/sign-in/second-factor")
    assert turned_away(client.get(page))


@pytest.mark.parametrize("page", PAGES)
def test_djangos_own_login_without_a_device_opens_no_page(page):
    client = Client()
    client.force_login(person(Role.ADMINISTRATOR), backend="django.contrib.auth.backends.ModelBackend")
    assert turned_away(client.get(page))


def test_both_factors_open_the_portal_and_each_step_changes_the_session_key():
    client, user = Client(), person(Role.AUDITOR)
    client.get("/staff/sign-in")
    give_password(client, user)
    half_way = client.session.session_key
    answer = client.post("/staff/sign-in/second-factor", {"code": code(), "next": "/staff/me"})
    assert answer["Location"] == "/staff/me"
    assert client.session.session_key != half_way
    assert client.get("/staff/me").status_code == 200
    event = Event.objects.get(type="user.signed_in")
    assert event.subject_id == user.pk and event.actor["label"] == "Aud Auditor" and event.internal["address"] == "127.0.0.1"


def test_the_same_code_is_refused_the_second_time():
    user = person(Role.AUDITOR)
    walk_in(Client(), user)
    again = Client()
    give_password(again, user)
    answer = again.post("/staff/sign-in/second-factor", {"code": code()})
    assert answer.status_code == 422 and "used before" in answer.content.decode()
    assert turned_away(again.get("/staff/me"))


def test_wrong_codes_are_throttled_and_recorded():
    client, user = Client(), person(Role.AUDITOR)
    give_password(client, user)
    first = client.post("/staff/sign-in/second-factor", {"code": "000000"})
    assert "does not fit" in first.content.decode()
    second = client.post("/staff/sign-in/second-factor", {"code": code()})
    assert second.status_code == 422 and "Too many wrong codes" in second.content.decode()
    assert Event.objects.filter(type="user.sign_in_failed", subject_id=user.pk).count() == 2


def test_the_half_way_session_lasts_five_minutes():
    client, user = Client(), person(Role.AUDITOR)
    with time_machine.travel(NOON, tick=False):
        give_password(client, user)
    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        assert turned_away(client.post("/staff/sign-in/second-factor", {"code": code()}))


def test_known_and_unknown_addresses_get_the_same_answer():
    user = person(Role.AUDITOR)
    answers = [Client().post("/staff/sign-in", {"email": email, "password": "wrong password 1"}) for email in (user.email, "who@issuing.test")]
    bodies = [re.sub(r'name="csrfmiddlewaretoken" value="\w+"|req_\w+', "", answer.content.decode()).replace(email, "")
              for answer, email in zip(answers, (user.email, "who@issuing.test"), strict=True)]
    assert bodies[0] == bodies[1] and answers[0].status_code == answers[1].status_code == 422
    assert Event.objects.filter(type="user.sign_in_failed").count() == 2


@pytest.mark.parametrize("email", ["auditor@issuing.test", "who@issuing.test"])
def test_ten_failures_lock_and_thirty_minutes_open(email):
    user = person(Role.AUDITOR)
    with time_machine.travel(NOON, tick=False) as clock:
        client = Client()
        for attempt in range(9):
            assert client.post("/staff/sign-in", {"email": email, "password": f"wrong {attempt}"}).status_code == 422
        assert client.post("/staff/sign-in", {"email": email.upper(), "password": "wrong"}).status_code == 429
        locked = client.post("/staff/sign-in", {"email": email, "password": PASSWORD})
        assert locked.status_code == 429 and "30 minutes" in locked.content.decode()
        assert Event.objects.filter(type="user.locked_out").exists()
        clock.shift(timedelta(minutes=30, seconds=1))
        assert client.post("/staff/sign-in", {"email": email, "password": PASSWORD}).status_code == (302 if email == user.email else 422)


def test_a_stranger_elsewhere_does_not_lock_the_person_out():
    user = person(Role.AUDITOR)
    for attempt in range(11):
        Client(REMOTE_ADDR="203.0.113.9").post("/staff/sign-in", {"email": user.email, "password": f"wrong {attempt}"})
    assert give_password(Client(REMOTE_ADDR="198.51.100.4"), user).status_code == 302


def test_idle_for_14_59_stays_and_for_15_01_is_out():
    client, user = Client(), person(Role.AUDITOR)
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, user)
        clock.shift(timedelta(minutes=14, seconds=59))
        assert client.get("/staff/me").status_code == 200
        clock.shift(timedelta(minutes=14, seconds=59))
        assert client.get("/staff/me").status_code == 200
        clock.shift(timedelta(minutes=15, seconds=1))
        assert turned_away(client.get("/staff/me"))


@pytest.mark.parametrize("header", ["X-Background", "X-Poll"])
def test_a_poll_does_not_keep_the_session_alive(header):
    client, user = Client(), person(Role.AUDITOR)
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, user)
        clock.shift(timedelta(minutes=10))
        assert client.get("/staff/me", headers={header: "1"}).status_code == 200
        clock.shift(timedelta(minutes=5, seconds=1))
        assert turned_away(client.get("/staff/me"))


def test_no_session_outlives_twelve_hours():
    client, user = Client(), person(Role.AUDITOR)
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, user)
        for _ in range(51):
            clock.shift(timedelta(minutes=14))
            assert client.get("/staff/me").status_code == 200
        clock.shift(timedelta(minutes=14))
        assert turned_away(client.get("/staff/me"))


def test_a_fragment_after_the_end_is_told_to_go_to_sign_in():
    answer = Client().get("/staff/people", headers={"HX-Request": "true"})
    assert answer.status_code == 401 and answer["HX-Redirect"] == "/staff/sign-in"


def test_signing_out_ends_the_session_and_is_recorded():
    client = staff_client(Role.AUDITOR)
    assert client.get("/staff/sign-out").status_code == 405
    assert turned_away(client.post("/staff/sign-out"))
    assert turned_away(client.get("/staff/me"))
    assert Event.objects.filter(type="user.signed_out").count() == 1


@pytest.mark.parametrize("change", [{"is_active": False}, {"session_version": 2}, {"password": "!"}])
def test_deactivation_role_change_and_password_change_end_the_session(change):
    client, user = Client(), person(Role.AUDITOR)
    sign_in(client, user)
    User.objects.filter(pk=user.pk).update(**change)
    assert turned_away(client.get("/staff/me"))


def test_a_recovery_code_opens_once():
    user = person(Role.AUDITOR)
    codes = operations.make_recovery_codes(user_id=user.pk, by=by(user), now=timezone.now())
    assert len(set(codes)) == 10
    client = Client()
    give_password(client, user)
    assert client.post("/staff/sign-in/second-factor", {"code": codes[3].upper()}).status_code == 302
    assert client.get("/staff/me").status_code == 200
    again = Client()
    give_password(again, user)
    assert again.post("/staff/sign-in/second-factor", {"code": codes[3]}).status_code == 422


def test_next_leads_only_to_places_of_ours():
    client = Client()
    give_password(client, person(Role.AUDITOR))
    answer = client.post("/staff/sign-in/second-factor", {"code": code(), "next": "https://evil.example/staff"})
    assert answer["Location"] == "/"


def test_no_form_works_without_a_csrf_token():
    client = Client(enforce_csrf_checks=True)
    assert client.post("/staff/sign-in", {"email": "a@b.example", "password": "x"}).status_code == 403


def test_pages_are_not_stored_and_say_their_policies():
    answer = staff_client(Role.AUDITOR).get("/staff/me")
    assert answer["Cache-Control"] == "no-store"
    assert "camera=()" in answer["Permissions-Policy"] and answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY" and "script-src 'self'" in answer["Content-Security-Policy"]


def test_a_staff_session_opens_nothing_at_the_api():
    client = staff_client(Role.ADMINISTRATOR)
    answer = client.get("/v1/cards")
    assert answer.status_code == 401 and "session" not in answer.cookies


def test_the_authenticators_secret_is_not_in_the_database_in_plain():
    person(Role.AUDITOR)
    kept = Authenticator.objects.get()
    assert "JBSWY3DP" not in kept.secret_sealed and kept.secret_sealed.count(".") == 2
