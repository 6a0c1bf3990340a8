"""`manage.py first_administrator EMAIL NAME`: the link by which the first administrators of an installation come in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError
from issuing_portal.staff import operations


class Command(BaseCommand):
    help = "Invite the first administrators (two at most: roles need four eyes). Prints a link once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        by = Actor.system("manage.py first_administrator", "command")
        try:
            invited = operations.invite_first_administrator(email=options["email"], name=options["name"], by=by, now=timezone.now())
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        link = settings.PORTAL_ORIGIN + reverse("staff:invitation", args=[invited.token])
        self.stdout.write(f"Open this link within three days; it works once and is not shown again:\n{link}")
