"""manage.py replay_purchases: a file becomes cards, taps and money, once."""

import io
import json
import os
import stat
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from authorisations import operations as authorisations
from authorisations.messages import Tap
from authorisations.models import Authorisation, AuthorisationMessage, Transaction
from cardholders.models import Cardholder
from cards.models import Card
from issuing_portal.ledger.models import Account, JournalEntry
from issuing_portal.partners.models import Partner
from tests.sandbox.conftest import BothEntries


def replay(file: Path, **options: object) -> str:
    """What the command printed."""
    told = io.StringIO()
    call_command("replay_purchases", str(file), api="http://product.test", processor="http://product.test", clients=2, stdout=told,
                 stderr=io.StringIO(), **options)
    return told.getvalue()


def standing() -> dict[str, object]:
    """Everything that a second run might add to or change."""
    counted = {model.__name__: model.objects.count() for model in (Partner, Cardholder, Card, Account, Authorisation, AuthorisationMessage,
                                                                    Transaction, JournalEntry)}
    return counted | {"balances": sorted(Account.objects.values_list("id", "posted_minor", "held_minor"))}


def test_sums_equal_the_file_and_a_second_run_books_nothing(entries: BothEntries, purchase_file: Path, tmp_path: Path) -> None:
    printed = replay(purchase_file)
    assert "Every sum equals the file's." in printed
    assert "every one holds" in printed
    assert "8 sent: 6 purchases, 2 refunds; 4 spellings of 2 departments; 10 rows refused" in printed
    assert "line 11: the card is not a masked number that ends in four digits" in printed
    balances = dict(Account.objects.filter(kind="customer").values_list("metadata__department", "posted_minor"))
    assert balances == {"PARKS": 22_700 + 100_000 - 10_700, "Libraries": 9147 + 100_000 - 7147}
    assert Card.objects.count() == 4, "one number stands in two departments"
    before = standing()
    again = replay(purchase_file)
    assert "Every sum equals the file's." in again
    assert "clearings replayed" in again and "refunds replayed" in again and "booked" not in again
    assert standing() == before


def test_everything_went_through_the_front_doors(entries: BothEntries, purchase_file: Path) -> None:
    replay(purchase_file)
    assert sum(path.endswith("/authorisations") and path.startswith("/processor/v1/") for path in entries.paths) == 6
    assert sum(path.endswith("/clearings") for path in entries.paths) == 6
    assert sum(path.endswith("/refunds") for path in entries.paths) == 2
    foreign = Authorisation.objects.get(merchant_currency="HUF")
    assert (foreign.merchant_amount_minor, foreign.amount_minor, foreign.currency, foreign.mcc, foreign.merchant_country) == (
        2_573_700, 7552, "GBP", "4722", "HU")
    assert str(foreign.requested_at.date()) == "2018-01-10"


def test_the_memory_holds_a_key_and_is_its_owners(entries: BothEntries, purchase_file: Path, settings: object) -> None:
    replay(purchase_file, limit=1)
    (memory,) = settings.DATA_DIR.glob("replay-*.json")  # type: ignore[attr-defined]
    assert stat.S_IMODE(memory.stat().st_mode) == 0o600
    assert json.loads(memory.read_text())["api_key"].startswith("ip_test_")


def test_a_decline_is_a_finding(entries: BothEntries, purchase_file: Path) -> None:
    replay(purchase_file, limit=1)
    other = purchase_file.with_name("other.csv")
    other.write_text(purchase_file.read_text() + "2018-01-12,************1111,PARKS,Lake,x,Books,1.00,GBP,1.00,GBP\n")
    entries.processor.before = lambda path: Card.objects.filter(status="ACTIVE").update(status="TERMINATED")
    told = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("replay_purchases", str(other), api="http://a.test", processor="http://a.test", clients=1, stdout=told, stderr=io.StringIO())
    assert ended.value.code == 1
    assert "FINDING line 2: declined: card_terminated" in told.getvalue()
    assert "DIFFERS" in told.getvalue() and "NOT PROVEN" in told.getvalue()


def test_a_tap_that_could_not_be_decided_is_repeated_under_its_reference(entries: BothEntries, purchase_file: Path,
                                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    genuine, failed = authorisations.authorise, []

    def faulty(*, tap: Tap, **more: object) -> dict[str, object]:
        if tap.network_reference not in failed:
            failed.append(tap.network_reference)
            raise RuntimeError("a fault of ours")
        return genuine(tap=tap, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(authorisations, "authorise", faulty)
    printed = replay(purchase_file)
    assert "Every sum equals the file's." in printed
    assert "taps repeated after a fault              6" in printed
    assert Authorisation.objects.count() == len(failed) == 6


def test_a_stopped_entry_is_said_and_the_next_run_goes_on(entries: BothEntries, purchase_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issuing_portal.sandbox.replay.lines.TRIES", 1)
    entries.processor.down = True
    with pytest.raises(CommandError, match="nobody answers"):
        replay(purchase_file)
    entries.processor.down = False
    assert "Every sum equals the file's." in replay(purchase_file)
    assert Partner.objects.count() == 1


def test_without_a_running_product_the_command_says_so(purchase_file: Path, settings: object, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="make run"):
        call_command("replay_purchases", str(purchase_file))


@pytest.mark.real_data
def test_the_beginning_of_the_real_file(entries: BothEntries) -> None:
    folder = os.environ.get("REAL_DATA")
    if not folder:
        pytest.skip("REAL_DATA is not set: the folder with the real purchase-card file")
    printed = replay(Path(folder) / "purchase-card-transactions-2018-01.csv", limit=25)
    assert "Every sum equals the file's." in printed
