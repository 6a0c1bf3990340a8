"""The supervisor: its pieces alone, and once the whole product from start to stop."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from issuing_portal.core.embedded import places, ports, processes
from issuing_portal.core.embedded.errors import LauncherError
from issuing_portal.core.supervisor import layout as layouts
from issuing_portal.core.supervisor import reset
from issuing_portal.core.supervisor.children import BACK_OFF, FORGIVEN_AFTER, Child

PAUSE = threading.Event()
SOURCE = ("manage.py", "issuing_portal", "cardholders", "kyc", "cards", "authorisations", "fulfilment", "templates", "static")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind((ports.LOOPBACK, 0))
        taken.listen()
        yield taken.getsockname()[1]


def child_that_runs(command: list[str], tmp_path: Path) -> Child:
    return Child(name="child", title="child", command=command, log=tmp_path / "child.log", cwd=tmp_path)


def test_a_taken_port_is_stepped_over_and_said(taken_port: int) -> None:
    chosen = layouts.choose({"PORT": str(taken_port), "PROCESSOR_PORT": str(taken_port + 1)})
    assert chosen.port > taken_port + 1, "the portal leaves the processor its port"
    assert chosen.remarks[0] == f"port {taken_port} is taken, the portal listens on {chosen.port} instead"


def test_one_port_asked_for_twice_is_given_once(taken_port: int) -> None:
    chosen = layouts.choose({"PORT": str(taken_port), "PROCESSOR_PORT": str(taken_port)})
    assert len({taken_port, chosen.port, chosen.processor_port}) == 3


@pytest.mark.parametrize("wrong", ["0", "65536", "http", "-1", "²"])
def test_a_port_that_is_none_is_refused_with_a_sentence(wrong: str) -> None:
    with pytest.raises(LauncherError, match="PORT must be a port number between 1 and 65535"):
        layouts.choose({"PORT": wrong})


def test_a_child_that_falls_is_started_later_and_later_and_then_given_up(tmp_path: Path) -> None:
    child = child_that_runs(["true"], tmp_path)
    assert [child.plan_restart(now=0.0) for _ in range(len(BACK_OFF) + 1)] == [*BACK_OFF, None]


def test_a_child_that_lived_long_starts_with_a_clean_sheet(tmp_path: Path) -> None:
    child = child_that_runs(["true"], tmp_path)
    for _ in BACK_OFF:
        child.plan_restart(now=0.0)
    assert child.plan_restart(now=child.started_at + FORGIVEN_AFTER + 1) == BACK_OFF[0]


def test_what_a_child_started_goes_with_it(tmp_path: Path) -> None:
    child = child_that_runs(["sh", "-c", "sleep 60 & echo $!; wait"], tmp_path)
    child.start(dict(os.environ))
    wait_until(lambda: child.log.read_text().strip().isdigit(), 5)
    grandchild = int(child.log.read_text())
    child.send(signal.SIGKILL)
    wait_until(lambda: child.ended() and not processes.exists(grandchild), 5)


def test_reset_refuses_while_the_product_runs(tmp_path: Path) -> None:
    data = tmp_path / ".data"
    places.make_data_dir(data)
    lock = places.try_lock(data / "up.lock")
    assert lock is not None
    with lock, pytest.raises(LauncherError, match="stop it first"):
        reset.delete(data)
    assert data.exists()
    reset.delete(data)
    assert not data.exists()


def wait_until(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "not within the time"
        PAUSE.wait(0.05)


class Run:
    """`manage.py up` over a copy of the source, in a folder with a space."""

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        self.run_file = root / ".data" / "run.json"
        environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "ISSUING_STATE_DIR"}}
        self.output = root / "output.txt"
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"], cwd=root, stdout=output, stderr=subprocess.STDOUT,
                env=environment | {"PORT": str(port), "PROCESSOR_PORT": str(port)},
            )

    def wait_until_ready(self) -> dict[str, object]:
        deadline = time.monotonic() + 120
        while not self.run_file.exists():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            PAUSE.wait(0.05)
        where: dict[str, object] = json.loads(self.run_file.read_text())
        return where

    def pids(self) -> list[int]:
        """Every process below the supervisor."""
        found, queue = [], [self.process.pid]
        while queue:
            pid = queue.pop()
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                below = [int(text) for text in task.read_text().split()]
                found += below
                queue += below
        return found

    def stop(self, number: signal.Signals) -> float:
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(15)
        return time.monotonic() - began


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "a folder"
    root.mkdir()
    for name in SOURCE:
        source = layouts.ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, root / name)
    if (layouts.ROOT / "node_modules").exists():
        (root / "node_modules").symlink_to(layouts.ROOT / "node_modules")
    yield root
    if (root / ".data").exists():
        reset.delete(root / ".data")


def command_line(pid: int) -> str:
    """How a process was called; "" when it has ended since it was listed, as PostgreSQL's short helpers do."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts processes in /proc")
def test_the_product_starts_mends_itself_and_leaves_nothing_behind(checkout: Path, taken_port: int) -> None:
    run = Run(checkout, taken_port)
    try:
        where = run.wait_until_ready()
        assert set(where) == {"portal", "api", "processor", "pid"}
        assert where["pid"] == run.process.pid
        assert f"port {taken_port} is taken" in run.output.read_text()
        for path in ("/healthz", "/readyz"):
            with urllib.request.urlopen(f"{where['portal']}{path}", timeout=5) as answer:
                assert answer.status == 200
        password = re.search(r"POSTGRES_PASSWORD=(\w+)", (checkout / ".data" / "env").read_text())
        assert password is not None
        command_lines = [command_line(pid) for pid in run.pids()]
        assert [line for line in command_lines if password[1] in line] == []

        second = subprocess.run([sys.executable, "manage.py", "up"], cwd=checkout, capture_output=True, text=True, timeout=30, check=False)
        assert (second.returncode, "already running" in second.stdout) == (1, True)

        beat = next(pid for pid in run.pids() if "beat" in command_line(pid))
        os.kill(beat, signal.SIGKILL)
        wait_until(lambda: "beat started again" in run.output.read_text(), 15)

        everyone = run.pids()
        assert len(everyone) >= 8
        seconds = run.stop(signal.SIGINT)
        # Five seconds is the promise; the machine that runs the tests has other work besides.
        assert seconds < 8, run.output.read_text()
        assert run.process.returncode == 0
        assert [pid for pid in everyone if processes.exists(pid)] == []
        assert not run.run_file.exists()

        again = Run(checkout, taken_port)
        run = again
        again.wait_until_ready()
        everyone = again.pids()
        again.process.kill()
        again.process.wait()
        wait_until(lambda: not any(processes.exists(pid) for pid in everyone), 10)
    finally:
        if run.process.poll() is None:
            run.stop(signal.SIGTERM)
