"""What a machine can hold of the style of this house. Every check is fed a planted fault first: one that cannot fail proves nothing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver

from issuing_portal.celery import app
from issuing_portal.events.names import ALL_TYPES
from issuing_portal.staff.middleware import STRANGERS, below
from tests import house
from tests.house import Check, Source

SOURCES = house.house()
OPERATION = "from issuing_portal.core.operations import operation\n@operation\n"
TASK = "from celery import shared_task\n"
TO_DO = "# TO" + "DO later"

PLANTED: list[tuple[Check, str, str]] = [
    (house.long_files, "cards/queries.py", "x = 1\n" * 501),
    (house.long_files, "templates/cards/list.html", "<p></p>\n" * 501),
    (house.long_functions, "cards/queries.py", "def cards():\n" + "    x = 1\n" * 60),
    (house.nameless_modules, "cards/utils.py", "x = 1\n"),
    (house.nameless_modules, "cards/services/issuing.py", "x = 1\n"),
    (house.nameless_modules, "cards/admin.py", "\n"),
    (house.undescribed_modules, "cards/queries.py", "x = 1\n"),
    (house.american_names, "cards/queries.py", "def authorization_of(card): ...\n"),
    (house.american_names, "cards/queries.py", "def card(program_id): ...\n"),
    (house.american_names, "cards/queries.py", "class FulfillmentOrder: ...\n"),
    (house.status_assignments, "cards/operations.py", "card.status = 'FROZEN'\n"),
    (house.status_assignments, "cards/operations.py", "Card.objects.filter(pk=1).update(status='FROZEN')\n"),
    (house.status_assignments, "cards/operations.py", "setattr(card, 'status', 'FROZEN')\n"),
    (house.status_assignments, "cards/operations.py", "cursor.execute('UPDATE cards_card SET status = %s', ['FROZEN'])\n"),
    (house.clocks_within, "cards/operations.py", "now = timezone.now()\n"),
    (house.clocks_within, "authorisations/rules.py", "today = date.today()\n"),
    (house.clocks_within, "cards/models.py", "issued_at = models.DateTimeField(default=timezone.now)\n"),
    (house.floats, "cards/models.py", "amount = models.FloatField()\n"),
    (house.floats, "authorisations/rules.py", "limit = float(amount)\n"),
    (house.floats, "issuing_portal/ledger/operations.py", "fee = amount * 0.02\n"),
    (house.decimals, "issuing_portal/ledger/queries.py", "from decimal import Decimal\n"),
    (house.decimals, "cards/models.py", "amount = models.DecimalField()\n"),
    (house.loose_operations, "cards/operations.py", OPERATION + "def freeze(card, *, by, now):\n    '''Freeze.'''\n"),
    (house.loose_operations, "cards/operations.py", OPERATION + "def freeze(*, card, by):\n    '''Freeze.'''\n"),
    (house.loose_operations, "cards/operations.py", OPERATION + "def freeze(*, card, by, now):\n    return card\n"),
    (house.loose_tasks, "cards/tasks.py", TASK + "@shared_task\ndef expire(**_): ...\n"),
    (house.loose_tasks, "cards/tasks.py", TASK + "@shared_task(name='cards.expire')\ndef expire(card_id): ...\n"),
    (house.rings_past_jobs, "cards/operations.py", "expire.delay()\n"),
    (house.rings_past_jobs, "cards/operations.py", "expire.apply_async(countdown=60)\n"),
    (house.django_signals, "cards/models.py", "from django.db.models.signals import post_save\n"),
    (house.keys_across_apps, "cards/models.py", "account = models.ForeignKey(Account, on_delete=models.PROTECT)\n"),
    (house.swallowed, "cards/operations.py", "try:\n    go()\nexcept ValueError:\n    pass\n"),
    (house.swallowed, "cards/operations.py", "with suppress(Exception):\n    go()\n"),
    (house.mocks, "tests/cards/test_issuing.py", "from unittest.mock import Magic" + "Mock\n"),
    (house.mocks, "tests/cards/test_issuing.py", "from unittest import mock\n"),
    (house.silent_skips, "tests/cards/test_issuing.py", "@pytest.mark.skipif(True)\ndef test_it(): ...\n"),
    (house.silent_skips, "tests/cards/test_issuing.py", "pytest.skip()\n"),
    (house.left_overs, "cards/operations.py", TO_DO),
    (house.left_overs, "templates/cards/list.html", "{# FIX" + "ME #}"),
    (house.home_paths, "docs/operations.md", "look into /" + "home/ada/issuing-portal"),
    (house.home_paths, "README.md", "look into /" + "root/issuing-portal"),
    (house.extensions, "cards/migrations/0002_guards.py", "migrations.RunSQL('CREATE" + " EXTENSION pgcrypto')"),
]
CHECKS = list(dict.fromkeys(check for check, _, _ in PLANTED))


def name_of(value: object) -> str:
    return getattr(value, "__name__", "") or str(value)[:40]


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_the_house_keeps_its_style(check: Check):
    assert not list(check(SOURCES)), check.__doc__


@pytest.mark.parametrize(("check", "path", "text"), PLANTED, ids=[f"{name_of(check)}-{number}" for number, (check, _, _) in enumerate(PLANTED)])
def test_a_planted_fault_is_seen(check: Check, path: str, text: str):
    found = list(check([Source(path, text)]))
    assert found and found[0].startswith(f"{path}:")


def test_the_house_is_looked_at_whole():
    paths = {source.path for source in SOURCES}
    assert {"cards/models.py", "issuing_portal/settings.py", "templates/portal/base.html", "tests/test_house.py", "README.md", "manage.py"} <= paths
    assert len(paths) > 300 and not any("node_modules" in path or ".venv" in path for path in paths)


@pytest.mark.parametrize("path", [*house.CLOCKS, *house.DECIMALS])
def test_every_exception_is_still_needed(path: str):
    """An entry of a list of exceptions that nothing needs any more is taken out."""
    source = next(source for source in SOURCES if source.path == path)
    assert re.search(r"\.now\(|[Dd]ecimal", source.text), f"{path} needs no exception"


# --- events and jobs ----------------------------------------------------------------------------------------------

BUILT = {"authorisation.approved": "authorisations/operations/taps.py", "authorisation.declined": "authorisations/operations/taps.py"}
"""Types put together where the decision is known, and the file that does it."""
TO_COME: dict[str, str] = {}
"""Words that are reserved, each with what will speak it."""


def test_every_recorded_event_is_in_the_vocabulary():
    found = list(house.recorded(SOURCES))
    assert len(found) > 20
    assert not [where for where, name in found if name not in ALL_TYPES]


def test_every_word_of_the_vocabulary_is_spoken():
    spoken = {node.value for source in house.python(SOURCES, migrations=True) if source.path != "issuing_portal/events/names.py"
              for node in ast.walk(source.tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert not sorted(ALL_TYPES - spoken - set(BUILT) - set(TO_COME))
    assert not set(TO_COME) & spoken, "spoken by now: it leaves the list"
    assert all("authorisation." in (house.ROOT / file).read_text() for file in BUILT.values())


def test_a_recorded_event_is_found_by_its_call():
    planted = Source("cards/operations.py", "events.record('card.thawed', subject=card, by=by, at=now)\n")
    assert list(house.recorded([planted])) == [("cards/operations.py:1: card.thawed", "card.thawed")]


def registered() -> set[str]:
    app.loader.import_default_modules()
    return set(app.tasks)


def test_every_enqueued_job_is_registered():
    assert not [where for where, task in house.enqueued(SOURCES) if task not in registered()]


def test_a_job_is_found_by_its_call():
    planted = Source("kyc/operations.py", "jobs.enqueue('kyc.screen', case_id=case)\njobs.enqueue(name)\n")
    assert list(house.enqueued([planted])) == [("kyc/operations.py:1: enqueue", "kyc.screen"), ("kyc/operations.py:2: enqueue", None)]
    assert not {"kyc.screen_nothing", None} & registered()


def test_what_beat_rings_is_registered():
    assert app.conf.beat_schedule
    assert not [name for name, entry in app.conf.beat_schedule.items() if entry["task"] not in registered()]


# --- addresses ----------------------------------------------------------------------------------------------------


def addresses(resolver: URLResolver | None = None, before: str = "/") -> Iterator[tuple[str, Any]]:
    """Every address with its view."""
    for pattern in (resolver or get_resolver()).url_patterns:
        path = before + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLPattern):
            yield path, pattern.callback
        else:
            yield from addresses(pattern, path)


OPEN_API = {"/v1/openapi.json", r"/v1(?:/(?P<rest>.*))?\Z"}
"""The document, and the answer to what is nowhere: neither takes a key."""


def without_scope(found: Iterator[tuple[str, Any]]) -> list[str]:
    return [path for path, view in found if below(path, ("/v1",)) and path not in OPEN_API and not getattr(getattr(view, "cls", None), "scope", "")]


def without_verb(found: Iterator[tuple[str, Any]]) -> list[str]:
    return [path for path, view in found if not below(path, (*STRANGERS, "/admin")) and path not in OPEN_API and not getattr(view, "verb", "")]


def test_every_api_view_has_a_scope():
    assert len([path for path, _ in addresses() if below(path, ("/v1",))]) > 30
    assert not without_scope(addresses())


def test_every_portal_view_has_a_verb():
    assert len([path for path, view in addresses() if getattr(view, "verb", "")]) > 20
    assert not without_verb(addresses())


def test_a_view_without_scope_or_verb_is_named():
    class View:
        cls = type("Cards", (), {})

    assert without_scope(iter([("/v1/cards", View)])) == ["/v1/cards"]
    assert without_verb(iter([("/cards/<card_id>", View)])) == ["/cards/<card_id>"]


# --- settings, migrations -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_migrations_are_complete(capsys):
    call_command("makemigrations", check=True, dry_run=True)
    assert "No changes detected" in capsys.readouterr().out


def test_requests_are_not_transactions_by_themselves():
    assert settings.DATABASES["default"]["ATOMIC_REQUESTS"] is False


@pytest.mark.parametrize("path", sorted(source.path for source in SOURCES if source.is_migration and "RunSQL" in source.text))
def test_a_migration_in_sql_can_be_undone(path: str):
    text = (Path(house.ROOT) / path).read_text()
    for call, name, _ in house.calls(Source(path, text)):
        if name == "RunSQL":
            assert len(call.args) > 1 or any(word.arg == "reverse_sql" for word in call.keywords), f"{path}:{call.lineno}"
