"""What the person at the terminal sees: one line per step, with its time."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from issuing_portal.core.supervisor.layout import Layout

WIDTH = 18


def say(line: str = "") -> None:
    """One line, at once (the output may be a pipe)."""
    print(line, flush=True)


def remark(line: str) -> None:
    say(f"  {'':{WIDTH}}({line})")


def lines_of(log: Path, lines: list[str]) -> None:
    """The end of a log, indented under what went wrong."""
    say(f"  the end of {log.name}:")
    for line in lines:
        say(f"    | {line}")


class Step:
    """The result of a step, shown behind its name when it is done."""

    text = ""


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Print the title at once, and what came of it with the seconds it took."""
    began = time.monotonic()
    print(f"  {title:{WIDTH}}", end="", flush=True)
    result = Step()
    try:
        yield result
    except BaseException:
        say("stopped here")
        raise
    say(f"{result.text:36} {time.monotonic() - began:5.1f} s")


def healthy(title: str, text: str, seconds: float) -> None:
    """A process that was started beside others has become healthy."""
    say(f"  {title:{WIDTH}}{text:36} {seconds:5.1f} s")


def welcome(layout: Layout, *, environment: str, seconds: float) -> None:
    """Everything is healthy: where it is, who may sign in."""
    say()
    say(f"  Ready after {seconds:.1f} s. Environment: {environment.upper()}")
    say()
    say(f"  Portal      {layout.portal_origin}/")
    say(f"  Partner API {layout.portal_origin}/v1      reference at {layout.portal_origin}/docs/")
    say(f"  Processor   {layout.processor_origin}/processor/v1/…")
    _demo(layout.demo_file)
    say()
    say("  Logs are in .data/logs. Ctrl-C stops everything.")


def _demo(path: Path) -> None:
    try:
        demo: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    logins = demo.get("logins") or []
    if logins:
        say()
        say("  Demo logins (sandbox only):")
    for login in logins:
        code = f"  authenticator secret {login['totp_secret']}" if login.get("totp_secret") else ""
        say(f"    {login.get('role', ''):22} {login.get('email', ''):32} {login.get('password', '')}{code}")
    for line in demo.get("notes") or []:
        say(f"  {line}")
