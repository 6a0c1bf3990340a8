"""A pytest plugin: the tests' own PostgreSQL and Valkey, with fresh secrets, before Django is set up.

TEST_DATABASE_URL (or DATABASE_URL) and REDIS_URL in the environment replace them. Each pytest run has servers and a folder
of its own, so several can run at once; a folder whose run was killed is removed by the next one.
"""

import atexit
import os
import secrets
import shutil
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest

from issuing_portal.core.embedded import env_file, places
from issuing_portal.core.embedded.errors import LauncherError
from issuing_portal.core.embedded.postgres import FOR_TESTS, Postgres
from issuing_portal.core.embedded.valkey import Valkey

DATA = Path(__file__).resolve().parent.parent / ".data"
PREFIX = "test-"


@dataclass
class TestServers:
    """What one pytest run has started."""

    __test__ = False

    folder: Path | None = None
    lock: IO[str] | None = None
    postgres: Postgres | None = None
    valkey: Valkey | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start what the environment does not name, and put the rest of the settings into the environment.

        Raises: LauncherError when a server does not start.
        """
        made = env_file.secrets_for({})
        self.environment = {name: made[name] for name in env_file.GENERATED} | {"ENVIRONMENT": "sandbox"}
        given = os.environ.get("TEST_DATABASE_URL") or os.environ.get("DATABASE_URL")
        if given:
            # Named even when empty: settings fill what is missing from .data/env, and that is the server of another run.
            self.environment |= {"DATABASE_URL": given, "DATABASE_ADMIN_URL": os.environ.get("DATABASE_ADMIN_URL", "")}
        else:
            self._start_postgres(made)
        if not os.environ.get("REDIS_URL"):
            self._start_valkey(made)
        os.environ.pop("ISSUING_PROCESS", None)
        os.environ.update(self.environment)

    def stop(self) -> None:
        """End both servers and remove their folder; safe to call twice."""
        if self.valkey is not None:
            self.valkey.stop()
        if self.postgres is not None:
            self.postgres.stop(at_once=True)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None
        if self.lock is not None:
            self.lock.close()
            self.lock = None

    def _own_folder(self) -> tuple[Path, places.ServerUser]:
        user = places.server_user()
        if self.folder is None:
            parent = self._parent(user)
            remove_leftovers(parent)
            self.folder = parent / f"{PREFIX}{os.getpid()}-{secrets.token_hex(3)}"
            self.folder.mkdir(mode=0o700)
            if user.uid is not None:
                self.folder.chmod(0o711)
            self.lock = places.try_lock(self.folder / "lock")
        return self.folder, user

    def _parent(self, user: places.ServerUser) -> Path:
        places.make_data_dir(DATA)
        if user.can_enter(DATA):
            return DATA
        return places.passable_folder("tests")

    def _start_postgres(self, made: dict[str, str]) -> None:
        folder, user = self._own_folder()
        self.postgres = Postgres(
            folder=folder / "pg", log=folder / "postgres.log", user=user, options=dict(FOR_TESTS), for_tests=True,
            admin_password=made["POSTGRES_ADMIN_PASSWORD"], password=made["POSTGRES_PASSWORD"],
        )
        self.postgres.start()
        self.environment |= {"DATABASE_URL": self.postgres.url, "DATABASE_ADMIN_URL": self.postgres.admin_url}

    def _start_valkey(self, made: dict[str, str]) -> None:
        folder, user = self._own_folder()
        self.valkey = Valkey(folder=folder / "valkey", log=folder / "valkey.log", user=user,
                             password=made["VALKEY_PASSWORD"], durable=False)
        self.valkey.start()
        self.environment["REDIS_URL"] = self.valkey.url


def remove_leftovers(parent: Path) -> None:
    """Remove the folders of runs that were killed: a living run holds the lock of its folder.

    Their servers end with the run that started them, or when they find their folder gone.
    """
    for folder in parent.glob(PREFIX + "*"):
        try:
            lock = places.try_lock(folder / "lock") if (folder / "lock").exists() else None
        except OSError:
            continue  # another user's, or removed by another run just now
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            lock.close()


servers = TestServers()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Before pytest-django reads the settings."""
    if not (early_config.known_args_namespace.help or early_config.known_args_namespace.version):
        atexit.register(servers.stop)
        try:
            servers.start()
        except LauncherError as error:
            raise pytest.UsageError(str(error)) from error
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """After the last test and after pytest-django has dropped its database."""
    servers.stop()
