"""The staff pages of partners: who sees which, and what each act does."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from issuing_portal.events.models import Event
from issuing_portal.partners import operations, queries
from issuing_portal.partners.models import ApiKey, ProcessorConnection
from issuing_portal.staff.models import Grant, Proposal, ProposalStatus, Role
from tests.people import by, person, sign_in, staff_client

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


@pytest.fixture
def checker(db) -> Client:
    return staff_client(Role.SENIOR_MANAGER)


def decide(client: Client, decision: str = "approve"):
    """Decide the one proposal that waits."""
    waits = Proposal.objects.get(status=ProposalStatus.PENDING)
    return client.post(f"/staff/proposals/{waits.public_id}", {"decision": decision, "payload_hash": waits.payload_hash, "reason": "not today"})


def proposed(client: Client, path: str, form: dict) -> None:
    """The maker's half: no secret anywhere on it."""
    answer = client.post(path, form | REASON, follow=True)
    assert answer.status_code == 200 and "A second person must approve it" in answer.content.decode()
    assert "whsec_" not in answer.content.decode() and not re.search(r"ip_(test|live)_", answer.content.decode())


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


@pytest.mark.parametrize("mode", ["test", "live"])
def test_a_key_is_proposed_by_one_and_shown_to_the_other_once(acme, administrator, checker, mode):
    form = {"name": "back end", "mode": mode, "scopes": ["api_keys:read"], "allowed_networks": "127.0.0.0/8", "last_day": ""}
    proposed(administrator, page(acme, "/keys"), form)
    assert not ApiKey.objects.filter(name="back end").exists()
    assert decide(administrator).status_code == 422
    assert not ApiKey.objects.filter(name="back end").exists()
    secret = secret_in(decide(checker))
    assert secret.startswith(f"ip_{mode}_") and acme.with_key(secret).get("/v1/api_keys").status_code == 200
    proposal = Proposal.objects.get()
    for where in (page(acme), f"/staff/proposals/{proposal.public_id}"):
        assert secret not in administrator.get(where).content.decode() and secret not in checker.get(where).content.decode()
    assert proposal.maker.name == "Adam Administrator" and proposal.checker.name == "Sam Senior" and proposal.reason == REASON["reason"]
    event = Event.objects.get(type="api_key.created", data__name="back end")
    assert (event.actor["kind"], event.actor["label"], event.data["livemode"]) == ("staff", "Sam Senior", mode == "live")


def test_a_refused_proposal_makes_no_key(acme, administrator, checker):
    proposed(administrator, page(acme, "/keys"), {"name": "back end", "mode": "test", "scopes": ["cards:read"]})
    assert decide(checker, "refuse").status_code == 302
    assert not ApiKey.objects.filter(name="back end").exists()


def test_whoever_checks_for_one_programme_does_not_hand_out_a_key_to_all(acme, administrator):
    """Reads proposals everywhere, approves in one programme alone: the key would reach the live one too."""
    proposed(administrator, page(acme, "/keys"), {"name": "back end", "mode": "live", "scopes": ["cards:read"]})
    some = person(Role.SENIOR_MANAGER, [acme.programme.pk], email="some@issuing.test")
    Grant.objects.create(user=some, role=Role.AUDITOR, programme_ids=None, created_at=timezone.now(), updated_at=timezone.now())
    client = sign_in(Client(), some)
    waits = Proposal.objects.get()
    assert client.get(f"/staff/proposals/{waits.public_id}").status_code == 200
    assert decide(client).status_code == 403
    assert not ApiKey.objects.filter(name="back end").exists()


def test_a_key_revoked_or_a_partner_suspended_meanwhile_makes_the_proposal_stale(acme, administrator, checker):
    key = ApiKey.objects.get(name="first key", partner=acme.partner)
    proposed(administrator, f"/partners/keys/{key.public_id}/rotate", {"overlap": "3600"})
    assert administrator.post(f"/partners/keys/{key.public_id}/revoke", REASON).status_code == 302
    answer = decide(checker)
    assert answer.status_code == 422 and "key revoked" in answer.content.decode()
    assert not ApiKey.objects.filter(replaces=key).exists()


