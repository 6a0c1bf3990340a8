"""Which partner a file was replayed as: kept in `.data/replay-<hash>.json`, readable by the owner alone, for it holds a key."""

import io
import json
import os
from dataclasses import asdict
from pathlib import Path

from django.core.management import call_command

from issuing_portal.sandbox.replay.lines import Credentials, ReplayFailed
from issuing_portal.sandbox.replay.reading import PurchaseFile


def partner_for(file: PurchaseFile, *, folder: Path) -> tuple[Credentials, bool]:
    """The partner of this file, and whether it was made just now by `manage.py new_partner`. Raises: ReplayFailed."""
    place = folder / f"replay-{file.fingerprint[:16]}.json"
    if place.exists():
        try:
            return Credentials(**json.loads(place.read_text(encoding="utf-8"))), False
        except (ValueError, TypeError) as error:
            raise ReplayFailed(f"{place} is damaged; remove it, and the next run makes a new partner") from error
    made = _new_partner(f"Purchase replay {file.fingerprint[:8]}")
    _keep(place, made)
    return made, True


def _new_partner(name: str) -> Credentials:
    told = io.StringIO()
    call_command("new_partner", name, "--json", stdout=told)
    made = json.loads(told.getvalue())
    return Credentials(api_key=made["api_key"], programme=made["programme"], connection=made["processor"]["connection"],
                       secret=made["processor"]["secret"])


def _keep(place: Path, made: Credentials) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_suffix(f".{os.getpid()}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(made), file)
    fresh.replace(place)
