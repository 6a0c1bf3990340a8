"""The supervisor: start in order, watch, stop in order."""

import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from issuing_portal.core.embedded import env_file, places, processes
from issuing_portal.core.embedded.errors import LauncherError
from issuing_portal.core.embedded.postgres import Postgres
from issuing_portal.core.embedded.valkey import Valkey
from issuing_portal.core.supervisor import layout as layouts
from issuing_portal.core.supervisor import screen
from issuing_portal.core.supervisor.children import Child, all_children

COMMAND_TIMEOUT = 600.0
HEALTHY_TIMEOUT = 90.0
STOP_PATIENCE = 2.8
"""Seconds that web, processor, worker and beat have to finish what they do; all in all a stop stays below five."""

ONE_PRESS = 0.4
"""Signals this close together are one wish: make passes on the TERM that its whole group has already been sent."""


class StopAsked(Exception):
    """Ctrl-C, SIGTERM or a closed terminal."""


class Supervisor:
    """One run of the product."""

    def __init__(self, layout: layouts.Layout) -> None:
        self.layout = layout
        self.asked_at: float | None = None
        self.hurry = False
        self.wakeup = threading.Event()
        self.values: dict[str, str] = {}
        self.env: dict[str, str] = {}
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self.children: list[Child] = []
        self.command: Child | None = None
        self.began = time.monotonic()

    def run(self) -> int:
        """Start, watch until asked to stop, stop. Returns the exit status: 0 after an orderly stop on request."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        processes.adopt_orphans()
        status = 0
        try:
            self._start()
            self._watch()
        except StopAsked:
            screen.say()
        except LauncherError as error:
            screen.say(f"\n{error}")
            status = 1
        finally:
            self._stop()
        return status

    # Start

    def _start(self) -> None:
        screen.say(f"Issuing Portal, process {os.getpid()}")
        for line in self.layout.remarks:
            screen.remark(line)
        self.layout.run_file.unlink(missing_ok=True)
        for log in (self.layout.data / "logs").glob("*.log"):
            log.replace(log.with_suffix(".log.1"))  # the last run's are kept, older ones not
        self._prepare_environment()
        self._start_servers()
        for title, name in (("migrations", "migrate"), ("demo data", "load_demo")):
            with screen.step(title):
                self._manage(name)
        self.children = all_children(self.layout, redis_url=self.env["REDIS_URL"])
        self._start_children()
        self._write_run_file()
        screen.welcome(self.layout, environment=self.env["ENVIRONMENT"], seconds=time.monotonic() - self.began)

    def _prepare_environment(self) -> None:
        self.values = env_file.secrets_for(env_file.read(self.layout.env_file))
        self.values |= {
            "ENVIRONMENT": os.environ.get("ENVIRONMENT") or "sandbox",
            "PORTAL_ORIGIN": self.layout.portal_origin, "PROCESSOR_ORIGIN": self.layout.processor_origin,
        }
        env_file.write(self.layout.env_file, self.values)

    def _start_servers(self) -> None:
        """PostgreSQL and Valkey, unless the environment names others; then `.data/env` says where they are."""
        with screen.step("PostgreSQL") as result:
            if os.environ.get("DATABASE_URL"):
                self.values["DATABASE_URL"], result.text = os.environ["DATABASE_URL"], "yours (DATABASE_URL)"
                self.values.pop("DATABASE_ADMIN_URL", None)
            else:
                self._start_postgres()
                result.text = f"embedded, port {self.values['POSTGRES_PORT']}"
        for note in self.postgres.notes if self.postgres else ():
            screen.remark(note)
        self._give_up_if_asked()
        with screen.step("Valkey") as result:
            if os.environ.get("REDIS_URL"):
                self.values["REDIS_URL"], result.text = os.environ["REDIS_URL"], "yours (REDIS_URL)"
            else:
                self._start_valkey()
                result.text = f"embedded, port {self.values['VALKEY_PORT']}"
        env_file.write(self.layout.env_file, self.values)
        # The environment wins over the file, as it does in settings; the two addresses are already settled.
        self.env = self.values | {"PROMETHEUS_MULTIPROC_DIR": self._fresh_metrics()} | dict(os.environ) | {
            "DATABASE_URL": self.values["DATABASE_URL"], "REDIS_URL": self.values["REDIS_URL"],
            "ENVIRONMENT": self.values["ENVIRONMENT"],
            "DJANGO_SETTINGS_MODULE": "issuing_portal.settings", "PYTHONUNBUFFERED": "1",
        }
        self._give_up_if_asked()

    def _fresh_metrics(self) -> str:
        """An empty folder in which all processes count together: what dead ones counted is not added to the new ones' figures."""
        folder = self.layout.data / "metrics"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        return str(folder)

    def _start_postgres(self) -> None:
        parent, user = places.servers_place(self.layout.data)
        self.postgres = server = Postgres(
            folder=parent / "pg", log=self.layout.log("postgres"), user=user,
            admin_password=self.values["POSTGRES_ADMIN_PASSWORD"], password=self.values["POSTGRES_PASSWORD"],
        )
        server.start(preferred_port=_number(self.values.get("POSTGRES_PORT")))
        self.values |= {"DATABASE_URL": server.url, "DATABASE_ADMIN_URL": server.admin_url, "POSTGRES_PORT": str(server.port)}

    def _start_valkey(self) -> None:
        parent, user = places.servers_place(self.layout.data)
        self.valkey = server = Valkey(folder=parent / "valkey", log=self.layout.log("valkey"), user=user, password=self.values["VALKEY_PASSWORD"])
        server.start(preferred_port=_number(self.values.get("VALKEY_PORT")))
        self.values |= {"REDIS_URL": server.url, "VALKEY_PORT": str(server.port)}

    def _manage(self, name: str) -> None:
        """Run one management command to its end; its output goes to a log."""
        self.command = Child(name=name, title=name, command=[sys.executable, "manage.py", name], log=self.layout.log(name), cwd=self.layout.root)
        self.command.start(self.env)
        self._wait(self.command.ended, COMMAND_TIMEOUT, f"`manage.py {name}` did not end within {COMMAND_TIMEOUT:.0f} s.")
        status, self.command = self.command.fell(), None
        if status != 0:
            screen.say()
            screen.lines_of(self.layout.log(name), processes.last_lines(self.layout.log(name)))
            raise LauncherError(f"`manage.py {name}` failed.")

    def _start_children(self) -> None:
        """All at once, for each spends seconds on imports; then wait for the last to be healthy."""
        for child in self.children:
            child.start(self.env)
        deadline = time.monotonic() + HEALTHY_TIMEOUT
        while not all(child.healthy for child in self.children):
            for child in self.children:
                self._look_at_start(child)
            if time.monotonic() > deadline:
                waiting = next(child for child in self.children if not child.healthy)
                screen.lines_of(waiting.log, processes.last_lines(waiting.log))
                raise LauncherError(f"The {waiting.title} was not healthy within {HEALTHY_TIMEOUT:.0f} s.")
            self.wakeup.wait(0.1)
            self._give_up_if_asked()

    def _look_at_start(self, child: Child) -> None:
        status = child.fell()
        if status is not None:
            screen.lines_of(child.log, processes.last_lines(child.log))
            raise LauncherError(f"The {child.title} ended while starting ({_status(status)}).")
        if not child.healthy and child.check():
            child.healthy = True
            screen.healthy(child.title, "healthy", time.monotonic() - child.started_at)

    def _write_run_file(self) -> None:
        where = {"portal": self.layout.portal_origin, "api": self.layout.portal_origin, "processor": self.layout.processor_origin, "pid": os.getpid()}
        fresh = self.layout.run_file.with_suffix(".new")
        fresh.write_text(json.dumps(where) + "\n", encoding="utf-8")
        fresh.replace(self.layout.run_file)

    # Watch

    def _watch(self) -> None:
        while True:
            self.wakeup.wait(0.25)
            self._give_up_if_asked()
            for name, server in (("PostgreSQL", self.postgres), ("Valkey", self.valkey)):
                if server is not None and server.process is not None and server.process.poll() is not None:
                    screen.lines_of(server.log, processes.last_lines(server.log))
                    raise LauncherError(f"{name} ended by itself ({_status(server.process.returncode)}); nothing can go on without it.")
            for child in self.children:
                self._look_after(child)

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.start_again_at is not None and now >= child.start_again_at:
            child.start(self.env)
            screen.say(f"  {child.title} started again")
            return
        status = child.fell()
        if status is None:
            return
        screen.say(f"  {child.title} ended by itself ({_status(status)})")
        screen.lines_of(child.log, processes.last_lines(child.log, 8))
        child.sweep()
        delay = child.plan_restart(now)
        if delay is None:
            raise LauncherError(f"The {child.title} falls again and again; see {child.log}.")
        screen.say(f"  {child.title} starts again in {delay:.0f} s")

    # Stop

    def _stop(self) -> None:
        """Beat, worker, processor and web together, then Valkey, then PostgreSQL. A second signal hurries, and orphans nothing."""
        began = time.monotonic()
        self.layout.run_file.unlink(missing_ok=True)
        running = [child for child in [self.command, *reversed(self.children)] if child is not None and child.process is not None]
        if running:
            screen.say("  stopping …")
        for child in running:
            child.send(signal.SIGTERM)
        while not all(child.ended() for child in running) and not self.hurry and time.monotonic() - began < STOP_PATIENCE:
            self.wakeup.clear()
            self.wakeup.wait(0.05)
        for child in running:
            if not child.ended():
                screen.remark(f"{child.title} was still busy and was ended")
            child.sweep()
            if child.process is not None:
                child.process.wait()
        if self.valkey is not None:
            self.valkey.stop(timeout=0.5)
        if self.postgres is not None:
            self.postgres.stop(at_once=self.hurry, timeout=1.0)
        processes.end_orphans()
        if running or self.postgres is not None:
            screen.say(f"  stopped in {time.monotonic() - began:.1f} s")

    # Signals

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.asked_at is None:
            self.asked_at = now
        elif now - self.asked_at > ONE_PRESS:
            self.hurry = True
        self.wakeup.set()

    def _give_up_if_asked(self) -> None:
        if self.asked_at is not None:
            raise StopAsked

    def _wait(self, done: Callable[[], bool], timeout: float, otherwise: str) -> None:
        deadline = time.monotonic() + timeout
        while not done():
            self.wakeup.wait(0.05)
            self._give_up_if_asked()
            if time.monotonic() > deadline:
                raise LauncherError(otherwise)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _status(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"


def main() -> int:
    """The whole of `manage.py up`. Returns the exit status."""
    try:
        layout = layouts.choose()
        places.make_data_dir(layout.data)
        lock = places.try_lock(layout.data / "up.lock")
        if lock is None:
            raise LauncherError("`manage.py up` is already running over this checkout's .data; .data/run.json says where it listens.")
        with lock:
            return Supervisor(layout).run()
    except LauncherError as error:
        screen.say(str(error))
        return 1
