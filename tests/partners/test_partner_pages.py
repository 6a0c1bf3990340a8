"""The staff pages of partners: who sees which, and what each act does."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from issuing_portal.events.models import Event
from issuing_portal.partners.models import ApiKey, ProcessorConnection
from issuing_portal.staff.models import Role
from tests.people import person, sign_in, staff_client

REASON = {"reason": "because the test says so"}


@pytest.fixture
def administrator(db) -> Client:
    return staff_client(Role.ADMINISTRATOR)


def page(acme, rest: str = "") -> str:
    return f"/partners/{acme.partner.public_id}{rest}"


def secret_in(answer) -> str:
    found = re.search(r">((?:ip_(?:test|live)_|whsec_)[^<]+)<", answer.content.decode())
    assert found, answer.content
    return found.group(1).replace("&#x2B;", "+")


def test_the_list_and_the_page_show_what_there_is(acme, globex, administrator):
    listed = administrator.get("/partners/").content.decode()
    assert "Acme" in listed and "Globex" in listed
    shown = administrator.get(page(acme)).content.decode()
    for text in (acme.programme_id, acme.api_key[-4:], "Simulated processor", "first key", "live key"):
        assert text in shown
    assert acme.api_key not in shown and acme.api_key[:20] not in shown and acme.secret not in shown


def test_the_list_of_programmes_and_one_of_them(acme, administrator):
    listed = administrator.get("/partners/programmes").content.decode()
    assert "Acme cards" in listed and "Acme live" in listed
    shown = administrator.get(f"/partners/programmes/{acme.programme_id}").content.decode()
    for text in ("400000", "Sandbox Sponsor Bank", "GBP", "Full KYC", "Europe/London"):
        assert text in shown


def test_staff_of_one_programme_see_its_partner_alone(acme, globex):
    client = staff_client(Role.PROGRAMME_MANAGER, [acme.programme.pk])
    listed = client.get("/partners/").content.decode()
    assert "Acme" in listed and "Globex" not in listed
    assert client.get(page(acme)).status_code == 200
    assert client.get(page(globex)).status_code == 404
    assert client.get(f"/partners/programmes/{globex.programme_id}").status_code == 404
    assert client.get(f"/partners/programmes/{acme.live.programme_id}").status_code == 404


def test_a_right_over_one_programme_is_none_over_the_partners_keys(acme):
    client = staff_client(Role.ADMINISTRATOR, [acme.programme.pk])
    form = {"name": "mine", "mode": "live", "scopes": ["cards:read"]} | REASON
    assert client.post(page(acme, "/keys"), form).status_code == 403
    assert client.post(page(acme, "/suspend"), REASON).status_code == 403
    assert acme.get("/v1/api_keys").status_code == 200
    assert not ApiKey.objects.filter(name="mine").exists()


@pytest.mark.parametrize("role", [Role.ANALYST, Role.SUPPORT, Role.AUDITOR, Role.PROGRAMME_MANAGER])
@pytest.mark.parametrize("rest", ["/keys", "/connections", "/suspend"])
def test_others_cannot_act(acme, role, rest):
    assert staff_client(role).post(page(acme, rest), {"name": "x", "mode": "test", "scopes": ["cards:read"]} | REASON).status_code == 403


def test_a_partner_is_added(administrator):
    answer = administrator.post("/partners/add", {"name": "Initech", "contact_email": "ops@initech.example"}, follow=True)
    assert answer.status_code == 200 and "Initech" in answer.content.decode()
    assert administrator.post("/partners/add", {"name": ""}).status_code == 422


def test_a_key_is_made_and_shown_once(acme, administrator):
    form = {"name": "back end", "mode": "test", "scopes": ["api_keys:read"], "allowed_networks": "127.0.0.0/8", "last_day": ""} | REASON
    secret = secret_in(administrator.post(page(acme, "/keys"), form))
    assert acme.with_key(secret).get("/v1/api_keys").status_code == 200
    assert secret not in administrator.get(page(acme)).content.decode()
    event = Event.objects.get(type="api_key.created", data__name="back end")
    assert (event.actor["kind"], event.reason) == ("staff", REASON["reason"])


@pytest.mark.parametrize("wrong", [{"name": ""}, {"scopes": []}, {"allowed_networks": "everywhere"}, {"last_day": "2020-01-01"}, {"reason": ""}])
def test_a_refused_key_says_why(acme, administrator, wrong):
    form = {"name": "back end", "mode": "test", "scopes": ["api_keys:read"]} | REASON | wrong
    answer = administrator.post(page(acme, "/keys"), form)
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.content.decode()


def test_a_key_is_rotated_and_revoked(acme, administrator):
    key = ApiKey.objects.get(name="first key", partner=acme.partner)
    secret = secret_in(administrator.post(f"/partners/keys/{key.public_id}/rotate", {"overlap": "0"} | REASON))
    assert acme.get("/v1/api_keys").status_code == 401
    newer = acme.with_key(secret)
    assert newer.get("/v1/api_keys").status_code == 200
    made = ApiKey.objects.get(replaces=key)
    assert administrator.get(f"/partners/keys/{made.public_id}/revoke").status_code == 200
    assert administrator.post(f"/partners/keys/{made.public_id}/revoke", REASON).status_code == 302
    assert newer.get("/v1/api_keys").status_code == 401
    assert administrator.post(f"/partners/keys/{made.public_id}/revoke", REASON).status_code == 422


def test_a_connection_is_made_rotated_and_closed(acme, administrator):
    first = secret_in(administrator.post(page(acme, "/connections"), {"name": "Lithic", "mode": "test"} | REASON))
    public = ProcessorConnection.objects.get(name="Lithic").public_id
    assert first.startswith("whsec_")
    second = secret_in(administrator.post(f"/partners/connections/{public}/rotate", {"overlap": "3600"} | REASON))
    assert second != first
    assert administrator.post(f"/partners/connections/{public}/close", REASON).status_code == 302
    assert "Disabled" in administrator.get(page(acme)).content.decode()


def test_a_partner_is_suspended_with_a_reason_and_comes_back(acme, administrator):
    asked = administrator.get(page(acme, "/suspend")).content.decode()
    assert "2 API keys stop at once" in asked
    assert administrator.post(page(acme, "/suspend"), {"reason": ""}).status_code == 422
    assert administrator.post(page(acme, "/suspend"), REASON).status_code == 302
    assert acme.get("/v1/api_keys").status_code == 401
    assert administrator.post(page(acme, "/reactivate"), REASON).status_code == 302
    assert acme.get("/v1/api_keys").status_code == 200


def test_a_sensitive_act_asks_for_the_second_factor_again(acme):
    user = person(Role.ADMINISTRATOR)
    client = sign_in(Client(), user, timezone.now() - timedelta(minutes=10))
    answer = client.post(page(acme, "/keys"), {"name": "x", "mode": "test", "scopes": ["cards:read"]} | REASON)
    assert answer.status_code == 302 and "step-up" in answer["Location"]
    assert not ApiKey.objects.filter(name="x").exists()
