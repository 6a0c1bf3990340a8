"""`up` in the list of `manage.py help`. The work is done by the supervisor, which manage.py starts before Django is configured."""

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Start database, broker, migrations, demo data, web, processor, worker and beat; stop them in order on Ctrl-C."
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: object) -> None:
        raise CommandError("Start it as `python manage.py up`: it begins before there is a database for Django to know.")
