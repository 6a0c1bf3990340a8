"""Spend controls: what a spec may say, and when its windows begin and end. Pure: no ORM, no clock, no settings.

A spec in force has every key of NO_CONTROLS. What the values mean:
- a limit of 0 means that nothing may be spent (or no tap made); no limit at all is said by leaving the limit away;
- an empty list restricts nothing; where a value stands on an allowed and a blocked list, blocked wins;
- a channel that is not named is on; chip has no switch;
- windows are calendar windows in the spec's time zone: days from midnight, weeks from Monday, months from the first,
  years from 1 January; `lifetime` never ends. A day with a clock change is 23 or 25 hours long.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import pycountry

from issuing_portal.core.errors import InvalidInput
from issuing_portal.core.money import AMOUNT_MAX
from issuing_portal.core.redaction import holds_secret

PER_AUTHORISATION: Final = "per_authorisation"
WINDOWED: Final = ("daily", "weekly", "monthly", "yearly", "lifetime")
"""Intervals with a window, in the order in which a tap takes them."""
INTERVALS: Final = (PER_AUTHORISATION, *WINDOWED)
CHANNELS: Final = ("ecommerce", "contactless", "atm", "magstripe", "wallet")
MEASURES: Final = ("amount", "count")
LISTS: Final = ("allowed_mccs", "blocked_mccs", "allowed_countries", "blocked_countries", "allowed_merchants", "blocked_merchants")
LIMITS_MAX, LIST_MAX, COUNT_MAX, MERCHANT_MAX = 20, 1000, 1_000_000, 64
BEGINNING, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
NO_CONTROLS: Final[dict[str, Any]] = {"limits": [], "timezone": "UTC", **{name: [] for name in LISTS}, "channels": {}}

Refusals = list[tuple[str, str, str]]


def parse_controls(given: Any, *, timezone: str = "UTC") -> dict[str, Any]:
    """The full spec of what a caller sent; `timezone` holds where the caller names none.

    Raises: InvalidInput, naming every field that cannot be accepted.
    """
    if not isinstance(given, dict):
        raise InvalidInput(("", "not_an_object", "Controls are an object."))
    refused: Refusals = [(str(name)[:80], "unknown_field", "This field is not known here.") for name in given if name not in NO_CONTROLS][:20]
    spec: dict[str, Any] = {"limits": _limits(given.get("limits"), refused), "timezone": _timezone(given.get("timezone", timezone), refused)}
    for name in LISTS:
        spec[name] = _list(name, given.get(name), refused)
    spec["channels"] = _channels(given.get("channels"), refused)
    if refused:
        raise InvalidInput(*refused)
    return spec


def limit_key(interval: str) -> str:
    """The key of the window row of one owner: a window counts amount and taps both, so the interval alone names it."""
    return interval


def window_of(interval: str, timezone: str, instant: datetime) -> tuple[datetime, datetime]:
    """The window of `interval` (one of WINDOWED) that `instant` falls into: [starts_at, ends_at) in UTC.

    Raises: ValueError for an interval without windows.
    """
    if interval == "lifetime":
        return BEGINNING, END
    zone = ZoneInfo(timezone)
    today = instant.astimezone(zone).date()
    if interval == "daily":
        first, after = today, today + timedelta(days=1)
    elif interval == "weekly":
        first = today - timedelta(days=today.weekday())
        after = first + timedelta(days=7)
    elif interval == "monthly":
        first = today.replace(day=1)
        after = (first + timedelta(days=31)).replace(day=1)
    elif interval == "yearly":
        first, after = date(today.year, 1, 1), date(today.year + 1, 1, 1)
    else:
        raise ValueError(f"{interval} has no window")
    return _midnight(first, zone), _midnight(after, zone)


def loosened(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What `new` allows that `old` did not, in words; empty where it is as strict or stricter."""
    found = []
    after = {(limit["interval"], measure): limit[measure] for limit in new["limits"] for measure in MEASURES if measure in limit}
    for limit in old["limits"]:
        for measure in MEASURES:
            if measure not in limit:
                continue
            now = after.get((limit["interval"], measure))
            if now is None or now > limit[measure]:
                to = "none" if now is None else f"{now:,}"
                found.append(f"{limit['interval']} {measure} limit {limit[measure]:,} → {to}")
    for what in ("mccs", "countries", "merchants"):
        unblocked = set(old[f"blocked_{what}"]) - set(new[f"blocked_{what}"])
        before, allowed = set(old[f"allowed_{what}"]), set(new[f"allowed_{what}"])
        widened = before and (not allowed or allowed - before)
        found += [f"{what} unblocked: {', '.join(sorted(unblocked)[:5])}"] if unblocked else []
        found += [f"allowed {what} widened"] if widened else []
    found += [f"channel {name} on" for name, on in old["channels"].items() if not on and new["channels"].get(name, True)]
    if new["timezone"] != old["timezone"] and old["limits"]:
        found.append(f"windows begin in {new['timezone']} instead of {old['timezone']}")
    return found


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    # fold=0: a midnight that happens twice counts from its first; one that is skipped becomes the instant of the jump.
    return datetime(on.year, on.month, on.day, tzinfo=zone).astimezone(UTC)


