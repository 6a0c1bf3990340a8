"""Pages about colleagues and proposals, who may open them, and the looking-glass that touches nothing."""

import re
from uuid import uuid4

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from issuing_portal.events.models import Event
from issuing_portal.staff import operations
from issuing_portal.staff.looking_glass import LookingGlass
from issuing_portal.staff.models import Grant, Proposal, Role, User
from issuing_portal.staff.roles import EVERYONE, VERBS
from issuing_portal.staff.urls import portal_urls
from tests.people import by, person, roleless, sign_in, staff_client

pytestmark = pytest.mark.django_db
OPEN = {"sign_in", "second_factor", "invitation"}


@pytest.fixture
def adam() -> User:
    return person(Role.ADMINISTRATOR)


@pytest.fixture
def eva() -> User:
    return person(Role.ADMINISTRATOR, email="eva@issuing.test", name="Eva Administrator")


def paths_for(user: User, proposal: Proposal) -> dict[str, str]:
    """Name → address of every guarded page of this package."""
    grant = user.grants.get()
    known = {"user_id": user.public_id, "grant_id": grant.public_id, "proposal_id": proposal.public_id}
    return {pattern.name: "/staff/" + re.sub(r"<str:(\w+)>", lambda found: known[found.group(1)], str(pattern.pattern))
            for pattern in portal_urls if pattern.name not in OPEN}


def test_every_page_carries_its_verb():
    assert [pattern.name for pattern in portal_urls if pattern.name not in OPEN and not hasattr(pattern.callback, "verb")] == []


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_the_pages_of_its_verbs_and_no_other(role, adam):
    sue = person(Role.SUPPORT, email="sue@issuing.test")
    proposal = operations.propose_factor_reset(user_id=sue.pk, reason="lost her phone", by=by(adam), now=timezone.now())
    client = staff_client(role)
    wrong = {}
    for pattern in portal_urls:
        if pattern.name in OPEN or pattern.callback.verb == EVERYONE:
            continue
        status = client.get(paths_for(sue, proposal)[pattern.name]).status_code
        if (status == 200) != (pattern.callback.verb in VERBS[role]):
            wrong[pattern.name] = status
    assert wrong == {}


def test_the_whole_way_of_a_role_through_the_pages(adam, eva):
    nora = roleless()
    maker, checker = sign_in(Client(), adam), sign_in(Client(), eva)
    listed = maker.get("/staff/people").content.decode()
    assert "Nora Newcomer" in listed and "Administrator" in listed
    made = maker.post(f"/staff/people/{nora.public_id}/give", {"role": "finance", "reason": "covers for Fay"})
    page = made["Location"]
    shown = checker.get(page).content.decode()
    assert "finance" in shown and "covers for Fay" in shown and "Approve and do it" in shown
    assert "Approve and do it" not in maker.get(page).content.decode()
    seen = re.search(r'name="payload_hash" value="(\w{64})"', shown).group(1)
    refused = maker.post(page, {"decision": "approve", "payload_hash": seen})
    assert refused.status_code == 422 and "Someone other than the maker" in refused.content.decode()
    assert checker.post(page, {"decision": "approve", "payload_hash": "f" * 64}).status_code == 422
    assert not Grant.objects.filter(user=nora, revoked_at=None).exists()
    assert checker.post(page, {"decision": "approve", "payload_hash": seen}).status_code == 302
    assert User.objects.get(pk=nora.pk).may("accounts.fund")
    assert "Approved" in maker.get("/staff/proposals").content.decode()


def test_a_refusal_needs_words(adam, eva):
    sue = person(Role.SUPPORT)
    proposal = operations.propose_factor_reset(user_id=sue.pk, reason="lost her phone", by=by(adam), now=timezone.now())
    checker, page = sign_in(Client(), eva), f"/staff/proposals/{proposal.public_id}"
    body = {"decision": "refuse", "payload_hash": proposal.payload_hash}
    assert checker.post(page, body).status_code == 422
    assert checker.post(page, body | {"reason": "she found it"}).status_code == 302
    assert Proposal.objects.get().status == "REFUSED"


