"""What a programme manager opens with: funding, approvals against the week before, the top declines; and support's look-up."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, Sum
from django.utils import timezone

from authorisations import queries as authorisations
from authorisations.models import AuthorisationStatus
from cards import queries as cards
from cards.models import CardStatus
from issuing_portal.core.ids import floor_id, public_id
from issuing_portal.core.money import Money
from issuing_portal.ledger.models import Account, AccountKind, EntryKind, Posting
from issuing_portal.partners import queries as partners
from issuing_portal.portal.charts import Chart, Series
from issuing_portal.portal.home.panels import SHOWN, Line, Nothing, Panel, Tone, Viewer, address, counted, name_for, queue, taken
from issuing_portal.staff import queries as staff

LOW_PERCENT = 10
"""Below this share of what was confirmed, funding is called low."""
RENEWAL_DAYS = 60


@dataclass(frozen=True)
class Week:
    """The taps of seven days in one programme (None: no card was found)."""

    programme_id: UUID | None
    this_week: bool
    declined: bool
    reason: str
    taps: int


def funding(viewer: Viewer) -> Panel:
    """What each programme still has to give to accounts, the lowest share of its confirmed funding first."""
    pools = list(Account.objects.filter(kind=AccountKind.PROGRAMME_FUNDING, **viewer.within("accounts.read")).select_related("programme"))
    confirmed = dict(
        Posting.objects.filter(account__in=pools, entry__kind=EntryKind.FUNDING_CONFIRMED)
        .values_list("account_id")
        .annotate(Sum("amount_minor"))
    )
    shares = sorted(
        ((100 * pool.posted_minor // total if (total := confirmed.get(pool.pk, 0)) else 0), pool.programme.name, pool, total)
        for pool in pools
    )
    low = sum(1 for share, *_ in shares if share < LOW_PERCENT)
    lines = [
        Line(
            name,
            address("ledger:programme", pool.programme.public_id),
            f"{share} % of {Money(total, pool.currency).format()} confirmed is unallocated",
            amount=Money(pool.posted_minor, pool.currency),
            share=share,
        )
        for share, name, pool, total in shares[:SHOWN]
    ]
    return Panel(
        "funding",
        "Is there money for the accounts?",
        "building-bank",
        figure=f"{shares[0][0]} %" if shares else "–",
        caption="lowest funding level",
        tone="bad" if low else "good",
        lines=lines,
        all_url=address("ledger:list"),
        all_label="All accounts",
        nothing=Nothing(
            "No programme is funded yet", "A programme's unallocated funding shows here once finance has confirmed its first money."
        ),
    )


def approvals(viewer: Viewer) -> Panel:
    """The share of taps approved in seven days against the seven before, per programme."""
    weeks = _weeks(viewer)
    names = {
        row.pk: row.name
        for row in partners.programmes_seen_by(staff.programmes_of(viewer.user, "authorisations.read")).filter(
            pk__in={week.programme_id for week in weeks if week.programme_id}
        )
    }
    now, before = _rate(weeks, this_week=True), _rate(weeks, this_week=False)
    lines = [_approval_line(viewer, weeks, programme_id, name) for programme_id, name in sorted(names.items(), key=lambda item: item[1])][
        :SHOWN
    ]
    return Panel(
        "approvals",
        "How many taps are approved?",
        "bolt",
        figure=_percent(now),
        caption=_against(now, before),
        tone=_tone(now, before),
        lines=lines,
        nothing=Nothing("No taps in two weeks", "The approval rate shows here after the first card taps."),
        all_url=address("authorisations:list", at_from=_day(viewer)),
        all_label="All taps of seven days",
    )


def declines(viewer: Viewer) -> Panel:
    """Why taps were declined: the commonest reasons of seven days beside the seven before, each leading to its rows."""
    taps = {flag: Counter[str]() for flag in (True, False)}
    for week in _weeks(viewer):
        if week.declined:
            taps[week.this_week][week.reason] += week.taps
    top = [reason for reason, _ in taps[True].most_common(SHOWN)]
    chart = (
        Chart(
            "top-declines",
            "Which reasons grew in the last seven days?",
            [reason.replace("_", " ") for reason in top],
            [
                Series("Last seven days", [taps[True][reason] for reason in top], "blue"),
                Series("The week before", [taps[False][reason] for reason in top], "secondary"),
            ],
            links=[
                address("authorisations:list", status=AuthorisationStatus.DECLINED.value, reason=reason, at_from=_day(viewer))
                for reason in top
            ],
        )
        if top
        else None
    )
    return Panel(
        "declines",
        "Why are taps declined?",
        "circle-x",
        figure=f"{taps[True].total():,}",
        caption=f"declined; {taps[False].total():,} the week before",
        chart=chart,
        template="portal/_home_chart.html",
        nothing=Nothing("No decline in seven days", "The commonest reasons show here, each with its rows."),
        all_url=address("authorisations:list", status=AuthorisationStatus.DECLINED.value, at_from=_day(viewer)),
        all_label="All declines of seven days",
    )


def lookup(viewer: Viewer) -> Panel:
    """The search box of somebody who has a cardholder on the telephone."""
    return Panel("lookup", "Find a cardholder", "search", template="portal/_home_lookup.html", all_url=address("portal:search"))


def latest_declines(viewer: Viewer) -> Panel:
    """The last taps that were declined: likely what the next call is about."""
    rows = (
        authorisations.authorisations_seen_by(viewer.user)
        .filter(status=AuthorisationStatus.DECLINED, id__gte=floor_id(viewer.week_ago))
        .order_by("-id")[:SHOWN]
    )
    lines = [
        Line(
            f"{row.merchant_name}, {row.card.masked if row.card else 'card not found'}",
            address("authorisations:detail", row.public_id),
            row.reason.replace("_", " "),
            amount=Money(row.amount_minor, row.currency),
            at=row.created_at,
        )
        for row in rows
    ]
    return Panel(
        "latest-declines",
        "Declined lately",
        "circle-x",
        lines=lines,
        nothing=Nothing("No decline in seven days", "Open one to read, step by step, why."),
        all_url=address("authorisations:list", status=AuthorisationStatus.DECLINED.value),
        all_label="All declined taps",
    )


def renewals(viewer: Viewer) -> Panel:
    """Cards that soon reach their last day, the first to end first."""
    last = (viewer.now + timedelta(days=RENEWAL_DAYS)).date()
    rows = cards.cards_seen_by(viewer.user).filter(
        status__in=[CardStatus.ACTIVE, CardStatus.INACTIVE, CardStatus.FROZEN], expires_on__lte=last
    )
    found, count = taken(rows.order_by("expires_on", "id"))
    lines = [
        Line(
            f"{name_for(viewer.user, row.cardholder.name)}, {row.masked}",
            address("cards:detail", row.public_id),
            f"usable to {row.expires_on:%-d %b %Y}",
            row.status,
            "card",
        )
        for row in found
    ]
    return Panel(
        "renewals",
        "Cards that end soon",
        "calendar-due",
        caption=f"within {RENEWAL_DAYS} days",
        **queue(count),
        lines=lines,
        nothing=Nothing(f"No card ends within {RENEWAL_DAYS} days", "Cards show here in good time to be replaced."),
        all_url=address("cards:list"),
        all_label="All cards",
    )


def _weeks(viewer: Viewer) -> list[Week]:
    """One grouped read for both panels. An id is never older than its row, so its time prunes partitions; the row's own time decides."""

    def read() -> list[Week]:
        start = viewer.week_ago - timedelta(days=7)
        rows = (
            authorisations.authorisations_seen_by(viewer.user)
            .select_related(None)
            .filter(id__gte=floor_id(start), created_at__gte=start, created_at__lt=viewer.now)
        )
        grouped = (
            rows.order_by()
            .values_list(
                "programme_id",
                ExpressionWrapper(Q(created_at__gte=viewer.week_ago), BooleanField()),
                ExpressionWrapper(Q(status=AuthorisationStatus.DECLINED), BooleanField()),
                "reason",
            )
            .annotate(Count("id"))
        )
        return [Week(*row) for row in grouped]

    found: list[Week] = viewer.once("weeks", read)
    return found


