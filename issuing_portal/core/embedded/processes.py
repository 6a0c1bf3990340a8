"""Starting a process so that it never outlives us, and ending it."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
# Loaded before any fork: between fork and exec nothing may be imported.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def dies_with_us(with_signal: signal.Signals) -> Callable[[], None] | None:
    """What the child does before it becomes its program: ask the kernel for a signal when its parent is gone (Linux only).

    So a supervisor that is killed outright leaves nothing behind. The kernel means the parent *thread*:
    start such children from the main thread.
    """
    if _LIBC is None:
        return None
    libc, parent, number = _LIBC, os.getpid(), int(with_signal)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os.kill(os.getpid(), number)

    return ask


def adopt_orphans() -> None:
    """From now on a grandchild whose parent dies becomes our child, not init's, so that none can be lost (Linux only)."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_orphans(timeout: float = 0.5) -> None:
    """End and reap whatever is still below us, after all that we know of was stopped."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        for children in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
            for pid in children.read_text(encoding="ascii").split():
                os.kill(int(pid), signal.SIGKILL)
        try:
            reaped, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if reaped == 0:
            time.sleep(0.02)


def start(
    command: list[str], *, log: Path, cwd: Path | str = "/", env: dict[str, str] | None = None,
    when_we_die: signal.Signals = signal.SIGTERM, stdin: Any = subprocess.DEVNULL, **popen: Any,
) -> "subprocess.Popen[bytes]":
    """Start a child in a session of its own (Ctrl-C reaches only us), with its output appended to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own programs only
            command, cwd=cwd, env=env, stdin=stdin, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=dies_with_us(when_we_die), **popen,
        )


def signal_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """Send a signal to a child and all that it started."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return  # the whole group is gone already


def exists(pid: int) -> bool:
    """Whether a process of this id lives (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return True  # no /proc on this system
    return state != "Z"


def command_line(pid: int) -> str:
    """What a process was started with, as text; empty when it has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        # Gone, or a system without /proc: ps says nothing about a process that is gone.
        ps = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        return subprocess.run(ps, capture_output=True, text=True, check=False).stdout if shutil.which("ps") else ""


def last_lines(log: Path, count: int = 15) -> list[str]:
    """The end of a log, for the person at the terminal."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            return file.read().decode("utf-8", "replace").splitlines()[-count:]
    except FileNotFoundError:
        return []
