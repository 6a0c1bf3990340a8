"""The trail and the health of the installation in the portal: who reads what, and what they find."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from issuing_portal.audit import operations, queries
from issuing_portal.audit.models import Change
from issuing_portal.core import pulse
from issuing_portal.core.actors import Actor
from issuing_portal.core.ids import new_id
from issuing_portal.events import operations as events
from issuing_portal.events.models import Event, SubjectKey
from issuing_portal.portal import health
from issuing_portal.staff.models import Role
from tests.people import person, staff_client

NOW = datetime(2026, 11, 23, 15, 20, tzinfo=UTC)
SYSTEM = Actor.system("stage hand")
pytestmark = pytest.mark.django_db


def happened(type: str = "card.updated", programme: UUID | None = None, **more: Any) -> Event:
    """One event about a card of a programme."""
    card = SimpleNamespace(noun="card", id=new_id(), programme_id=programme, partner_id=new_id(), livemode=False)
    return events.record(type, subject=card, by=SYSTEM, at=NOW, **more)


def test_the_trail_is_for_its_readers() -> None:
    event = happened()
    for role, status in ((Role.AUDITOR, 200), (Role.ANALYST, 200), (Role.SUPPORT, 403), (Role.FULFILMENT_OPERATOR, 403)):
        client = staff_client(role)
        assert [client.get(path).status_code for path in ("/audit/", f"/audit/{event.public_id}", "/audit/changes")] == [status] * 3, role


def test_staff_of_one_programme_see_its_events_alone() -> None:
    ours, theirs = new_id(), new_id()
    mine, other, nobodys = happened(programme=ours), happened(programme=theirs), happened()
    client = staff_client(Role.ANALYST, [ours])
    listed = client.get("/audit/").content.decode()
    assert mine.public_id in listed and other.public_id not in listed and nobodys.public_id not in listed
    assert [client.get(f"/audit/{event.public_id}").status_code for event in (mine, other, nobodys)] == [200, 404, 404]
    assert client.get("/audit/changes").status_code == 403


def test_filters_find_by_type_subject_and_actor() -> None:
    wanted, other = happened("card.frozen", reason="lost in a taxi"), happened("card.unfrozen")
    client = staff_client(Role.AUDITOR)
    subject = queries.trail(None).get(pk=wanted.pk).subject_id
    for query in ("type=card.frozen", f"subject={subject}", "actor=stage&type=card.frozen&channel=worker&kind=system"):
        listed = client.get(f"/audit/?{query}").content.decode()
        assert wanted.public_id in listed and other.public_id not in listed, query
    assert wanted.public_id not in client.get("/audit/?subject=nonsense").content.decode()


def test_one_event_shows_why_and_its_proof() -> None:
    event = happened(reason="lost in a taxi", internal={"ticket": "T-4711"})
    client = staff_client(Role.AUDITOR)
    waiting = client.get(f"/audit/{event.public_id}").content.decode()
    assert "lost in a taxi" in waiting and "T-4711" in waiting and "waits for its seal" in waiting
    operations.seal_pending(by=SYSTEM, now=NOW)
    assert "as it was sealed" in client.get(f"/audit/{event.public_id}").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE events_event SET reason = 'found' WHERE id = %s", [event.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert "was altered" in client.get(f"/audit/{event.public_id}").content.decode()


def test_personal_parts_are_opened_only_for_whoever_may_read_them() -> None:
    event = happened(personal={"email": "ada@example.com"})
    path = f"/audit/{event.public_id}"
    assert "ada@example.com" in staff_client(Role.AUDITOR).get(path).content.decode()
    hidden = staff_client(Role.EXTERNAL_AUDITOR).get(path).content.decode()
    assert "ada@example.com" not in hidden and "your roles do not show them" in hidden
    SubjectKey.objects.all().delete()
    assert "were erased" in staff_client(Role.AUDITOR).get(path).content.decode()


def test_an_export_wants_its_verb_and_is_itself_in_the_trail() -> None:
    happened("card.frozen")
    assert staff_client(Role.ANALYST).get("/audit/?format=csv").headers["Content-Type"].startswith("text/html")
    assert not Event.objects.filter(type="export.made").exists()
    answer = staff_client(Role.AUDITOR).get("/audit/?format=csv&type=card.frozen")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "at,type,subject,actor,channel,reason" and lines[1].split(",")[1] == "card.frozen" and len(lines) == 2
    made = Event.objects.get(type="export.made")
    assert (made.internal["list"], made.actor["kind"], made.staff_only) == ("audit-trail", "staff", True)


def test_a_change_by_sql_is_shown_as_nobodys() -> None:
    ada = person(Role.ANALYST)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('issuing.actor', '', true)")
        cursor.execute("UPDATE staff_user SET timezone = 'Asia/Tokyo', name = 'Somebody Else' WHERE id = %s", [ada.pk])
    change = Change.objects.latest("pk")
    assert change.actor is None
    page = staff_client(Role.AUDITOR).get(f"/audit/changes/{change.pk}").content.decode()
    assert "Asia/Tokyo" in page and "No operation of ours" in page and "Somebody Else" not in page
    told = queries.timeline("user", ada.pk, person(Role.AUDITOR))
    assert [one.type for one in told if one.change] and told[0].channel == "sql"


def test_a_timeline_hides_staff_only_events_from_whoever_does_not_read_the_trail() -> None:
    card = SimpleNamespace(noun="card", id=new_id())
    events.record("card.frozen", subject=card, by=SYSTEM, at=NOW)
    events.record("record.viewed", subject=card, by=SYSTEM, at=NOW + timedelta(seconds=1))
    seen = {role: [one.type for one in queries.timeline("card", card.id, person(role))] for role in (Role.AUDITOR, Role.SUPPORT)}
    assert seen == {Role.AUDITOR: ["record.viewed", "card.frozen"], Role.SUPPORT: ["card.frozen"]}


def test_health_is_for_its_readers_and_names_what_is_not_well() -> None:
    assert staff_client(Role.SUPPORT).get(reverse("portal:health")).status_code == 403
    operations.record_verification(rows=7, head=7, findings=["altered_row: cards_card x"], seconds="0.1", by=SYSTEM, now=timezone.now())
    page = staff_client(Role.ADMINISTRATOR).get(reverse("portal:health")).content.decode()
    assert "did not hold" in page and "altered_row: cards_card x" in page


def test_readings_say_late_and_unknown() -> None:
    now = timezone.now()
    pulse.redis().delete("issuing:pulse:worker")
    assert health.alive("worker", "Worker", now).status == "UNKNOWN"
    pulse.beat("worker", now=now - timedelta(seconds=50))
    assert health.alive("worker", "Worker", now).status == "LATE"
    pulse.beat("worker", now=now)
    assert health.alive("worker", "Worker", now).status == "OK"
    operations.seal_pending(by=SYSTEM, now=now)
    assert health.sealing(now).value == "nothing waits"
    happened()
    assert (health.sealing(now).status, health.sealing(now + timedelta(minutes=5)).status) == ("OK", "LATE")
    assert health.partitions(now).status == "OK"
    assert health.partitions(now + timedelta(days=400)).status == "LATE"
