"""What a spec of spend controls may say, and when its windows begin and end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.controls import END, NO_CONTROLS, WINDOWED, loosened, parse_controls, window_of
from issuing_portal.core.errors import InvalidInput


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def refused(spec: object) -> set[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refusal:
        parse_controls(spec)
    return {(error["field"], error["code"]) for error in refusal.value.errors}


def test_nothing_said_restricts_nothing():
    assert parse_controls({}) == NO_CONTROLS


def test_the_caller_s_time_zone_holds_where_none_is_named():
    assert parse_controls({}, timezone="Europe/London")["timezone"] == "Europe/London"


def test_a_full_spec_is_kept_as_it_was_sent():
    spec = {
        "limits": [{"amount": 0, "interval": "daily"}, {"amount": 5000, "count": 3, "interval": "monthly"},
                   {"amount": 900, "interval": "per_authorisation"}],
        "timezone": "America/New_York", "allowed_mccs": ["5814"], "blocked_mccs": ["7995"], "allowed_countries": ["GB", "NL"],
        "blocked_countries": [], "allowed_merchants": ["333301802529120"], "blocked_merchants": [], "channels": {"atm": False, "wallet": True},
    }
    assert parse_controls(spec) == spec


@pytest.mark.parametrize(("spec", "wrong"), [
    ([], ("", "not_an_object")),
    ({"hours": []}, ("hours", "unknown_field")),
    ({"limits": [{"amount": 1, "interval": "rolling", "window_seconds": 60}]}, ("limits[0].interval", "invalid_choice")),
    ({"limits": [{"amount": 1, "interval": "daily", "channels": ["atm"]}]}, ("limits[0].channels", "unknown_field")),
    ({"limits": [{"interval": "daily"}]}, ("limits[0].amount", "required")),
    ({"limits": [{"amount": 10.5, "interval": "daily"}]}, ("limits[0].amount", "invalid")),
    ({"limits": [{"amount": True, "interval": "daily"}]}, ("limits[0].amount", "invalid")),
    ({"limits": [{"amount": -1, "interval": "daily"}]}, ("limits[0].amount", "invalid")),
    ({"limits": [{"amount": 10**15 + 1, "interval": "daily"}]}, ("limits[0].amount", "invalid")),
    ({"limits": [{"count": 1, "interval": "per_authorisation"}]}, ("limits[0].count", "invalid")),
    ({"limits": [{"amount": 1, "interval": "daily"}, {"amount": 2, "interval": "daily"}]}, ("limits[1].amount", "doubled")),
    ({"limits": [{"amount": 1, "interval": ["daily"]}]}, ("limits[0].interval", "invalid_choice")),
    ({"limits": [{"count": n, "interval": "daily"} for n in range(21)]}, ("limits", "invalid")),
    ({"timezone": "Mars/Olympus"}, ("timezone", "unknown_timezone")),
    ({"timezone": None}, ("timezone", "unknown_timezone")),
    ({"allowed_mccs": ["581"]}, ("allowed_mccs[0]", "invalid")),
    ({"allowed_mccs": [5814]}, ("allowed_mccs[0]", "invalid")),
    ({"blocked_countries": ["gb"]}, ("blocked_countries[0]", "invalid")),
    ({"blocked_countries": ["XX"]}, ("blocked_countries[0]", "invalid")),
    ({"blocked_merchants": ["4111111111111111"]}, ("blocked_merchants[0]", "invalid")),
    ({"blocked_merchants": ["a\x00b"]}, ("blocked_merchants[0]", "invalid")),
    ({"channels": {"chip": False}}, ("channels.chip", "unknown_field")),
    ({"channels": {"atm": 0}}, ("channels.atm", "invalid")),
])
def test_what_is_refused_is_named(spec: object, wrong: tuple[str, str]):
    assert wrong in refused(spec)


def test_amount_and_count_of_one_interval_are_two_measures():
    spec = parse_controls({"limits": [{"amount": 100, "interval": "daily"}, {"count": 2, "interval": "daily"}]})
    assert len(spec["limits"]) == 2


@pytest.mark.parametrize(("interval", "instant", "starts", "ends"), [
    # Winter: London is UTC.
    ("daily", "2026-01-15T23:59:59", "2026-01-15T00:00", "2026-01-16T00:00"),
    # Summer: 23:30 UTC is half past midnight of the next day in London.
    ("daily", "2026-07-01T23:30:00", "2026-07-01T23:00", "2026-07-02T23:00"),
    # 29 March 2026: clocks go forward, the day has 23 hours.
    ("daily", "2026-03-29T12:00:00", "2026-03-29T00:00", "2026-03-29T23:00"),
    # 25 October 2026: clocks go back, the day has 25 hours.
    ("daily", "2026-10-25T12:00:00", "2026-10-24T23:00", "2026-10-26T00:00"),
    # Monday 23 March to Sunday 29 March, the last of which is short.
    ("weekly", "2026-03-29T22:59:59", "2026-03-23T00:00", "2026-03-29T23:00"),
    ("weekly", "2026-03-29T23:00:00", "2026-03-29T23:00", "2026-04-05T23:00"),
    ("monthly", "2026-03-31T23:00:00", "2026-03-31T23:00", "2026-04-30T23:00"),
    ("monthly", "2026-12-31T23:59:59", "2026-12-01T00:00", "2027-01-01T00:00"),
    ("monthly", "2024-02-29T10:00:00", "2024-02-01T00:00", "2024-03-01T00:00"),
    ("yearly", "2026-12-31T23:59:59", "2026-01-01T00:00", "2027-01-01T00:00"),
])
def test_windows_of_london(interval: str, instant: str, starts: str, ends: str):
    assert window_of(interval, "Europe/London", utc(instant)) == (utc(starts), utc(ends))


def test_a_lifetime_never_ends():
    assert window_of("lifetime", "Europe/London", utc("2026-11-23T10:00"))[1] == END


def test_a_midnight_that_was_skipped_begins_with_the_jump():
    # Cairo, 28 April 2023: 00:00 became 01:00.
    starts, ends = window_of("daily", "Africa/Cairo", utc("2023-04-28T12:00"))
    assert (starts, ends - starts) == (utc("2023-04-27T22:00"), timedelta(hours=23))


def test_one_authorisation_has_no_window():
    with pytest.raises(ValueError, match="per_authorisation"):
        window_of("per_authorisation", "UTC", utc("2026-11-23T10:00"))


@given(st.datetimes(min_value=utc("2000-01-01").replace(tzinfo=None), max_value=utc("2090-01-01").replace(tzinfo=None)), st.sampled_from(WINDOWED),
       st.sampled_from(["Europe/London", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo", "Australia/Lord_Howe"]))
def test_every_instant_lies_in_its_window_and_windows_touch(naive: datetime, interval: str, zone: str):
    instant = naive.replace(tzinfo=UTC)
    starts, ends = window_of(interval, zone, instant)
    assert starts <= instant < ends
    if interval != "lifetime":
        assert window_of(interval, zone, ends)[0] == ends
        assert window_of(interval, zone, ends - timedelta(microseconds=1)) == (starts, ends)


@pytest.mark.parametrize(("old", "new", "looser"), [
    ({"limits": [{"amount": 100, "interval": "daily"}]}, {"limits": [{"amount": 99, "interval": "daily"}]}, False),
    ({"limits": [{"amount": 100, "interval": "daily"}]}, {"limits": [{"amount": 101, "interval": "daily"}]}, True),
    ({"limits": [{"amount": 100, "interval": "daily"}]}, {}, True),
    ({}, {"limits": [{"amount": 100, "interval": "daily"}]}, False),
    ({"blocked_mccs": ["7995"]}, {}, True),
    ({"allowed_countries": ["GB"]}, {"allowed_countries": ["GB", "FR"]}, True),
    ({"allowed_countries": ["GB"]}, {}, True),
    ({}, {"allowed_countries": ["GB"]}, False),
    ({"channels": {"atm": False}}, {"channels": {}}, True),
    ({"channels": {"atm": False}}, {"channels": {"atm": False, "wallet": False}}, False),
])
def test_what_is_looser_is_seen(old: dict, new: dict, looser: bool):
    assert bool(loosened(parse_controls(old), parse_controls(new))) is looser
