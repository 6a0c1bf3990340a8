"""Where the servers' files stand, and which user runs them.

An ordinary user runs the servers himself, in `.data`. PostgreSQL refuses to run as root, so root runs both as the
existing user `nobody`, out of copies that this user can reach: in `.data` where he can, else under the state directory.
No parent directory is ever chmodded and no user created.
"""

import fcntl
import os
import pwd
import secrets
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from issuing_portal.core.embedded.errors import LauncherError

STATE_DIR_VARIABLE = "ISSUING_STATE_DIR"


def state_dir() -> Path:
    """The application's folder under the system's state directory (used by root alone)."""
    return Path(os.environ.get(STATE_DIR_VARIABLE) or "/var/lib/issuing-portal")


@dataclass(frozen=True)
class ServerUser:
    """Who runs the servers; `uid` None means the user who calls."""

    uid: int | None
    gid: int | None

    @property
    def popen(self) -> dict[str, Any]:
        """The arguments that make `subprocess` change to this user."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Hand a file or folder of ours over to the server user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Whether the server user reaches this folder through all its parents."""
        if self.uid is None:
            return os.access(folder, os.X_OK)
        result = subprocess.run(["/bin/sh", "-c", 'cd "$0"', str(folder)], cwd="/", capture_output=True, check=False, **self.popen)
        return result.returncode == 0


MYSELF = ServerUser(uid=None, gid=None)


def server_user() -> ServerUser:
    """Ourselves, or `nobody` when we are root.

    Raises: LauncherError when root finds no user `nobody`.
    """
    if os.geteuid() != 0:
        return MYSELF
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise LauncherError("PostgreSQL refuses to run as root and this system has no user `nobody`: start as an ordinary user, "
                            "or set DATABASE_URL and REDIS_URL to servers of your own.") from error
    return ServerUser(uid=entry.pw_uid, gid=entry.pw_gid)


def owner_of(folder: Path) -> ServerUser:
    """Who must run the servers over an existing folder: its owner, whoever starts them.

    Raises: LauncherError when it belongs to someone else and we are not root.
    """
    found = folder.stat()
    if os.geteuid() != 0:
        if found.st_uid != os.geteuid():
            raise LauncherError(f"{folder} belongs to another user: start as that user, or delete it as root.")
        return MYSELF
    return server_user() if found.st_uid == 0 else ServerUser(uid=found.st_uid, gid=found.st_gid)


def make_data_dir(data: Path) -> None:
    """Create `.data`: closed to others, save that root's servers may pass through it to their own folder."""
    data.mkdir(exist_ok=True, mode=0o700)
    if os.geteuid() == 0 and data.stat().st_uid == 0:
        data.chmod(0o711)
    (data / "logs").mkdir(exist_ok=True, mode=0o700)


def servers_dir(data: Path, user: ServerUser) -> Path:
    """The folder that holds the servers' own folders: `.data`, or one under the state directory.

    The choice is made once: `.data/servers-id` keeps the random name, so that the data is found again.
    """
    marker = data / "servers-id"
    if marker.exists():
        return _below_state_dir(marker.read_text(encoding="utf-8").strip())
    if (data / "pg").exists() or user.can_enter(data):
        return data
    name = "data-" + secrets.token_hex(8)
    marker.write_text(name + "\n", encoding="utf-8")
    return _below_state_dir(name)


def servers_place(data: Path) -> tuple[Path, ServerUser]:
    """The folder that holds the servers' own folders, and who runs them: the owner of the cluster where there is one."""
    user = server_user()
    parent = servers_dir(data, user)
    return parent, owner_of(parent / "pg") if (parent / "pg").exists() else user


def _below_state_dir(name: str) -> Path:
    if os.geteuid() != 0:
        raise LauncherError("This checkout's data was made by root: start as root, or begin anew with `make reset`.")
    return passable_folder(name)


def passable_folder(name: str) -> Path:
    """A folder of that name under the state directory, which the server user can pass through."""
    folder = state_dir() / name
    _make_passable(folder)
    return folder


def _make_passable(folder: Path) -> None:
    """Create our own folder below the state directory, so that the server user can pass; parents that exist stay as they are."""
    try:
        for part in (state_dir(), folder):
            if not part.exists():
                part.mkdir(parents=True)
                part.chmod(0o755)
    except OSError as error:
        raise LauncherError(f"Cannot create {folder} ({error.strerror}): set {STATE_DIR_VARIABLE} to a folder that every user can pass "
                            "through, or set DATABASE_URL and REDIS_URL to servers of your own.") from error


def server_folder(parent: Path, name: str, user: ServerUser) -> Path:
    """A folder of one server, 0700 and owned by the user who runs it."""
    folder = parent / name
    if not folder.exists():
        folder.mkdir(mode=0o700)
        user.own(folder)
    return folder


def reachable_copy(*, name: str, sources: dict[str, Path], user: ServerUser) -> Path:
    """A folder that holds `sources` (name within the folder: file or tree) where the server user can run them.

    Root's checkout may stand where `nobody` cannot look, so for root they are copied, once per `name`.
    """
    target = state_dir() / "bin" / name
    if target.exists():
        return target
    _make_passable(target.parent)
    fresh = target.parent / f".{name}-{os.getpid()}-{secrets.token_hex(4)}"
    fresh.mkdir(mode=0o755)
    fresh.chmod(0o755)
    for inner, source in sources.items():
        (fresh / inner).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, fresh / inner, ignore=shutil.ignore_patterns("include", "*.a", "__pycache__"))
        else:
            shutil.copy2(source, fresh / inner)
    for path in fresh.rglob("*"):
        if not path.is_symlink():
            # Whatever the umask of the installation was: everyone may read and run these, nobody else may write.
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    try:
        fresh.rename(target)
    except OSError:
        # Another start of ours finished the same copy a moment earlier.
        shutil.rmtree(fresh)
        if not target.exists():
            raise
    return target


def try_lock(path: Path) -> IO[str] | None:
    """An open file that holds the lock for as long as it lives, or None while another process holds it."""
    handle = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    return handle

