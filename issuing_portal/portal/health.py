"""The Health page: does everything that runs by itself run, and do the proofs hold?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from issuing_portal.audit import queries as audit
from issuing_portal.core import health, pulse
from issuing_portal.core.partitions import months_from, partitioned_tables
from issuing_portal.events.models import Event
from issuing_portal.portal.formats import relative
from issuing_portal.staff.pages import staff_page

QUEUES = ("default", "webhooks")
PULSE_LATE = timedelta(seconds=45)
SEAL_LATE = timedelta(seconds=30)
PROOF_LATE = timedelta(hours=36)
BACKLOG_LATE = 500


@dataclass(frozen=True)
class Reading:
    """One line: what was looked at, OK, LATE, DOWN or UNKNOWN, the figure, and what to do where it is not well."""

    name: str
    status: str
    value: str
    advice: str = ""
    details: tuple[str, ...] = ()


@staff_page("health.read")
def page(request: HttpRequest) -> HttpResponse:
    """Every reading; the headline says how many want a look."""
    readings = taken(timezone.now())
    unwell = [one for one in readings if one.status != "OK"]
    return render(request, "portal/health.html", {"title": "Health", "readings": readings, "unwell": len(unwell)})


def taken(now: datetime) -> list[Reading]:
    """All readings at `now`."""
    return [database(), broker(), alive("worker", "Worker", now), alive("beat", "Beat", now), queued(), sealing(now),
            proof("Audit trail", audit.last_of("audit.verified"), "manage.py verify_audit", now),
            proof("Ledger", audit.last_of("ledger.verified"), "manage.py verify_ledger", now), partitions(now)]


def database() -> Reading:
    """The page itself needed the database; what can be wrong is its schema."""
    if health.migrated():
        return Reading("Database", "OK", "answers, every migration is applied")
    return Reading("Database", "LATE", "migrations wait", "Run manage.py migrate before serving this version.")


def broker() -> Reading:
    """Redis, or what stands in its place."""
    if pulse.reachable():
        return Reading("Broker", "OK", "answers")
    return Reading("Broker", "DOWN", "does not answer", "Taps, portal and API go on; workers resume from the database once it is back.")


def alive(name: str, label: str, now: datetime) -> Reading:
    """A process by its sign of life."""
    at = pulse.last(name)
    if at is None:
        return Reading(label, "UNKNOWN", "no sign of life is known", f"See whether the {name} process runs and reaches the broker.")
    late = now - at > PULSE_LATE
    return Reading(label, "LATE" if late else "OK", f"last sign of life {relative(at, now)}", f"See the {name}'s log." if late else "")


def queued() -> Reading:
    """Messages that wait at the broker."""
    waiting = pulse.backlog(QUEUES)
    if waiting is None:
        return Reading("Queues", "UNKNOWN", "the broker does not answer")
    value = ", ".join(f"{queue}: {count}" for queue, count in waiting.items())
    late = max(waiting.values()) > BACKLOG_LATE
    return Reading("Queues", "LATE" if late else "OK", value, "Start more workers, or see what they are at." if late else "")


def sealing(now: datetime) -> Reading:
    """How far the sealer is behind."""
    lag = audit.lag()
    if lag.rows == 0:
        return Reading("Sealing", "OK", "nothing waits")
    late = lag.since is not None and now - lag.since > SEAL_LATE
    since = f", the oldest since {relative(lag.since, now)}" if lag.since else ""
    advice = "See whether worker and beat run; manage.py seal does it now." if late else ""
    return Reading("Sealing", "LATE" if late else "OK", f"{lag.rows} rows wait{since}", advice)


def proof(name: str, event: Event | None, command: str, now: datetime) -> Reading:
    """The last verification of the trail or the ledger."""
    label = f"{name} verified"
    if event is None:
        return Reading(label, "UNKNOWN", "never yet", f"It runs every night; {command} does it now.")
    facts: dict[str, Any] = event.internal
    when = relative(event.occurred_at, now)
    if not facts.get("passed"):
        findings = tuple(str(one) for one in facts.get("findings", [])[:10])
        return Reading(label, "DOWN", f"{when}: did not hold", f"Keep the database as it is and run {command}.", findings)
    late = now - event.occurred_at > PROOF_LATE
    rows = facts.get("rows", 0) or sum(facts.get("looked_at", {}).values())
    return Reading(label, "LATE" if late else "OK", f"{when}: whole, {rows:,} rows looked at", f"Run {command}." if late else "")


def partitions(now: datetime) -> Reading:
    """Whether the tables of the tap path have their next month."""
    this_month, next_month = (f"{start:%Y%m}" for start in months_from(now, 0))
    tables = partitioned_tables()
    short = sorted(table for table, names in tables.items() if not {f"{table}_{this_month}", f"{table}_{next_month}"} <= names)
    if short:
        return Reading("Partitions", "LATE", f"{len(short)} of {len(tables)} tables lack their next month",
                       "Beat makes them every night; until then the default partition takes the rows.", tuple(short))
    return Reading("Partitions", "OK", f"{len(tables)} tables have their next month")