def _limits(given: Any, refused: Refusals) -> list[dict[str, Any]]:
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > LIMITS_MAX:
        refused.append(("limits", "invalid", f"A list of at most {LIMITS_MAX} limits."))
        return []
    limits, seen = [], set()
    for position, item in enumerate(given):
        limit = _limit(f"limits[{position}]", item, refused)
        for measure in MEASURES:
            key = (limit.get("interval"), measure)
            if measure in limit and key in seen:
                refused.append((f"limits[{position}].{measure}", "doubled", f"There is a {key[0]} {measure} limit already."))
            seen.add(key if measure in limit else None)
        limits.append(limit)
    return limits


def _limit(path: str, given: Any, refused: Refusals) -> dict[str, Any]:
    if not isinstance(given, dict):
        refused.append((path, "not_an_object", "A limit is an object."))
        return {}
    for name in [name for name in given if name not in ("interval", *MEASURES)][:10]:
        refused.append((f"{path}.{str(name)[:80]}", "unknown_field", "This field is not known here."))
    interval = given.get("interval")
    if interval not in INTERVALS:
        refused.append((f"{path}.interval", "invalid_choice", f"One of {', '.join(INTERVALS)}."))
        return {}
    limit = {measure: given[measure] for measure in MEASURES if given.get(measure) is not None}
    for measure, value in limit.items():
        most = AMOUNT_MAX if measure == "amount" else COUNT_MAX
        if type(value) is not int or not 0 <= value <= most:
            refused.append((f"{path}.{measure}", "invalid", f"An integer from 0 to {most}; 0 lets nothing through."))
    if not limit:
        refused.append((f"{path}.amount", "required", "A limit has an amount, a count, or both."))
    if interval == PER_AUTHORISATION and "count" in limit:
        refused.append((f"{path}.count", "invalid", "One authorisation cannot be counted; give an amount."))
    return {**limit, "interval": interval}


def _timezone(given: Any, refused: Refusals) -> str:
    if not isinstance(given, str) or given not in _zones():
        refused.append(("timezone", "unknown_timezone", "An IANA time zone, such as Europe/London."))
        return "UTC"
    return given


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime", "Factory", "posixrules"}


def _mcc(value: str) -> bool:
    return len(value) == 4 and value.isascii() and value.isdigit()


def _country(value: str) -> bool:
    return len(value) == 2 and value.isascii() and value.isupper() and pycountry.countries.get(alpha_2=value) is not None


def _merchant(value: str) -> bool:
    return 1 <= len(value) <= MERCHANT_MAX and value.isprintable() and value == value.strip() and not holds_secret(value)


_ITEMS: dict[str, tuple[Callable[[str], bool], str]] = {
    "mccs": (_mcc, "Merchant category codes are four digits as a string."),
    "countries": (_country, "Countries are ISO 3166-1 alpha-2 codes."),
    "merchants": (_merchant, f"Merchants are the acquirer's merchant ids, at most {MERCHANT_MAX} characters."),
}


def _list(name: str, given: Any, refused: Refusals) -> list[str]:
    if given is None:
        return []
    right, sentence = _ITEMS[name.partition("_")[2]]
    if not isinstance(given, list) or len(given) > LIST_MAX:
        refused.append((name, "invalid", f"A list of at most {LIST_MAX}."))
        return []
    wrong = [position for position, item in enumerate(given) if not isinstance(item, str) or not right(item)]
    refused += [(f"{name}[{position}]", "invalid", sentence) for position in wrong[:10]]
    return [] if wrong else list(dict.fromkeys(given))


def _channels(given: Any, refused: Refusals) -> dict[str, bool]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        refused.append(("channels", "not_an_object", "Channels are an object of switches."))
        return {}
    for name, on in list(given.items())[:20]:
        if name not in CHANNELS:
            refused.append((f"channels.{str(name)[:80]}", "unknown_field", f"One of {', '.join(CHANNELS)}."))
        elif not isinstance(on, bool):
            refused.append((f"channels.{name}", "invalid", "true or false."))
    return {name: given[name] for name in CHANNELS if name in given}
