"""Who of the staff looked at a person in the clear, or opened a row of the looking-glass: on the record, once per look."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib import admin
from django.test import Client

from issuing_portal.audit import operations
from issuing_portal.core.ids import parse_id
from issuing_portal.events.models import Event
from issuing_portal.staff.models import Role
from issuing_portal.staff.roles import VERBS
from tests.characters import PartnerClient
from tests.people import by, person, sign_in, staff_client

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def looks(**filters: object) -> list[tuple[str, str]]:
    """Who looked, and where."""
    found = Event.objects.filter(type="record.viewed", **filters).order_by("occurred_at")
    return [(event.actor["label"], event.internal["where"]) for event in found]


@pytest.mark.parametrize("role", [role for role in Role if "cardholders.read" in VERBS[role]])
def test_a_person_seen_in_the_clear_is_on_the_record_and_a_masked_one_is_not(acme: PartnerClient, role: Role) -> None:
    shown = acme.cardholder()
    page = staff_client(role).get(f"/cardholders/{shown['id']}").content.decode()
    in_the_clear = "personal.read" in VERBS[role]
    assert ("ada@example.com" in page) == in_the_clear
    assert looks(subject_id=parse_id("cardholder", shown["id"])) == ([(person(role).name, "cardholder page")] if in_the_clear else [])


def test_a_reload_is_no_second_look_and_ten_minutes_later_it_is(acme: PartnerClient) -> None:
    first, second = acme.cardholder(), acme.cardholder()
    ada, lena = person(Role.ANALYST), person(Role.COMPLIANCE_LEAD)
    with time_machine.travel(NOON, tick=False) as clock:
        for user, shown in ((ada, first), (ada, first), (lena, first), (ada, second)):
            assert sign_in(Client(), user).get(f"/cardholders/{shown['id']}").status_code == 200
        assert len(looks()) == 3
        clock.shift(timedelta(minutes=9, seconds=59))
        sign_in(Client(), ada).get(f"/cardholders/{first['id']}")
        assert len(looks()) == 3
        clock.shift(timedelta(seconds=1))
        sign_in(Client(), ada).get(f"/cardholders/{first['id']}")
    assert looks(subject_id=parse_id("cardholder", first["id"])) == [
        ("Ada Analyst", "cardholder page"), ("Lena Lead", "cardholder page"), ("Ada Analyst", "cardholder page")]


def test_whoever_is_refused_the_page_has_not_looked(acme: PartnerClient, globex: PartnerClient) -> None:
    shown = acme.cardholder()
    assert staff_client(Role.ANALYST, [globex.programme.pk]).get(f"/cardholders/{shown['id']}").status_code == 404
    assert looks() == []


def test_the_partner_never_reads_of_it_and_its_numbering_shows_no_gap(acme: PartnerClient) -> None:
    shown = acme.cardholder()
    before = acme.get("/v1/events?limit=100").json()["data"]
    staff_client(Role.ANALYST).get(f"/cardholders/{shown['id']}")
    assert acme.get("/v1/events?limit=100").json()["data"] == before


def test_the_trail_tells_who_looked(acme: PartnerClient) -> None:
    shown = acme.cardholder()
    staff_client(Role.ANALYST).get(f"/cardholders/{shown['id']}")
    listed = staff_client(Role.EXTERNAL_AUDITOR).get("/audit/?type=record.viewed").content.decode()
    assert "Ada Analyst" in listed and shown["id"][-8:] in listed
    assert "Record viewed" in staff_client(Role.AUDITOR).get(f"/cardholders/{shown['id']}").content.decode()


def test_personal_parts_opened_in_the_trail_are_a_look_too(acme: PartnerClient) -> None:
    acme.cardholder()
    event = Event.objects.filter(type="cardholder.created").exclude(personal=None).latest("id")
    page = f"/audit/{event.public_id}"
    assert "Lovelace" not in staff_client(Role.EXTERNAL_AUDITOR).get(page).content.decode()
    assert looks() == []
    assert "Lovelace" in staff_client(Role.AUDITOR).get(page).content.decode()
    assert looks(subject_id=event.subject_id, subject_noun="cardholder") == [("Aud Auditor", "audit trail")]


def test_every_row_opened_in_the_looking_glass_is_on_the_record(acme: PartnerClient) -> None:
    acme.tap(acme.active_card()["id"], 100)
    client, opened = staff_client(Role.AUDITOR), set()
    for model in admin.site._registry:
        row = model._default_manager.order_by("-pk").first()  # type: ignore[attr-defined]
        if row is None:
            continue
        page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{row.pk}/change/"
        assert client.get(page).status_code == client.get(page).status_code == 200, page
        last = Event.objects.filter(type="record.viewed").latest("occurred_at")
        assert last.internal["where"] == "looking-glass" and last.staff_only and last.subject_id.int in (getattr(row.pk, "int", row.pk),), page
        opened.add(model._meta.label)
    assert len(opened) > 15 and len(looks()) == len(opened)
    assert {"cardholders.Cardholder", "cards.Card", "staff.User", "events.Event"} <= opened


def test_two_requests_at_once_are_one_look(acme: PartnerClient) -> None:
    """The second asks again behind the lock: within one transaction the first view is found."""
    acme.cardholder()
    subject = operations.Viewed("cardholder", Event.objects.filter(type="cardholder.created").latest("id").subject_id)
    viewer = by(person(Role.ANALYST))
    first = operations.record_view(subject=subject, where="cardholder page", by=viewer, now=NOON)
    assert operations.record_view(subject=subject, where="cardholder page", by=viewer, now=NOON) == first
