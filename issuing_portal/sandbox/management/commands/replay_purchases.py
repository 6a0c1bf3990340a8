"""manage.py replay_purchases FILE: real purchases through the product's own HTTP interfaces, and the proof that nothing was lost."""

import io
import json
import sys
import time
from argparse import ArgumentTypeError
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from issuing_portal.sandbox.replay import lines, memory, onboarding, reading, reporting, sending
from issuing_portal.sandbox.replay.progress import Progress


class Command(BaseCommand):
    help = ("Replays a purchase-card file as a partner and a processor: onboarding, signed authorisations, clearings and refunds over HTTP "
            "against a running `make run`. A second run books nothing twice. Exit status 1 when a sum differs or a purchase was declined.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--api", help="origin of the partner API (default: from .data/run.json)")
        parser.add_argument("--processor", help="origin of the processor entry (default: from .data/run.json)")
        parser.add_argument("--clients", type=_positive, default=4, help="how many send at once (default 4)")
        parser.add_argument("--limit", type=_positive, help="only the first so many purchases in time order, as a replay of its own")

    def handle(self, *args: Any, **options: Any) -> None:
        api, processor = _origins(options["api"], options["processor"])
        try:
            file = reading.read(options["file"], limit=options["limit"])
            report = self._replay(file, api, processor, options["clients"])
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}") from error
        except reading.UnreadableFile as error:
            raise CommandError(f"{options['file']} is no purchase-card file: {error}") from error
        except lines.ReplayFailed as error:
            raise CommandError(f"The replay stopped: {error}. Started again, it goes on where it was.") from error
        for line in report.lines():
            self.stdout.write(line)
        if not report.passed:
            sys.exit(1)

    def _replay(self, file: reading.PurchaseFile, api: str, processor: str, clients: int) -> reporting.Report:
        began = time.monotonic()
        credentials, is_new = memory.partner_for(file, folder=settings.DATA_DIR)
        self.stderr.write(f"  partner of this file: {credentials.programme} ({'made now' if is_new else 'known from an earlier run'})")
        cards = self._progress("cards", len({purchase.card for purchase in file.purchases}))
        purchases = self._progress("purchases", len(file.purchases))
        with lines.client(api, clients) as partner_http, lines.client(processor, clients) as processor_http:
            partner = lines.PartnerLine(partner_http, credentials.api_key)
            network = lines.ProcessorLine(processor_http, credentials.connection, credentials.secret)
            stage = onboarding.Onboarding(partner, file, credentials.programme, clients, cards.step).run()
            sent = sending.Sending(network, file, stage, clients, purchases.step).run()
            departments = reporting.booked(partner, file, stage)
        return reporting.Report(file, sent, departments, network.latencies, _ledger_proof(), time.monotonic() - began)

    def _progress(self, title: str, total: int) -> Progress:
        def write(text: str) -> None:
            self.stderr.write(text, ending="")
            self.stderr.flush()

        return Progress(title, total, write=write, terminal=self.stderr.isatty())


def _origins(api: str | None, processor: str | None) -> tuple[str, str]:
    if api and processor:
        return api, processor
    try:
        run = json.loads((settings.DATA_DIR / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CommandError("Nothing runs here: start `make run` first, or give --api and --processor.") from error
    return api or run["api"], processor or run["processor"]


def _ledger_proof() -> reporting.LedgerProof:
    told = io.StringIO()
    with suppress(SystemExit):  # its exit status says what `passed` says
        call_command("verify_ledger", "--json", stdout=told)
    proof = json.loads(told.getvalue())
    looked_at = sum(one["looked_at"] for one in proof["invariants"])
    verdict = "every one holds" if proof["passed"] else f"{proof['broken']} rows break one (manage.py verify_ledger names them)"
    return reporting.LedgerProof(proof["passed"], f"{len(proof['invariants'])} invariants over {looked_at:,} rows: {verdict}")


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no number from 1 upwards")
    return int(text)
