"""`/v1/events`: a partner reads its own, whole where the personal parts can be opened, and nothing of the staff."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from issuing_portal.core.actors import Actor
from issuing_portal.core.ids import new_id, public_id
from issuing_portal.events import operations as events
from issuing_portal.events import queries
from issuing_portal.events.models import Event, SubjectKey
from tests.characters import PartnerClient

NOW = datetime(2026, 11, 23, 15, 20, tzinfo=UTC)
ANALYST = Actor(kind="staff", id=new_id(), label="Ada Analyst", channel="portal", request_id="req_1")


def card_of(partner: PartnerClient) -> Any:
    """A stand-in for a card of this partner."""
    return SimpleNamespace(noun="card", id=new_id(), partner_id=partner.partner.id, livemode=partner.programme.livemode,
                           programme_id=partner.programme.id)


def frozen(subject: Any, **more: Any) -> Event:
    """A freeze by the issuer, with words that must stay inside."""
    return events.record("card.frozen", subject=subject, by=ANALYST, at=NOW, reason="suspected mule account",
                         data={"id": public_id("card", subject.id), "status": "frozen", "frozen_by": "issuer", "status_reason": "under_review"},
                         internal={"alert": "structuring"}, **more)


def test_an_event_has_exactly_the_public_fields(acme: PartnerClient) -> None:
    card = card_of(acme)
    event = frozen(card)
    assert acme.get(f"/v1/events/{event.public_id}").json() == {
        "id": event.public_id, "object": "event", "livemode": False, "type": "card.frozen", "sequence": 1,
        "created_at": "2026-11-23T15:20:00.000000Z",
        "data": {"object": {"id": public_id("card", card.id), "status": "frozen", "frozen_by": "issuer", "status_reason": "under_review"}}}


def test_neither_actor_nor_reason_nor_internal_facts_go_out(acme: PartnerClient) -> None:
    frozen(card_of(acme))
    said = acme.get("/v1/events?type=card.frozen").content.decode()
    assert not [word for word in ("Ada", "mule", "structuring", "req_1", str(ANALYST.id)) if word in said]


def test_names_of_the_inside_are_dropped_even_if_a_producer_slips(acme: PartnerClient) -> None:
    event = events.record("card.updated", subject=card_of(acme), by=ANALYST, at=NOW,
                          data={"status": "active", "actor": {"label": "Ada"}, "note": "x"})
    assert acme.get(f"/v1/events/{event.public_id}").json()["data"] == {"object": {"status": "active"}}


def test_staff_only_events_are_not_there(acme: PartnerClient) -> None:
    event = frozen(card_of(acme), staff_only=True)
    viewed = events.record("record.viewed", subject=card_of(acme), by=ANALYST, at=NOW)
    for hidden in (event, viewed):
        assert acme.get(f"/v1/events/{hidden.public_id}").status_code == 404
    assert {one["type"] for one in acme.get("/v1/events?limit=100").json()["data"]}.isdisjoint({"card.frozen", "record.viewed"})


def test_an_act_that_stays_inside_leaves_no_gap_in_the_numbers(acme: PartnerClient) -> None:
    card = card_of(acme)
    frozen(card)
    for _ in range(3):
        events.record("record.viewed", subject=card, by=ANALYST, at=NOW)
    frozen(card, staff_only=True)
    events.record("card.unfrozen", subject=card, by=ANALYST, at=NOW, data={})
    assert [one["sequence"] for one in acme.get(f"/v1/events?subject={public_id('card', card.id)}").json()["data"]] == [2, 1]


def test_a_rival_and_the_other_mode_see_nothing(acme: PartnerClient, globex: PartnerClient) -> None:
    card = card_of(acme)
    event = frozen(card)
    others = [globex, acme.live] if acme.live else [globex]
    for other in others:
        assert other.get(f"/v1/events/{event.public_id}").status_code == 404
        assert other.get(f"/v1/events?subject={public_id('card', card.id)}").json()["data"] == []


def test_filters_narrow_by_type_subject_and_time(acme: PartnerClient) -> None:
    card, other = card_of(acme), card_of(acme)
    event = frozen(card)
    events.record("card.unfrozen", subject=card, by=ANALYST, at=NOW + timedelta(hours=1), data={})
    frozen(other)

    def found(query: str) -> list[str]:
        return [one["type"] for one in acme.get(f"/v1/events?{query}&subject={public_id('card', card.id)}").json()["data"]]

    assert found("limit=10") == ["card.unfrozen", "card.frozen"]
    assert found("type=card.frozen") == ["card.frozen"]
    assert found("created_at_gte=2026-11-23T15:30:00Z") == ["card.unfrozen"]
    assert found("created_at_lt=2026-11-23T15:30:00Z") == ["card.frozen"]
    assert [one["sequence"] for one in acme.get(f"/v1/events?subject={public_id('card', card.id)}").json()["data"]] == [2, 1]
    assert event.sequence == 1


@pytest.mark.parametrize("query", ["type=nonsense", "subject=crd_no", "subject=what", "actor=Ada", "staff_only=true", "created_at_gte=yesterday"])
def test_what_cannot_be_read_is_refused(acme: PartnerClient, query: str) -> None:
    answer = acme.get(f"/v1/events?{query}")
    assert (answer.status_code, answer.code) == (422, "validation_failed")


def test_personal_parts_come_back_and_are_gone_after_erasure(acme: PartnerClient) -> None:
    person = card_of(acme)
    event = events.record("cardholder.updated", subject=person, by=ANALYST, at=NOW,
                          data={"status": "active", "individual": {"nationalities": ["GB"]}},
                          personal={"email": "ada@example.com", "individual": {"first_name": "Ada"}})
    whole = {"status": "active", "email": "ada@example.com", "individual": {"nationalities": ["GB"], "first_name": "Ada"}}
    assert acme.get(f"/v1/events/{event.public_id}").json()["data"]["object"] == whole
    assert b"ada@example.com" not in bytes(Event.objects.get(pk=event.pk).personal)
    SubjectKey.objects.filter(pk=person.id).delete()
    assert acme.get(f"/v1/events/{event.public_id}").json()["data"]["object"] == {"status": "active", "individual": {"nationalities": ["GB"]}}


def test_a_key_without_the_scope_reads_no_events(acme: PartnerClient) -> None:
    assert acme.key_with("cards:read").get("/v1/events").status_code == 403


def test_merging_lays_objects_over_objects() -> None:
    assert queries.merged({"a": {"b": 1}, "c": 2}, {"a": {"d": 3}, "c": 4}) == {"a": {"b": 1, "d": 3}, "c": 4}
