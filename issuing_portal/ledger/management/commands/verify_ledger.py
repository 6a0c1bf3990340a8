"""`manage.py verify_ledger`: proves the ledger's invariants over the whole database, or names the rows that break one."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from issuing_portal.core.actors import Actor
from issuing_portal.ledger import proof
from issuing_portal.ledger.verification import Checked


class Command(BaseCommand):
    help = "Prove every invariant of the ledger over the whole database and name each row that breaks one; exit status 1 with findings."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        told = None if options["json"] else self._tell
        outcome = proof.prove(by=Actor.system("manage.py verify_ledger", "command"), clock=timezone.now, told=told)
        if options["json"]:
            self.stdout.write(json.dumps({
                "passed": outcome.passed, "broken": outcome.broken, "seconds": outcome.seconds,
                "invariants": [{"name": one.invariant.name, "says": one.invariant.says, "looked_at": one.looked_at, "broken": one.broken,
                                "seconds": f"{one.seconds:.3f}"} for one in outcome.checked],
                "findings": [asdict(finding) for finding in outcome.findings]}))
        else:
            verdict = "every invariant holds" if outcome.passed else f"{outcome.broken} rows break an invariant"
            self.stdout.write(f"ledger: {len(outcome.checked)} invariants in {outcome.seconds} s: {verdict}")
        if not outcome.passed:
            raise SystemExit(1)

    def _tell(self, one: Checked) -> None:
        mark = "\N{BALLOT X}" if one.broken else "\N{CHECK MARK}"
        self.stdout.write(f"{mark} {one.invariant.name:<26} {one.looked_at:>12,} {one.seconds:>8.3f} s  {one.invariant.says}")
        for finding in one.findings:
            self.stdout.write(f"    {finding.table} {finding.row_id}: {finding.detail}")
        if one.broken > len(one.findings):
            self.stdout.write(f"    … and {one.broken - len(one.findings)} more")
