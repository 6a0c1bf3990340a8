"""manage.py demo_code E-MAIL: the six digits that a demo login's authenticator shows now."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from issuing_portal.sandbox.demo import people


class Command(BaseCommand):
    """For demo logins alone; other people's secrets are not derived, so there is nothing to show."""

    help = "Prints the present six-digit code of a demo login."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("There are no demo logins in production.")
        try:
            self.stdout.write(people.code_for(options["email"], now=timezone.now()))
        except KeyError as error:
            known = ", ".join(login.email for login in people.logins())
            raise CommandError(f"No demo login has this address. There are: {known}") from error
