"""The scratch installation: a PostgreSQL of its own with the durable settings of `make run`, and the servers under test.

Everything stands in `.data/bench-<pid>` (for root, where `nobody` may look) and is ended and deleted with the run.
"""

import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from issuing_portal.core.embedded import env_file, places, ports, processes
from issuing_portal.core.embedded.errors import LauncherError
from issuing_portal.core.embedded.postgres import SAFE, Postgres, bin_dir
from issuing_portal.core.supervisor.children import Child, all_children
from issuing_portal.core.supervisor.layout import ROOT, Layout

DATA = ROOT / ".data"
HEALTHY_WITHIN = 60.0
LARGE = "issuing_large"
BUILD_OPTIONS = {"max_wal_size": "4GB", "maintenance_work_mem": "512MB"}
"""Only with the large set, whose making would else be a chain of checkpoints."""


@dataclass
class Scratch:
    """One cluster and the environment of those who use it."""

    folder: Path
    postgres: Postgres
    secrets: dict[str, str]
    children: list[Child] = field(default_factory=list)

    def environment(self, database: str = "") -> dict[str, str]:
        """What a process of the product needs, whatever this shell has set. The broker's address leads nowhere: taps need none."""
        url = self.postgres.url if not database else self.postgres.url.rpartition("/")[0] + "/" + database
        return {name: self.secrets[name] for name in env_file.GENERATED} | {
            "ENVIRONMENT": "sandbox", "DEBUG": "false", "DATABASE_URL": url, "REDIS_URL": f"redis://{ports.LOOPBACK}:1/0",
            "DJANGO_SETTINGS_MODULE": "issuing_portal.settings", "PYTHONUNBUFFERED": "1", "LOG_LEVEL": "INFO",
        }

    def admin_url(self, database: str = "") -> str:
        return self.postgres.admin_url if not database else self.postgres.admin_url.rpartition("/")[0] + "/" + database

    def server(self, name: str, *, database: str = "") -> int:
        """Start a processor entry as `manage.py up` does; its port. `await_servers` waits for it."""
        return self._start(name, database, {"PROMETHEUS_MULTIPROC_DIR": str(self.folder / name / "metrics"), "ISSUING_PROCESS": "processor"})

    def bench_server(self, name: str, urls: str, process: str, secret: str = "") -> int:
        """The same Granian with the same workers and threads over one of the bench's own URL lists."""
        return self._start(name, "", {"ISSUING_PROCESS": process, "DJANGO_SETTINGS_MODULE": "bench.settings", "BENCH_URLS": urls, "BENCH_SECRET": secret})

    def _start(self, name: str, database: str, more: dict[str, str]) -> int:
        data = self.folder / name
        (data / "logs").mkdir(parents=True)
        layout = Layout(root=ROOT, data=data, port=ports.any_free(), processor_port=ports.any_free())
        child = next(one for one in all_children(layout, redis_url=self.environment()["REDIS_URL"]) if one.name == "processor")
        child.extra_env |= more
        child.start(self._outer() | self.environment(database))
        self.children.append(child)
        return layout.processor_port

    def await_servers(self) -> None:
        """Raises: LauncherError with the end of the log of a server that does not answer."""
        deadline = time.monotonic() + HEALTHY_WITHIN
        for child in self.children:
            while not child.check():
                if child.fell() is not None or time.monotonic() > deadline:
                    raise LauncherError(f"The {child.name} under test did not start:\n  " + "\n  ".join(processes.last_lines(child.log, 12)))
                time.sleep(0.1)

    def programs(self) -> Path:
        """Where pgbench is: the programs as this user may run them."""
        return bin_dir(places.MYSELF)

    def stop(self) -> None:
        """End what was started and delete the folder."""
        for child in self.children:
            child.send(signal.SIGTERM)
        deadline = time.monotonic() + 4.0
        while not all(child.ended() for child in self.children) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in self.children:
            child.sweep()
        self.postgres.stop(at_once=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _outer(self) -> dict[str, str]:
        """Of this shell only what finds programs and speaks to the terminal."""
        return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV") if name in os.environ}


@contextmanager
def installation(*, large: bool) -> Iterator[Scratch]:
    """A running cluster, ended and deleted on leaving, however that comes about."""
    user = places.server_user()
    places.make_data_dir(DATA)
    parent = DATA if user.can_enter(DATA) else places.passable_folder("bench")
    _remove_leftovers(parent)
    folder = parent / f"bench-{os.getpid()}-{secrets.token_hex(3)}"
    folder.mkdir(mode=0o700)
    if user.uid is not None:
        folder.chmod(0o711)
    made = env_file.secrets_for({})
    postgres = Postgres(folder=folder / "pg", log=folder / "postgres.log", user=user, options=SAFE | (BUILD_OPTIONS if large else {}),
                        admin_password=made["POSTGRES_ADMIN_PASSWORD"], password=made["POSTGRES_PASSWORD"])
    scratch = Scratch(folder=folder, postgres=postgres, secrets=made)
    try:
        postgres.start()
        yield scratch
    finally:
        scratch.stop()


def _remove_leftovers(parent: Path) -> None:
    """The folders of runs that were killed outright; their servers ended with them."""
    for folder in parent.glob("bench-*"):
        pid = folder.name.split("-")[1]
        if pid.isdigit() and not processes.exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def configure_this_process(scratch: Scratch) -> None:
    """This process speaks to the scratch database too: as a portal process, to migrate and to set the scene."""
    import django

    for name in ("ISSUING_PROCESS", "DATABASE_ADMIN_URL", "STATIC_COLLECTED"):
        os.environ.pop(name, None)
    os.environ.update(scratch.environment() | {"LOG_LEVEL": "WARNING"})
    sys.path.insert(0, str(ROOT))
    django.setup()
