"""The pages agree with the code: settings, links, commands, paths, decisions."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests import house

ROOT = house.ROOT
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAME = r"[A-Z][A-Z0-9_]{3,}"


def settings_read() -> set[str]:
    """Names that settings and the launcher read from the environment."""
    found = set(re.findall(rf'env\.\w+\("({NAME})"', (ROOT / "issuing_portal" / "settings.py").read_text()))
    for source in house.python(house.house(), tests=True):
        if not source.path.startswith(("tests/", "bench/")) or source.path == "tests/servers.py":
            found |= set(re.findall(rf'os\.environ(?:\.get\(|\[)"({NAME})"', source.text))
    return found - NOT_SETTINGS


NOT_SETTINGS = {"DATABASE_ADMIN_URL", "DJANGO_SETTINGS_MODULE", "PATH", "HOME", "UV_LINK_MODE", "XDG_STATE_HOME", "TMPDIR", "FORCE"}
"""Set by the launcher for itself and its children, the machine's own, or an answer given beforehand (make reset)."""


def settings_documented(path: Path) -> set[str]:
    text = path.read_text()
    if path.name == ".env.example":
        return set(re.findall(rf"^(?:# )?({NAME})=", text, re.MULTILINE))
    table = text.partition("## Settings")[2].partition("\n## ")[0]
    return {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(rf"`({NAME})`", row)}


@pytest.mark.parametrize("page", [ROOT / ".env.example", ROOT / "docs" / "operations.md"], ids=lambda page: page.name)
def test_every_setting_is_documented(page: Path):
    assert not settings_read() - settings_documented(page)


def test_both_pages_name_the_same_settings():
    assert settings_documented(ROOT / ".env.example") == settings_documented(ROOT / "docs" / "operations.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if not target.startswith(("http:", "https:")):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_exist(page: Path):
    named = set(re.findall(r"manage\.py ([a-z_]+)", page.read_text()))
    assert not named - set(get_commands())


def test_files_that_the_architecture_names_exist():
    text = (ROOT / "docs" / "architecture.md").read_text()
    for name in set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)(?:::(?:\w+\.)*\w+)?`", text)):
        assert any((ROOT / folder / name).exists() for folder in ("", "issuing_portal", "authorisations")), name
    for name, function in re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)::(?:\w+\.)*(\w+)`", text):
        assert re.search(rf"^(?:\s*(?:def|class) )?{function}\b", (ROOT / name).read_text(), re.MULTILINE), f"{name}::{function}"


def test_decisions_that_the_code_names_exist():
    pages = {page.name[:4] for page in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}
    for source in house.house():
        for number in re.findall(r"decisions?[ /](0\d{3})", source.text):
            assert number in pages, f"{source.path}: decision {number}"


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")), ids=lambda page: page.name[:4])
def test_a_decision_has_its_five_parts_and_a_check_that_exists(page: Path):
    text = page.read_text()
    for part in ("**Context.**", "> **Decision.**", "**Consequences.**", "**Alternatives.**", "**Held by**"):
        assert part in text
    for name in re.findall(r"`(tests/[\w/.]+)`", text):
        assert (ROOT / name).exists(), name
    assert f"({page.name})" in (page.parent / "README.md").read_text()
