"""The product as it runs: web and processor entry as processes of their own over the tests' database, spoken to over HTTP."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN = 60.0


@dataclass(frozen=True)
class Running:
    """Where the two entries listen."""

    api: str
    processor: str


@pytest.fixture
def running(committed_db: None, tmp_path: Path) -> Iterator[Running]:
    """Both entries, healthy; ended afterwards."""
    web, processor = _free_port(), _free_port()
    found = Running(f"http://127.0.0.1:{web}", f"http://127.0.0.1:{processor}")
    environment = os.environ | {"DATABASE_URL": _database_url(), "PROCESSOR_ORIGIN": found.processor, "PYTHONPATH": str(ROOT)}
    with ExitStack() as stack:
        for name, port, more in (("web", web, {}), ("processor", processor, {"ISSUING_PROCESS": "processor"})):
            log = stack.enter_context((tmp_path / f"{name}.log").open("wb"))
            child = subprocess.Popen(
                [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
                 "--blocking-threads", "2", "--no-ws", "issuing_portal.wsgi:application"],
                cwd=ROOT, env=environment | more, stdout=log, stderr=subprocess.STDOUT)
            stack.callback(_end, child)
        for origin in (found.api, found.processor):
            _wait_for(origin, tmp_path)
        yield found


def _database_url() -> str:
    own = connection.settings_dict
    secret = f":{own['PASSWORD']}" if own["PASSWORD"] else ""
    return f"postgres://{own['USER']}{secret}@{own['HOST']}:{own['PORT']}/{own['NAME']}"


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(origin: str, logs: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{origin}/healthz", timeout=2, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError(f"{origin} did not start:\n" + "\n".join(log.read_text(errors="replace")[-2000:] for log in logs.glob("*.log")))


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
