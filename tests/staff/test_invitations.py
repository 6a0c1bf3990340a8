"""Coming in: the link, the first administrators, one's own account."""

import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from issuing_portal.core.errors import PermissionRefused
from issuing_portal.staff import operations
from issuing_portal.staff.models import Authenticator, Invitation, RecoveryCodes, Role, User
from issuing_portal.staff.operations.invitations import AlreadyEnrolled, DemoRefused, EmailTaken
from tests.people import PASSWORD, STAGE, by, code, person, sign_in, staff_client

pytestmark = pytest.mark.django_db
NEW = "another horse 43 battery"


def invited(email: str = "ned@issuing.test"):
    return operations.invite_user(email=email, name="Ned New", by=by(person(Role.ADMINISTRATOR)), now=timezone.now())


def secret_on(page) -> str:
    return re.search(r"<code>([A-Z2-7 ]{39})</code>", page.content.decode()).group(1).replace(" ", "")


def come_in(client: Client, token: str, **changes):
    page = client.get(f"/staff/invitations/{token}")
    body = {"password": NEW, "again": NEW, "code": code(secret_on(page))} | changes
    return client.post(f"/staff/invitations/{token}", body)


def test_an_invitation_sets_password_and_factor_in_one_step_and_shows_the_codes_once():
    client, link = Client(), invited()
    page = client.get(f"/staff/invitations/{link.token}")
    assert "data:image/svg+xml" in page.content.decode() and page["Cache-Control"] == "no-store"
    answer = come_in(client, link.token)
    codes = re.findall(r"<code>([a-z2-7]{4}-[a-z2-7]{4}-[a-z2-7]{4})</code>", answer.content.decode())
    assert answer.status_code == 200 and len(codes) == 10
    assert client.get("/staff/me").status_code == 200
    kept = RecoveryCodes.objects.get(user=link.user)
    assert not any(one in str(kept.hashes) for one in codes)
    assert User.objects.get(pk=link.user.pk).state == "ACTIVE"


def test_a_link_works_once_expires_and_is_replaced_by_a_newer_one():
    link = invited()
    come_in(Client(), link.token)
    assert Client().get(f"/staff/invitations/{link.token}").status_code == 410
    late = invited("late@issuing.test")
    Invitation.objects.filter(user=late.user).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(f"/staff/invitations/{late.token}").status_code == 410
    first = invited("twice@issuing.test")
    second = operations.invite_again(user_id=first.user.pk, by=by(person(Role.ADMINISTRATOR)), now=timezone.now())
    assert [Client().get(f"/staff/invitations/{one.token}").status_code for one in (first, second)] == [410, 200]
    assert Client().get("/staff/invitations/nonsense").status_code == 410


def test_two_browsers_are_offered_different_secrets_and_one_keeps_its_own():
    link, one, other = invited(), Client(), Client()
    path = f"/staff/invitations/{link.token}"
    assert secret_on(one.get(path)) == secret_on(one.get(path)) != secret_on(other.get(path))


@pytest.mark.parametrize(("change", "words"), [
    ({"code": "000000"}, "does not fit"), ({"again": "something else 1"}, "do not match"), ({"password": "short1", "again": "short1"}, "too short"),
    ({"password": "onlyletterspassword", "again": "onlyletterspassword"}, "letters and digits")])
def test_a_wrong_step_changes_nothing(change, words):
    link = invited()
    answer = come_in(Client(), link.token, **change)
    assert answer.status_code == 422 and words in answer.content.decode()
    user = User.objects.get(pk=link.user.pk)
    assert user.state == "INVITED" and not user.has_usable_password() and not user.authenticator_set.exists()


def test_only_administrators_invite_and_nobody_twice():
    with pytest.raises(PermissionRefused):
        operations.invite_user(email="x@issuing.test", name="X", by=by(person(Role.SUPPORT)), now=timezone.now())
    invited()
    with pytest.raises(EmailTaken):
        invited("NED@issuing.test")
    with pytest.raises(AlreadyEnrolled):
        operations.invite_again(user_id=person(Role.SUPPORT).pk, by=by(person(Role.ADMINISTRATOR)), now=timezone.now())


