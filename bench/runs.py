"""The single measurements: each is one run of some seconds against one server, and answers with a few figures."""

import os
import random
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from bench import statements
from bench.figures import percentile
from bench.loads import Load, Outcome
from bench.scene import Scene
from bench.scratch import Scratch
from issuing_portal.core.supervisor.layout import ROOT

CLIENTS = 8
"""Of pgbench: as many as the product has database connections (2 workers × 4 threads)."""
CLOSED_LINES, OPEN_LINES = 16, 32
"""Keep-alive connections of the generator; more than threads, so that the system's uneven dealing leaves no worker idle."""
MOST_PER_SECOND = 3000
"""Requests made ahead in a closed loop."""
SAMPLE = 20_000

Figures = dict[str, Any]


class RunFailed(Exception):
    """A run that measured nothing."""


@dataclass
class Bench:
    """What the runs need to know. `ports` and `secrets` by the name of the server."""

    scratch: Scratch
    scene: Scene
    noted: statements.Noted
    constants: set[UUID]
    seconds: int
    large_cards: int
    ports: dict[str, int]
    secrets: dict[str, str]
    count: int = 0

    def pgbench(self) -> Figures:
        """Transactions a second of the tap path's statements without any Python."""
        script = statements.script(self.noted, constants=self.constants, cards=self.scene.cards, stamp=int(time.time() * 1000))
        file = self.scratch.folder / "taps.sql"
        file.write_text(script.text, encoding="utf-8")
        postgres = self.scratch.postgres
        command = [str(self.scratch.programs() / "pgbench"), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(self.seconds),
                   "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "issuing", "-f", str(file), *script.defines(), "issuing"]
        environment = {"PATH": os.environ.get("PATH", ""), "PGPASSWORD": postgres.password, "PGOPTIONS": "-c jit=off", "LC_ALL": "C"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=self.seconds + 60)  # noqa: S603
        told = re.search(r"tps = ([\d.]+)", done.stdout)
        if done.returncode != 0 or told is None or "aborted" in done.stderr:
            raise RunFailed("pgbench: " + (done.stderr or done.stdout)[-1500:])
        return {"per_second": float(told[1]), "errors": 0}

    def closed(self, server: str, *, cards: str = "spread") -> Figures:
        """As many taps as the server takes."""
        return _shown(self._load(server, cards, rate=None, connections=CLOSED_LINES, seconds=self.seconds))

    def open(self, server: str, rate: int, *, cards: str = "spread") -> Figures:
        """Taps that come when they come, `rate` a second."""
        return _shown(self._load(server, cards, rate=rate, connections=OPEN_LINES, seconds=self.seconds)) | {"rate": rate}

    def warm_up(self, seconds: float) -> None:
        """Each worker and connection of each server has been asked before anything counts."""
        for server in self.ports:
            self._load(server, "spread", rate=None, connections=CLOSED_LINES, seconds=seconds)

    def _load(self, server: str, cards: str, *, rate: int | None, connections: int, seconds: float) -> Outcome:
        self.count += 1
        most = 0 if rate else int(seconds * MOST_PER_SECOND)
        load = Load(port=self.ports[server], path=f"/processor/v1/{self.scene.connection}/authorisations", secret=self.secrets[server],
                    cards=self._cards(server, cards), seconds=seconds, seed=self.count, run=f"b{self.count:04d}{int(time.time()):x}",
                    connections=connections, rate=rate, most=most)
        done = subprocess.run([sys.executable, "-m", "bench.generator"], cwd=ROOT, input=msgspec.json.encode(load),
                              capture_output=True, check=False, timeout=seconds + 60)
        if done.returncode != 0:
            raise RunFailed(f"the generator against {server}: " + done.stderr.decode()[-1500:])
        return msgspec.json.decode(done.stdout, type=Outcome)

    def _cards(self, server: str, cards: str) -> list[str]:
        if cards == "hot":
            return self.scene.hot_cards
        total = self.large_cards if server == "large" else self.scene.cards
        chance = random.Random(self.count)  # noqa: S311 - load, not secrets
        return [self.scene.card(number) for number in chance.sample(range(1, total + 1), min(SAMPLE, total))]


def _shown(outcome: Outcome) -> Figures:
    """An outcome in milliseconds."""
    found: Figures = {"per_second": round(outcome.per_second, 1), "answered": outcome.answered,
                      "errors": outcome.errors, "unserved": outcome.unserved}
    for name, share in (("p50_ms", 50.0), ("p95_ms", 95.0), ("p99_ms", 99.0), ("max_ms", 100.0)):
        value = percentile(outcome.latencies_us, share)
        found[name] = None if value is None else round(value / 1000, 2)
    found["generator_behind_p99_ms"] = round(outcome.behind_us / 1000, 2)
    return found | ({"first_error": outcome.first_error} if outcome.first_error else {})
