"""How a value looks on a page: pure functions from plain values to safe HTML, shared by template tags and lists."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from issuing_portal.core.money import Money
from issuing_portal.portal.static_files import packages_folder
from issuing_portal.portal.statuses import colour, word

ABSENT = mark_safe('<span class="text-secondary">–</span>')  # noqa: S308 - a constant
KEPT = 8
"""Last characters of an id that stay visible: in a TypeID the first ones are the time, alike for neighbours."""


class UnknownIcon(LookupError):
    """The icon package has no such icon."""


@lru_cache(maxsize=256)
def icon(name: str, label: str = "", *, filled: bool = False) -> SafeString:
    """An icon of Tabler's set, inlined. Without a label it is decoration, hidden from screen readers.

    Raises: UnknownIcon where the package has no icon of that name.
    """
    style = "filled" if filled else "outline"
    file = packages_folder() / "@tabler" / "icons" / "icons" / style / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not file.is_file():
        raise UnknownIcon(name)
    svg = re.sub(r"<!--.*?-->", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    body = re.sub(r"\s+", " ", svg[svg.index(">", svg.index("<svg")) + 1: svg.rindex("</svg>")]).strip()
    paint = mark_safe('fill="currentColor"' if filled else 'fill="none" stroke="currentColor" stroke-width="2"')  # noqa: S308
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true" focusable="false"')
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" class="icon icon-{}" width="24" height="24" viewBox="0 0 24 24" {} '
        'stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>',
        name, paint, role, mark_safe(body),  # noqa: S308 - the body is a file of the pinned package
    )


def status_badge(status: Any, noun: str) -> SafeString:
    """The badge of a status: its word, in its colour from portal/statuses.py."""
    if not status:
        return ABSENT
    text = str(getattr(status, "value", status))
    return format_html('<span class="badge bg-{}-lt text-nowrap">{}</span>', colour(noun, text), word(text))


def money(amount: Money | int | None, currency: str = "") -> SafeString:
    """An amount with its currency, digits aligned; negative ones marked by sign and class."""
    if amount is None:
        return ABSENT
    value = amount if isinstance(amount, Money) else Money(amount, currency)
    return format_html(
        '<span class="amount{}">{} <span class="amount-currency">{}</span></span>',
        " amount-negative" if value.minor < 0 else "", value.major(), value.currency,
    )


def relative(at: datetime, now: datetime) -> str:
    """`just now`, `5 min ago`, `in 3 h`, `12 d ago`; beyond sixty days the date itself."""
    gap = now - at
    size = abs(gap)
    if size < timedelta(seconds=45):
        return "just now" if gap >= timedelta() else "in a moment"
    if size < timedelta(minutes=60):
        text = f"{max(1, round(size / timedelta(minutes=1)))} min"
    elif size < timedelta(hours=36):
        text = f"{round(size / timedelta(hours=1))} h"
    elif size < timedelta(days=60):
        text = f"{round(size / timedelta(days=1))} d"
    else:
        return f"{timezone.localtime(at):%-d %b %Y}"
    return f"{text} ago" if gap > timedelta() else f"in {text}"


def exact(at: datetime) -> str:
    """The instant in the viewer's zone, to the second, with the zone's name: `Mon 23 Nov 2026, 22:57:01 GMT`."""
    return f"{timezone.localtime(at):%a %-d %b %Y, %H:%M:%S %Z}"


def time_element(at: datetime, text: str) -> SafeString:
    """A `<time>` that shows `text` and keeps the exact instant in its title."""
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return format_html('<time class="text-nowrap" datetime="{}" title="{}">{}</time>', stamp, exact(at), text)


def ago(at: datetime | None, now: datetime) -> SafeString:
    """Relative time, the exact one in `title`."""
    return ABSENT if at is None else time_element(at, relative(at, now))


def moment(at: datetime | None) -> SafeString:
    """The exact time, for details and audit rows: `23 Nov 2026, 22:57:01 GMT` in the viewer's zone."""
    return ABSENT if at is None else time_element(at, f"{timezone.localtime(at):%-d %b %Y, %H:%M:%S %Z}")


def day(on: date | None) -> SafeString:
    """A date without a time: `23 Nov 2026`."""
    return ABSENT if on is None else format_html('<span class="text-nowrap">{}</span>', f"{on:%-d %b %Y}")


def shortened(identifier: str) -> str:
    """`crd_01h455vb4pex5vsknk084sn02q` → `crd_…084sn02q`; short ids stay whole."""
    prefix, mark, rest = identifier.partition("_")
    if not mark:
        return identifier if len(identifier) <= 14 else f"…{identifier[-KEPT:]}"
    return identifier if len(rest) <= KEPT + 2 else f"{prefix}_…{rest[-KEPT:]}"


def short_id(identifier: str | None, url: str = "", *, css: str = "") -> SafeString:
    """An id in mono, its last characters kept, with a copy button; a link where `url` is given."""
    if not identifier:
        return ABSENT
    text = str(identifier)
    name = format_html('<a href="{}" class="{}" title="{}">{}</a>', url, css, text, shortened(text)) if url else (
        format_html('<span title="{}">{}</span>', text, shortened(text)))
    return format_html(
        '<span class="short-id">{}<button type="button" class="copy" data-copy="{}" aria-label="Copy {}">{}</button></span>',
        name, text, text, icon("copy"),
    )


def plain(value: Any) -> SafeString | str:
    """Anything else: a dash for nothing, words for booleans, the text itself otherwise (escaped by the template)."""
    if value is None or value == "":
        return ABSENT
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)


def shown(kind: str, value: Any, *, now: datetime, noun: str = "", url: str = "", css: str = "") -> SafeString | str:
    """A value by the kind of its column or fact: text, code, id, money, number, status, ago, moment, date."""
    inner: SafeString | str
    match kind:
        case "id":
            return short_id(value, url, css=css)
        case "status":
            inner = status_badge(value, noun)
        case "money":
            inner = money(value)
        case "ago":
            inner = ago(value, now)
        case "moment":
            inner = moment(value)
        case "date":
            inner = day(value)
        case "number":
            inner = ABSENT if value is None else format_html('<span class="amount">{}</span>', f"{value:,}")
        case "code":
            inner = ABSENT if value in (None, "") else format_html('<code class="text-nowrap">{}</code>', value)
        case _:
            inner = plain(value)
    return format_html('<a href="{}" class="{}">{}</a>', url, css, inner) if url and inner is not ABSENT else inner