def test_the_first_two_administrators_come_from_the_command_line_and_nobody_after(capsys):
    call_command("first_administrator", "one@issuing.test", "One")
    path = re.search(r"/staff/invitations/\S+", capsys.readouterr().out).group()
    assert Client().get(path).status_code == 200
    call_command("first_administrator", "two@issuing.test", "Two")
    with pytest.raises(CommandError, match="two administrators"):
        call_command("first_administrator", "three@issuing.test", "Three")
    assert [user.may("staff.grant") for user in User.objects.order_by("email")] == [True, True]


def test_demo_people_do_not_exist_in_production(settings):
    settings.PRODUCTION = True
    with pytest.raises(DemoRefused):
        person(Role.SUPPORT)


def test_changing_the_password_asks_for_the_factor_keeps_this_session_and_ends_the_others():
    user = person(Role.AUDITOR)
    here, there = sign_in(Client(), user), sign_in(Client(), user)
    answer = here.post("/staff/me/password", {"current": PASSWORD, "password": NEW, "again": NEW})
    assert answer.status_code == 302 and answer["Location"] == "/staff/me"
    assert here.get("/staff/me").status_code == 200 and there.get("/staff/me").status_code == 302


def test_none_of_the_last_four_passwords_comes_back():
    user = person(Role.AUDITOR)
    used = [PASSWORD, *(f"number {n} of passwords" for n in range(4))]
    for current, new in zip(used, used[1:], strict=False):
        operations.change_password(user_id=user.pk, current=current, new=new, by=by(user), now=timezone.now())
    client = sign_in(Client(), User.objects.get(pk=user.pk))
    for old, status in ((used[-1], 422), (used[1], 422), (used[0], 302)):
        assert client.post("/staff/me/password", {"current": used[-1], "password": old, "again": old}).status_code == status


def test_a_stale_session_steps_up_for_what_is_sensitive():
    user = person(Role.AUDITOR)
    client = sign_in(Client(), user)
    session = client.session
    session["stepped_up_at"] -= 300
    session.save()
    assert client.get("/staff/me/recovery-codes")["Location"] == "/staff/step-up?next=%2Fstaff%2Fme%2Frecovery-codes"
    assert client.post("/staff/step-up", {"code": "000000"}).status_code == 422
    Authenticator.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    answer = client.post("/staff/step-up", {"code": code(), "next": "/staff/me/recovery-codes"})
    assert answer["Location"] == "/staff/me/recovery-codes"
    made = client.post("/staff/me/recovery-codes")
    assert made.status_code == 200 and len(re.findall(r"<code>[a-z2-7-]{14}</code>", made.content.decode())) == 10


def test_a_new_authenticator_replaces_the_old_one():
    user = person(Role.AUDITOR)
    client = sign_in(Client(), user)
    secret = secret_on(client.get("/staff/me/authenticator"))
    assert client.post("/staff/me/authenticator", {"code": code(secret)}).status_code == 302
    assert client.get("/staff/me").status_code == 200 and user.authenticator_set.count() == 1


def test_nobody_makes_anothers_codes():
    with pytest.raises(PermissionRefused):
        operations.make_recovery_codes(user_id=person(Role.SUPPORT).pk, by=by(person(Role.ADMINISTRATOR)), now=timezone.now())
    with pytest.raises(PermissionRefused):
        operations.make_recovery_codes(user_id=person(Role.SUPPORT).pk, by=STAGE, now=timezone.now())


def test_ending_other_sessions_keeps_this_one():
    user = person(Role.AUDITOR)
    here, there = sign_in(Client(), user), sign_in(Client(), user)
    here.post("/staff/me/sessions/end")
    assert here.get("/staff/me").status_code == 200 and there.get("/staff/me").status_code == 302


def test_the_invite_page_shows_the_link_once():
    answer = staff_client(Role.ADMINISTRATOR).post("/staff/people/invite", {"email": "Ned@issuing.test", "name": "Ned New"})
    assert answer.status_code == 200 and "http://testserver/staff/invitations/" in answer.content.decode()
