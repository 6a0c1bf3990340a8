"""`manage.py seal`: seal whatever waits, now."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from issuing_portal.audit import operations
from issuing_portal.core.actors import Actor


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = "Seal the rows of the audit trail that wait, until none is left (the worker does it every second)."

    def handle(self, *args: Any, **options: Any) -> None:
        total = 0
        while sealed := operations.seal_pending(by=Actor.system("manage.py seal", "command"), now=timezone.now()):
            total += sealed
        self.stdout.write(f"{total} rows sealed")
