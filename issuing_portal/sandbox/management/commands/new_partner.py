"""manage.py new_partner NAME [--json]: a test-mode partner ready to use; ids and secrets are printed this once."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError
from issuing_portal.sandbox.operations.partners import NewPartner, set_up_test_partner


class Command(BaseCommand):
    """Standard output carries the answer alone; logs go to standard error."""

    help = "Makes a test-mode partner with a GBP programme, an all-scope API key and a processor connection."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the partner's name")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = set_up_test_partner(name=options["name"], by=Actor.system("manage.py new_partner", "command"), now=timezone.now())
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(json.dumps(as_json(made), indent=2) if options["as_json"] else as_text(made))


def as_json(made: NewPartner) -> dict[str, Any]:
    """The shape of API.md §6."""
    return {"partner": made.partner.public_id, "api_key": made.api_key, "programme": made.programme.public_id,
            "processor": {"connection": made.connection.public_id, "secret": made.secret}}


def as_text(made: NewPartner) -> str:
    """The same for a reader."""
    return "\n".join([
        f"{made.partner.name} is ready in test mode. Keys and secrets are shown this once.", "",
        f"  partner               {made.partner.public_id}",
        f"  programme             {made.programme.public_id}  ({made.programme.currency}, BIN {made.programme.bin})",
        f"  API key               {made.api_key}",
        f"  processor connection  {made.connection.public_id}",
        f"  processor secret      {made.secret}",
    ])