def _approval_line(viewer: Viewer, weeks: list[Week], programme_id: UUID, name: str) -> Line:
    own = [week for week in weeks if week.programme_id == programme_id]
    now, before = _rate(own, this_week=True), _rate(own, this_week=False)
    taps = sum(week.taps for week in own if week.this_week)
    return Line(
        name,
        address("authorisations:list", q=public_id("programme", programme_id), at_from=_day(viewer)),
        f"{_percent(now)} of {counted(taps, 'tap')}, {_against(now, before)}",
        share=now // 10 if now is not None else None,
    )


def _rate(weeks: list[Week], *, this_week: bool) -> int | None:
    """Approved taps in a thousand; None without a tap."""
    taps = [week for week in weeks if week.this_week is this_week]
    total = sum(week.taps for week in taps)
    return 1000 * sum(week.taps for week in taps if not week.declined) // total if total else None


def _percent(rate: int | None) -> str:
    return "–" if rate is None else f"{_tenths(rate)} %"


def _against(now: int | None, before: int | None) -> str:
    if now is None:
        return "no tap in seven days"
    if before is None:
        return "no tap the week before"
    return (
        "as the week before"
        if now == before
        else f"{_tenths(abs(now - before))} points {'up' if now > before else 'down'} on the week before"
    )


def _tone(now: int | None, before: int | None) -> Tone:
    return "" if now is None or before is None else "watch" if now < before - 20 else "good"


def _tenths(value: int) -> str:
    return f"{value // 10}.{value % 10}"


def _day(viewer: Viewer) -> str:
    return timezone.localtime(viewer.week_ago).date().isoformat()
