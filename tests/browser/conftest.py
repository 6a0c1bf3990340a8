"""A real browser against live servers: Debian's chromium by Playwright, skipped with a word where either is missing."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from issuing_portal.staff.models import User
from tests.people import sign_in

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
FRONT_END = Path(settings.BASE_DIR) / "node_modules" / "@tabler" / "core"


@dataclass
class Window:
    """One page of a browser, and everything that its console complained about since `complaints` was last emptied."""

    page: Any
    home: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.complaints.append(message.text) if message.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: str) -> int:
        """Go there, wait for its fragments; the status of the answer."""
        answer = self.page.goto(self.home + path, wait_until="load")
        self.settle()
        return int(answer.status)

    def settle(self) -> None:
        """Wait until no fragment is under way: htmx marks whoever asked."""
        self.page.locator(".htmx-request").first.wait_for(state="detached")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no browser test: Playwright is not installed (requirements-dev.txt)")
    if not CHROMIUM:
        pytest.skip("no browser test: there is no chromium on this machine (CHROMIUM names another place)")
    if not FRONT_END.is_dir():
        pytest.skip("no browser test: the front-end packages are not installed (npm ci)")
    # Playwright keeps an event loop in this thread, and Django then refuses its synchronous ORM unless told that this is meant.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def window(chromium: Any, live_server: Any) -> Iterator[Any]:
    """`window(theme="dark", width=768, user=ada)`: a fresh browser window, signed in as somebody where `user` is given."""
    opened = []

    def make(*, theme: str = "light", width: int = 1280, user: User | None = None) -> Window:
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, color_scheme=theme, reduced_motion="reduce", base_url=live_server.url)
        context.set_default_timeout(15_000)
        opened.append(context)
        if user is not None:
            session = sign_in(Client(), user).cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        return Window(context.new_page(), live_server.url)

    yield make
    for context in opened:
        context.close()
