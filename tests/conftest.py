"""What every test may ask for: Acme, its rival Globex, and a database whose commits are real."""

import os
from collections.abc import Generator

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.operations import DatabaseOperations

from tests import characters
from tests.characters import PartnerClient
from tests.processor import processor_entry  # noqa: F401 - an autouse fixture

KEPT = {"django_migrations", "django_content_type", "auth_permission"}
CHARACTERS = {"acme", "globex"}
COMMITTING = {"committed_db", "transactional_db", "live_server"}


def pytest_configure(config: pytest.Config) -> None:
    """Passwords are hashed quickly here: scrypt is made to be slow, and hundreds of people sign in."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Whoever asks for a character gets the rolled-back database, unless the test commits."""
    asked = set(getattr(item, "fixturenames", ()))
    if asked & CHARACTERS and not asked & COMMITTING:
        item.add_marker(pytest.mark.django_db)


@pytest.fixture
def acme(request: pytest.FixtureRequest) -> PartnerClient:
    """Partner Acme: a funded GBP programme, an all-scope key, a processor connection; `acme.live` is its live twin."""
    _database(request)
    return characters.set_up("Acme")


@pytest.fixture
def globex(request: pytest.FixtureRequest) -> PartnerClient:
    """Globex, Acme's rival, with the same things."""
    _database(request)
    return characters.set_up("Globex")


def _database(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("transactional_db" if COMMITTING & set(request.fixturenames) else "db")


@pytest.fixture
def committed_db(transactional_db: None) -> None:
    """A database whose commits are real, for threads, triggers at COMMIT and killed connections; emptied afterwards."""


@pytest.fixture(scope="session", autouse=True)
def _reset_with_triggers_aside() -> Generator[None]:
    """Django empties the database after a committing test by TRUNCATE, which our append-only tables refuse: ours comes instead."""
    patch = pytest.MonkeyPatch()
    patch.setattr(DatabaseOperations, "execute_sql_flush", lambda operations, statements: reset_database())
    yield
    patch.undo()


def reset_database() -> None:
    """Empty every table but Django's own registers; the triggers stand aside in this one session alone."""
    default = connections["default"].settings_dict
    admin = os.environ.get("DATABASE_ADMIN_URL")
    own = {"host": default["HOST"], "port": default["PORT"], "user": default["USER"], "password": default["PASSWORD"]}
    with psycopg.connect(admin, dbname=default["NAME"]) if admin else psycopg.connect(**own, dbname=default["NAME"]) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET lock_timeout = '10s'")
        rows = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition").fetchall()
        names = ", ".join(f'"{name}"' for (name,) in rows if name not in KEPT)
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE".encode())
