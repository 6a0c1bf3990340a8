"""`make bench`: set up, measure in interleaved rounds, print one table, write bench/latest.json and bench/latest.svg.

ROUNDS (5) and SECONDS_EACH (10) shorten it; LARGE=1 adds the set of 1,000,000 cards and 5,000,000 authorisations.
"""

import json
import os
import platform
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import UUID

from bench import plot, report, scene, statements
from bench.figures import rotated
from bench.runs import Bench, Figures, RunFailed
from bench.scratch import LARGE, Scratch, configure_this_process, installation
from issuing_portal.core import signing
from issuing_portal.core.embedded.errors import LauncherError
from issuing_portal.core.ids import new_id
from issuing_portal.core.supervisor import screen

HERE = Path(__file__).resolve().parent
CARDS, LARGE_CARDS, LARGE_HISTORY = 10_000, 1_000_000, 5_000_000
WARM_UP = 0.6


def number(name: str, default: int) -> int:
    """A whole number of at least 1 from the environment."""
    text = os.environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise LauncherError(f"{name} must be a whole number of at least 1, not {text!r}.")
    return int(text)


def step(text: str) -> AbstractContextManager[Any]:
    return screen.step(text)


def set_up(scratch: Scratch, seconds: int, large: bool) -> Bench:
    """Databases migrated and filled, servers started and healthy, the tap's statements noted."""
    empty_secret = signing.new_secret()
    ports = {} if large else _servers(scratch, empty_secret)  # their imports overlap with the migrations; a template database lets nobody in
    configure_this_process(scratch)
    from django.core.management import call_command
    from django.db import connection

    with step("migrations"):
        call_command("migrate", verbosity=0)
    now = datetime.now(UTC)
    with step(f"{CARDS:,} cards"):
        made, template, line = _first_tap(now)
        if large:
            connection.close()
            _copy_database(scratch)
        scene.fill(scratch.admin_url(), template, cards=CARDS, history=0, now=now)
        stage = scene.Scene(connection=made.connection.public_id, cards=CARDS)
        noted = statements.note_tap(line=line, card=stage.card(1), reference="bench-noted", now=datetime.now(UTC))
        connection.close()
    if large:
        with step(f"{LARGE_CARDS:,} cards and {LARGE_HISTORY:,} authorisations (some minutes)"):
            scene.fill(scratch.admin_url(LARGE), template, cards=LARGE_CARDS, history=LARGE_HISTORY, now=now)
        ports = _servers(scratch, empty_secret) | {"large": scratch.server("large", database=LARGE)}
    with step("servers"):
        scratch.await_servers()
    constants: set[UUID] = {made.partner.pk, made.programme.pk, made.connection.pk}
    secrets = dict.fromkeys(ports, made.secret) | {"empty": empty_secret}
    return Bench(scratch=scratch, scene=stage, noted=noted, constants=constants, seconds=seconds, large_cards=LARGE_CARDS,
                 ports=ports, secrets=secrets)


def _servers(scratch: Scratch, empty_secret: str) -> dict[str, int]:
    return {"product": scratch.server("product"), "drf": scratch.bench_server("drf", "bench.urls_baseline", "portal"),
            "empty": scratch.bench_server("empty", "bench.urls_empty", "processor", secret=empty_secret)}


def _first_tap(now: datetime) -> tuple[Any, scene.Template, Any]:
    """The partner, the rows of which all others are copies, and the processor's line."""
    from authorisations.operations.taps import Line
    from cards.models import SpendControl
    from issuing_portal.core.actors import Actor
    from issuing_portal.core.ids import parse_id

    made, card = scene.first_card(now=now)
    actor = Actor(kind="processor", id=made.connection.pk, label="processor", channel="processor", partner_id=made.partner.pk, livemode=False,
                  request_id=str(new_id()))
    line = Line(id=made.connection.pk, partner_id=made.partner.pk, livemode=False, actor=actor)
    first = statements.note_tap(line=line, card=card.public_id, reference="bench-first", now=datetime.now(UTC))
    authorisation = parse_id("authorisation", first.answer["authorisation"])
    control = SpendControl.objects.get(owner_id=card.pk)
    assert authorisation
    return made, scene.Template(card=card.pk, account=card.account_id, cardholder=card.cardholder_id, vault_entry=card.vault_entry_id,
                                control=control.pk, authorisation=authorisation), line


def _copy_database(scratch: Scratch) -> None:
    import psycopg

    with psycopg.connect(scratch.admin_url("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {LARGE} TEMPLATE issuing OWNER issuing")


def plan(bench: Bench) -> dict[str, Callable[[], Figures]]:
    """Name of a run (report.RUNS) → the run."""
    runs: dict[str, Callable[[], Figures]] = {
        "pgbench": bench.pgbench,
        "product": lambda: bench.closed("product"),
        "hot": lambda: bench.closed("product", cards="hot"),
        "empty_300": lambda: bench.open("empty", 300),
        "product_300": lambda: bench.open("product", 300),
        "product_450": lambda: bench.open("product", 450),
        "drf": lambda: bench.closed("drf"),
    }
    return runs | ({"large": lambda: bench.closed("large")} if "large" in bench.ports else {})


def measure(bench: Bench, rounds: int) -> list[report.Round]:
    """The rounds, each in an order of its own."""
    bench.warm_up(WARM_UP)
    runs, done = plan(bench), []
    for round_number in range(rounds):
        found: report.Round = {}
        for name in rotated(list(runs), round_number):
            found[name] = runs[name]()
            told = found[name]
            rest = f"   p50 {told['p50_ms']} ms, p99 {told['p99_ms']} ms" if told.get("p50_ms") is not None else ""
            print(f"  round {round_number + 1}  {report.RUNS[name]:<42}{told['per_second']:>8.0f}/s{rest}", flush=True)
            if told.get("first_error"):
                print(f"           first error: {told['first_error']}", flush=True)
        done.append(found)
    return done


def write(rounds: list[report.Round], found: dict[str, Any], bench: Bench, took: float) -> None:
    """bench/latest.json and bench/latest.svg."""
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform(terse=True)}
    page = found | {"statements_per_tap": len(bench.noted.statements), "rounds": rounds, "seconds_each": bench.seconds, "machine": machine,
                    "took_seconds": round(took), "measured_at": datetime.now(UTC).isoformat(timespec="seconds")}
    (HERE / "latest.json").write_text(json.dumps(page, indent=1) + "\n", encoding="utf-8")
    title = f"Tap path, {len(rounds)} round(s) of {bench.seconds:g} s, {machine['cores']} cores"
    (HERE / "latest.svg").write_text(plot.svg(rounds, title=title), encoding="utf-8")


def asked_to_stop(number: int, frame: FrameType | None) -> None:
    """SIGTERM and a closed terminal end as Ctrl-C does: by way of every `finally`."""
    raise KeyboardInterrupt


def main() -> int:
    """0 when it measured, whatever the figures; 1 when it could not; 130 when it was stopped."""
    for asked in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(asked, asked_to_stop)
    began = time.monotonic()
    try:
        rounds, seconds, large = number("ROUNDS", 5), number("SECONDS_EACH", 10), bool(os.environ.get("LARGE"))
        with installation(large=large) as scratch:
            bench = set_up(scratch, seconds, large)
            done = measure(bench, rounds)
        found = report.summary(done)
        took = time.monotonic() - began
        write(done, found, bench, took)
        print(report.table(done, found))
        print(f"\nbench/latest.json and bench/latest.svg written, after {took:.0f} s")
    except (LauncherError, RunFailed) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; everything that was started is ended.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
