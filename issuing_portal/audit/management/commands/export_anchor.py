"""`manage.py export_anchor FILE`: write the head of the chain outside the database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from issuing_portal.audit import anchoring


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = "Append the head of the audit chain to FILE as one JSON line; keep FILE where the database's administrators cannot write."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            anchor = anchoring.export_anchor(options["file"], now=timezone.now())
        except OSError as error:
            raise CommandError(f"the anchor cannot be written: {error}") from error
        if anchor is None:
            raise CommandError("nothing is sealed yet")
        self.stdout.write(f"position {anchor['position']}, seal {anchor['seal'][:16]}… written to {options['file']}")
