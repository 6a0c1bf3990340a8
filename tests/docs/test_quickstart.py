"""The quickstart is run as it stands: its shell and its Python, against both entries over real HTTP."""

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.db import connections
from django.http import HttpResponse
from pytest_django.live_server_helper import LiveServer

from issuing_portal.core import signing
from tests.characters import PartnerClient
from tests.processor import enter

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "quickstart.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """The test's output is its own."""


def processor(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    """The processor entry of this process, over a socket."""
    raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    names = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in (signing.ID, signing.TIMESTAMP, signing.SIGNATURE)}
    try:
        answer = enter(environ["PATH_INFO"], raw, names, environ["REQUEST_METHOD"])
    finally:
        connections.close_all()
    assert isinstance(answer, HttpResponse)
    start(f"{answer.status_code} {answer.reason_phrase}", list(answer.items()))
    return [answer.content]


@pytest.fixture
def folder(live_server: LiveServer, acme: PartnerClient, tmp_path: Path) -> Iterator[Path]:
    """A folder as the quickstart wants it: partner.json of `new_partner`, and .data/run.json of `make run`."""
    server = make_server("127.0.0.1", 0, processor, Threads, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / ".data").mkdir()
    (tmp_path / ".data" / "run.json").write_text(json.dumps({
        "portal": live_server.url, "api": live_server.url, "processor": f"http://127.0.0.1:{server.server_port}"}))
    (tmp_path / "partner.json").write_text(json.dumps({
        "api_key": acme.api_key, "programme": acme.programme.public_id, "processor": {"connection": acme.connection, "secret": acme.secret}}))
    yield tmp_path
    server.shutdown()
    server.server_close()


def run(command: list[str], text: str, folder: Path) -> str:
    done = subprocess.run(command, input=text, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def same_every_time(line: str) -> str:
    """Without what differs from run to run: ids and the last digits of a card."""
    return re.sub(r"'aut_[^']*'", "'aut_…'", re.sub(r"^active \d{4}$", "active 1234", line))


def test_the_python_runs_and_prints_what_the_page_says(folder: Path) -> None:
    printed = run([sys.executable, "-"], "\n".join(blocks("python")), folder).splitlines()
    promised = "".join(blocks("text")).splitlines()
    assert [same_every_time(line) for line in printed] == [same_every_time(line) for line in promised]


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="the shell half of the quickstart needs curl and bash")
def test_the_shell_runs_and_answers_as_the_page_says(folder: Path) -> None:
    shell = "\n".join(block for block in blocks("sh") if "new_partner" not in block)
    if shutil.which("python3") is None:
        shell = f'python3() {{ "{sys.executable}" "$@"; }}\n{shell}'
    answers = [json.loads(line) for line in run(["bash", "-es"], shell, folder).splitlines()]
    by_object = {answer.get("object"): answer for answer in answers}
    assert [answer["code"] for answer in answers if "code" in answer] == ["kyc_incomplete"]
    assert by_object["kyc_case"]["outcome"] == "approved" and by_object["card"]["status"] == "active"
    taps = [answer["authorisation"] for answer in answers if "authorisation" in answer]
    assert [(one["status"], one["reason"], one["held_amount"]) for one in taps] == [
        ("approved", "approved", 1250), ("declined", "mcc_blocked", 0), ("cleared", "approved", 0)]
    assert taps[1]["explanation"][-1]["rule"] == "merchant_category"
    dry, = [answer for answer in answers if "decision" in answer]
    assert (dry["decision"], dry["reason"]) == ("declined", "limit_exceeded")
    assert [[line["amount"] for line in answer["data"]] for answer in answers if "data" in answer] == [[1250], [-1250, 50000]]