def test_an_approved_reset_shows_the_link_once(adam, eva):
    sue = person(Role.SUPPORT)
    proposal = operations.propose_factor_reset(user_id=sue.pk, reason="lost her phone", by=by(adam), now=timezone.now())
    checker, page = sign_in(Client(), eva), f"/staff/proposals/{proposal.public_id}"
    answer = checker.post(page, {"decision": "approve", "payload_hash": proposal.payload_hash})
    link = re.search(r"http://testserver(/staff/invitations/[\w-]+)", answer.content.decode()).group(1)
    assert Client().get(link).status_code == 200
    assert "/staff/invitations/" not in checker.get(page).content.decode()


def test_deactivating_takes_a_reason_and_shuts_out(adam, eva):
    sue = person(Role.SUPPORT)
    hers, client = sign_in(Client(), sue), sign_in(Client(), adam)
    page = f"/staff/people/{sue.public_id}/deactivate"
    assert client.post(page, {"reason": ""}).status_code == 422
    assert client.post(page, {"reason": "left the company"}).status_code == 302
    assert hers.get("/staff/me").status_code == 302
    assert Event.objects.get(type="user.deactivated").reason == "left the company"


def test_a_grant_proposal_is_not_shown_to_staff_of_one_programme(adam):
    proposal = operations.propose_factor_reset(user_id=person(Role.SUPPORT).pk, reason="lost her phone", by=by(adam), now=timezone.now())
    client = staff_client(Role.PROGRAMME_MANAGER, [uuid4()])
    assert client.get(f"/staff/proposals/{proposal.public_id}").status_code == 404
    assert proposal.summary not in client.get("/staff/proposals").content.decode()


def test_an_unknown_person_is_not_there():
    client = staff_client(Role.ADMINISTRATOR)
    assert [client.get(f"/staff/people/{one}").status_code for one in ("usr_nonsense", "crd_01h455vb4pex5vsknk084sn02q")] == [404, 404]


def test_the_looking_glass_opens_to_its_readers_alone_and_changes_nothing(adam):
    for role in Role:
        client = staff_client(role)
        assert (client.get("/admin/").status_code == 200) == ("admin.read" in VERBS[role]), role
        assert client.get("/admin/login/").status_code == (302 if "admin.read" in VERBS[role] else 403), role
    client = staff_client(Role.AUDITOR)
    page = f"/admin/staff/user/{adam.pk}/change/"
    shown = client.get(page).content.decode()
    assert "adam" not in shown.lower() or adam.password not in shown
    assert "scrypt" not in shown and 'name="_save"' not in shown
    assert client.post(page, {"name": "Evil"}).status_code == 403
    assert client.get("/admin/staff/user/add/").status_code == client.get(f"/admin/staff/user/{adam.pk}/delete/").status_code == 403
    assert User.objects.get(pk=adam.pk).name == adam.name


def test_administrators_see_no_cases_and_no_cardholders_in_the_looking_glass():
    client = staff_client(Role.ADMINISTRATOR)
    assert client.get("/admin/kyc/case/").status_code == client.get("/admin/cardholders/cardholder/").status_code == 403
    assert client.get("/admin/partners/partner/").status_code == 200


def test_every_list_of_the_looking_glass_opens_for_an_auditor():
    client = staff_client(Role.AUDITOR)
    for model in admin.site._registry:
        assert client.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/").status_code == 200, model


def test_no_registered_model_of_ours_can_be_touched():
    ours = {"staff", "partners", "events", "audit", "cardholders", "kyc", "ledger", "cards", "authorisations"}
    glasses = {model._meta.label: glass for model, glass in admin.site._registry.items() if model._meta.app_label in ours}
    assert glasses and all(isinstance(glass, LookingGlass) for glass in glasses.values())
    assert not {"cards.VaultEntry", "idempotency.StoredAnswer", "staff.Authenticator", "staff.RecoveryCodes", "events.SubjectKey"} & set(glasses)


def test_the_resolver_knows_the_staff_pages():
    assert get_resolver().resolve("/staff/sign-in").url_name == "sign_in"
