"""What every test may ask for: Acme, its rival Globex, and a database whose commits are real."""

import os
from collections.abc import Generator

import psycopg
import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from tests import characters
from tests.characters import PartnerClient

KEPT = {"django_migrations", "django_content_type", "auth_permission"}


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
    """The rolled-back database, unless the test has asked for commits."""
    if not {"committed_db", "transactional_db"} & set(request.fixturenames):
        request.getfixturevalue("db")


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Generator[None]:
    """A database whose commits are real, for threads, triggers at COMMIT and killed connections; emptied afterwards.

    Django's own transactional tests end with TRUNCATE, which our append-only tables refuse.
    """
    with django_db_blocker.unblock():
        yield
        reset_database()


def reset_database() -> None:
    """Empty every table but Django's own registers; triggers stand aside only in this session, by `session_replication_role`."""
    connections.close_all()
    default = connections["default"].settings_dict
    admin = os.environ.get("DATABASE_ADMIN_URL")
    own = {"host": default["HOST"], "port": default["PORT"], "user": default["USER"], "password": default["PASSWORD"]}
    with psycopg.connect(admin, dbname=default["NAME"]) if admin else psycopg.connect(**own, dbname=default["NAME"]) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET lock_timeout = '10s'")
        rows = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition").fetchall()
        names = [f'"{name}"' for (name,) in rows if name not in KEPT]
        connection.execute(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")
