"""The import contracts of pyproject.toml catch what they are there for: faults planted one by one in a copy of the packages."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("issuing_portal", "cardholders", "kyc", "cards", "authorisations", "fulfilment")
LINT = "from importlinter.cli import lint_imports_command as run; run()"

ONE_WAY = "Dependencies point one way"
WITHIN = "Within an app: edges above operations above queries above models"
NO_EDGE = "What an edge stands on does not reach up to an edge"
TAP = "The tap path reaches neither Celery nor an HTTP client"
NO_DJANGO = "The embedded servers and the supervisor know no Django"

PLANTED = [
    ("cards/operations/moves.py", "from authorisations import rules", ONE_WAY),
    ("issuing_portal/core/money.py", "from issuing_portal.events import names", ONE_WAY),
    ("issuing_portal/ledger/queries.py", "from cards import queries as cards", ONE_WAY),
    ("issuing_portal/events/operations.py", "from issuing_portal.partners import models as partners", ONE_WAY),
    ("kyc/queries.py", "from authorisations import queries as taps", ONE_WAY),
    ("authorisations/queries.py", "from kyc import queries as cases", ONE_WAY),
    ("cardholders/operations/standing.py", "from cards import operations as cards", ONE_WAY),
    ("cards/queries.py", "from issuing_portal.sandbox import processor_client", ONE_WAY),
    ("cards/models.py", "from cards import operations", WITHIN),
    ("cardholders/queries.py", "from cardholders import operations", WITHIN),
    ("issuing_portal/ledger/operations/booking.py", "from issuing_portal.ledger import api", WITHIN),
    ("cards/queries.py", "from cards import api", NO_EDGE),
    ("kyc/operations/decisions.py", "from cardholders import api", NO_EDGE),
    ("authorisations/operations/taps.py", "import celery", TAP),
    ("authorisations/rules.py", "import httpx", TAP),
    ("authorisations/views.py", "from issuing_portal.core import jobs", TAP),
    ("issuing_portal/partners/queries.py", "import requests", TAP),
    ("issuing_portal/core/embedded/postgres.py", "from django.conf import settings", NO_DJANGO),
]

pytestmark = pytest.mark.skipif(importlib.util.find_spec("importlinter") is None, reason="import-linter is a tool of make lint (make install-dev)")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their contracts in a folder of their own."""
    folder = tmp_path_factory.mktemp("contracts")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "migrations"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def verdicts(folder: Path) -> dict[str, str]:
    """KEPT or BROKEN by contract."""
    done = subprocess.run([sys.executable, "-c", LINT], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    found = {}
    for line in done.stdout.splitlines():
        for word in ("KEPT", "BROKEN"):
            name, mark, _ = line.partition(f" {word}")
            if mark:
                found[name] = word
    assert set(found) >= {ONE_WAY, WITHIN, NO_EDGE, TAP, NO_DJANGO}, done.stdout + done.stderr
    return found


def test_the_contracts_hold(copy: Path):
    assert set(verdicts(copy).values()) == {"KEPT"}


@pytest.mark.parametrize(("file", "line", "contract"), PLANTED, ids=[f"{file}-{line.split()[-1]}" for file, line, _ in PLANTED])
def test_a_planted_import_breaks_its_contract(copy: Path, file: str, line: str, contract: str):
    planted = copy / file
    before = planted.read_text()
    planted.write_text(f"{before}\n{line}\n")
    try:
        assert verdicts(copy)[contract] == "BROKEN"
    finally:
        planted.write_text(before)
