"""`make reset`: delete the data of this checkout, wherever it stands. Refuses while the product runs."""

import os
import shutil
import sys
from pathlib import Path

from issuing_portal.core.embedded import places
from issuing_portal.core.embedded.errors import LauncherError
from issuing_portal.core.supervisor.layout import ROOT


def delete(data: Path) -> None:
    """Delete `.data` and, when root's servers kept their files elsewhere, that folder too.

    Raises: LauncherError while `manage.py up` runs over it.
    """
    lock = places.try_lock(data / "up.lock")
    if lock is None:
        raise LauncherError("The product is running over this data: stop it first (Ctrl-C in its terminal).")
    with lock:
        parent = places.servers_dir(data, places.server_user())
        if parent != data:
            shutil.rmtree(parent)
        shutil.rmtree(data)


def main() -> int:
    """Ask, unless FORCE=1, and delete. Returns the exit status."""
    data = ROOT / ".data"
    if not data.exists():
        print("There is no data to delete.")
        return 0
    if os.environ.get("FORCE") != "1":
        answer = input(f"Delete all data in {data}, the vault's key with it? Type yes: ") if sys.stdin.isatty() else ""
        if answer.strip().lower() != "yes":
            print("Nothing was deleted (FORCE=1 deletes without asking).")
            return 1
    try:
        delete(data)
    except LauncherError as error:
        print(error)
        return 1
    print("Deleted.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
