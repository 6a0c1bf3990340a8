"""manage.py load_demo: the demo programme and its logins, if they are not there yet; `.data/demo.json` says how to sign in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from issuing_portal.core.actors import Actor
from issuing_portal.sandbox.demo import people
from issuing_portal.sandbox.management.commands.new_partner import as_json
from issuing_portal.sandbox.operations.demo import DemoInProduction, load_demo


class Command(BaseCommand):
    """Safe to run at every start."""

    help = "Loads the demo programme and demo logins once (never where ENVIRONMENT is production)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = load_demo(by=Actor.system("manage.py load_demo", "command"), now=timezone.now())
        except DemoInProduction as refusal:
            self.stdout.write(str(refusal))
            return
        people.write_sheet(settings.DATA_DIR / "demo.json", partner=as_json(loaded.made) if loaded.made else None)
        self.stdout.write("The demo is loaded." if loaded.made else "The demo was there already.")