def test_the_checker_gives_the_second_factor_again_before_a_secret_is_shown(acme, administrator):
    proposed(administrator, page(acme, "/keys"), {"name": "back end", "mode": "test", "scopes": ["cards:read"]})
    client = sign_in(Client(), person(Role.SENIOR_MANAGER), timezone.now() - timedelta(minutes=10))
    answer = decide(client)
    assert answer.status_code == 302 and "step-up" in answer["Location"]
    assert not ApiKey.objects.filter(name="back end").exists()


@pytest.mark.parametrize("verb", ["issue_api_key", "rotate_api_key", "create_processor_connection", "rotate_processor_secret"])
@pytest.mark.parametrize("livemode", [False, True])
def test_no_member_of_staff_makes_a_secret_alone(acme, verb, livemode):
    now, where = timezone.now(), {"partner_id": acme.partner.pk, "livemode": livemode}
    key = ApiKey.objects.filter(partner=acme.partner, livemode=livemode).latest("id")
    connection = ProcessorConnection.objects.filter(partner=acme.partner, livemode=livemode).latest("id")
    arguments = {
        "issue_api_key": where | {"spec": operations.KeySpec(name="alone", scopes=("cards:read",))},
        "rotate_api_key": {"key_id": key.pk, "overlap": timedelta(0)},
        "create_processor_connection": where | {"name": "alone"},
        "rotate_processor_secret": {"connection_id": connection.pk, "overlap": timedelta(0)},
    }[verb]
    with pytest.raises(operations.FourEyesNeeded) as refusal:
        getattr(operations, verb)(**arguments, by=by(person(Role.ADMINISTRATOR)), now=now)
    assert (refusal.value.code, refusal.value.status) == ("four_eyes_needed", 403)


@pytest.mark.parametrize("wrong", [{"name": ""}, {"scopes": []}, {"allowed_networks": "everywhere"}, {"last_day": "2020-01-01"}, {"reason": ""}])
def test_a_refused_key_says_why(acme, administrator, wrong):
    form = {"name": "back end", "mode": "test", "scopes": ["api_keys:read"]} | REASON | wrong
    answer = administrator.post(page(acme, "/keys"), form)
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.content.decode()


def test_a_key_is_rotated_by_two_and_revoked_by_one(acme, administrator, checker):
    key = ApiKey.objects.get(name="first key", partner=acme.partner)
    proposed(administrator, f"/partners/keys/{key.public_id}/rotate", {"overlap": "0"})
    assert acme.get("/v1/api_keys").status_code == 200
    secret = secret_in(decide(checker))
    assert acme.get("/v1/api_keys").status_code == 401
    newer = acme.with_key(secret)
    assert newer.get("/v1/api_keys").status_code == 200
    made = ApiKey.objects.get(replaces=key)
    assert administrator.post(f"/partners/keys/{key.public_id}/rotate", {"overlap": "0"} | REASON).status_code == 422
    assert administrator.get(f"/partners/keys/{made.public_id}/revoke").status_code == 200
    assert administrator.post(f"/partners/keys/{made.public_id}/revoke", REASON).status_code == 302
    assert newer.get("/v1/api_keys").status_code == 401
    assert administrator.post(f"/partners/keys/{made.public_id}/revoke", REASON).status_code == 422


@pytest.mark.parametrize("mode", ["test", "live"])
def test_a_connection_is_made_and_rotated_by_two_and_closed_by_one(acme, administrator, checker, mode):
    proposed(administrator, page(acme, "/connections"), {"name": "Lithic", "mode": mode})
    assert not ProcessorConnection.objects.filter(name="Lithic").exists()
    first = secret_in(decide(checker))
    made = ProcessorConnection.objects.get(name="Lithic")
    assert made.livemode == (mode == "live") and queries.connection_secrets(made.pk, timezone.now()) == [first]
    proposed(administrator, f"/partners/connections/{made.public_id}/rotate", {"overlap": "3600"})
    assert queries.connection_secrets(made.pk, timezone.now()) == [first]
    second = secret_in(decide(checker))
    assert queries.connection_secrets(made.pk, timezone.now()) == [second, first]
    assert administrator.post(f"/partners/connections/{made.public_id}/close", REASON).status_code == 302
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
