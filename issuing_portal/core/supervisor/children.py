"""The long-running processes of the product, and how often one may fall."""

import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from issuing_portal.core.embedded import processes
from issuing_portal.core.supervisor import health
from issuing_portal.core.supervisor.layout import Layout

BACK_OFF = (1.0, 2.0, 4.0, 8.0, 15.0)
FORGIVEN_AFTER = 120.0
"""A process that lived this many seconds starts again with a clean sheet."""


@dataclass
class Child:
    """One process: how it is started, whether it is healthy, when it may be started again."""

    name: str
    title: str
    command: list[str]
    log: Path
    cwd: Path
    extra_env: dict[str, str] = field(default_factory=dict)
    check: Callable[[], bool] = lambda: True
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    started_wall: float = 0.0
    falls: int = 0
    start_again_at: float | None = None
    healthy: bool = False

    def start(self, env: dict[str, str]) -> None:
        """Start the process; it dies with us."""
        self.start_again_at, self.healthy = None, False
        self.started_at, self.started_wall = time.monotonic(), time.time()
        self.process = processes.start(self.command, log=self.log, cwd=self.cwd, env=env | self.extra_env)

    def fell(self) -> int | None:
        """The exit status when the process has ended by itself since it was started, else None."""
        return None if self.process is None else self.process.poll()

    def plan_restart(self, now: float) -> float | None:
        """Seconds until the next start, or None when it has fallen too often to go on."""
        if now - self.started_at > FORGIVEN_AFTER:
            self.falls = 0
        self.process = None
        if self.falls >= len(BACK_OFF):
            return None
        delay = BACK_OFF[self.falls]
        self.falls += 1
        self.start_again_at = now + delay
        return delay

    def send(self, number: signal.Signals) -> None:
        """Signal the process itself (TERM: it tells its own children), or the whole group for a KILL."""
        if self.process is None or self.process.poll() is not None:
            return
        if number is signal.SIGKILL:
            processes.signal_group(self.process, number)
        else:
            self.process.send_signal(number)

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def sweep(self) -> None:
        """After its end: nothing that it started may stay."""
        if self.process is not None:
            processes.signal_group(self.process, signal.SIGKILL)


def all_children(layout: Layout, *, redis_url: str) -> list[Child]:
    """Web, processor, worker and beat, in the order in which they start."""
    python = [sys.executable, "-m"]
    web = _granian(layout, "web", "portal and API", layout.port, ("--workers", "1", "--blocking-threads", "8"), "/healthz", "/readyz")
    processor = _granian(
        layout, "processor", "processor entry", layout.processor_port,
        # Idle threads that end take their database connections with them, and the next tap would wait for a new one.
        ("--workers", "2", "--blocking-threads", "4", "--blocking-threads-idle-timeout", "600", "--respawn-failed-workers"), "/healthz",
    )
    processor.extra_env["ISSUING_PROCESS"] = "processor"
    node = f"up-{secrets.token_hex(4)}@localhost"
    worker = Child(
        name="worker", title="worker", log=layout.log("worker"), cwd=layout.root,
        command=[*python, "celery", "-A", "issuing_portal.celery", "worker", "-c", "2", "-n", node, "-l", "INFO",
                 "--without-gossip", "--without-mingle"],
        check=health.worker_pongs(redis_url, node),
    )
    schedule = layout.data / "beat"
    schedule.mkdir(exist_ok=True, mode=0o700)
    beat = Child(
        name="beat", title="beat", log=layout.log("beat"), cwd=layout.root,
        command=[*python, "celery", "-A", "issuing_portal.celery", "beat", "-l", "INFO", "--pidfile=",
                 "-S", "issuing_portal.core.supervisor.beat.BeatingScheduler", "-s", str(schedule / "schedule")],
    )
    beat.check = health.touched_since(schedule / "alive", lambda: beat.started_wall)
    return [web, processor, worker, beat]


def _granian(layout: Layout, name: str, title: str, port: int, options: tuple[str, ...], *paths: str) -> Child:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), *options,
               "--workers-kill-timeout", "3", "--no-ws", "issuing_portal.wsgi:application"]
    return Child(name=name, title=title, command=command, log=layout.log(name), cwd=layout.root, check=health.answers_http(port, *paths))
