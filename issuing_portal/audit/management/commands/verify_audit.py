"""`manage.py verify_audit`: proves that the trail is whole, or names what is not; exit status 1 with findings."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from issuing_portal.audit import proof
from issuing_portal.audit.verification import Finding, as_json
from issuing_portal.core.actors import Actor


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = "Walk the chain of seals and name every altered, deleted, inserted or reordered row, every gap, and a cut tail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anchor", type=Path, help="a file of manage.py export_anchor: finds a cut or rewritten tail")
        parser.add_argument("--json", action="store_true", help="one JSON document on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        anchor, by = options["anchor"], Actor.system("manage.py verify_audit", "command")
        if anchor and not anchor.exists():
            raise CommandError(f"there is no anchor file {anchor}")
        told = None if options["json"] else self._tell
        try:
            outcome = proof.prove(anchor_file=anchor, by=by, clock=timezone.now, told=told)
        except (OSError, ValueError) as error:
            raise CommandError(f"the anchor file cannot be read: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps({
                "passed": outcome.passed, "rows": outcome.rows, "head": outcome.head, "seal": outcome.seal, "pending": outcome.pending,
                "seconds": outcome.seconds, "count": outcome.count, "findings": [as_json(found) for found in outcome.findings]}))
        else:
            self.stdout.write(f"audit trail: {outcome.rows} sealed rows, head {outcome.head} ({outcome.seal[:16]}…), "
                              f"{outcome.pending} waiting, {outcome.seconds} s: {'whole' if outcome.passed else f'{outcome.count} findings'}")
        if not outcome.passed:
            raise SystemExit(1)

    def _tell(self, found: Finding) -> None:
        self.stdout.write(str(found))
