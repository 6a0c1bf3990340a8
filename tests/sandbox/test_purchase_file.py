"""Reading a purchase-card file: which rows are sent, which are refused, and what the file's own sums are."""

import os
from collections import Counter
from pathlib import Path

import pytest

from issuing_portal.sandbox.replay import reading
from tests.sandbox.conftest import HEADER


def test_spellings_of_a_department_become_one(purchase_file: Path) -> None:
    file = reading.read(purchase_file)
    assert file.departments == {"parks": "PARKS", "libraries": "Libraries"}
    assert file.spellings == 4
    assert file.sums == {"parks": 10_000 + 10_000 + 1999 + 701 - 12_000, "libraries": 1595 + 7552 - 2000}
    assert file.spent == {"parks": 22_700, "libraries": 9147}


def test_every_bad_row_is_named_by_its_line_and_not_quoted(purchase_file: Path) -> None:
    refused = reading.read(purchase_file).refused
    assert [line for line, _ in refused] == list(range(10, 20))
    assert [why for _, why in refused] == [
        "the date is not YYYY-MM-DD", "the card is not a masked number that ends in four digits", "an amount is no number",
        "an amount has more decimals than GBP, or is too large", "amount and billed amount must both be positive, or both negative",
        "amount and billed amount must both be positive, or both negative", "department or merchant name is empty",
        "a currency is not in ISO 4217", "a text holds what looks like a whole card number", "the number of fields is not that of the header"]


def test_doubles_stay_two_and_time_is_kept(purchase_file: Path) -> None:
    file = reading.read(purchase_file)
    references = [file.reference(purchase) for purchase in file.purchases]
    assert len(set(references)) == len(references) == 8
    assert max(map(len, references)) <= 64
    assert [purchase.at for purchase in file.purchases] == sorted(purchase.at for purchase in file.purchases)
    assert [purchase.line for purchase in file.purchases[:3]] == [4, 2, 3]


def test_a_foreign_amount_is_in_minor_units_of_its_own_currency(purchase_file: Path) -> None:
    (hotel,) = [purchase for purchase in reading.read(purchase_file).purchases if purchase.currency == "HUF"]
    assert (hotel.amount, hotel.billed) == (2_573_700, 7552)


def test_a_limited_reading_is_a_replay_of_its_own(purchase_file: Path) -> None:
    whole, part = reading.read(purchase_file), reading.read(purchase_file, limit=2)
    assert [purchase.line for purchase in part.purchases] == [4, 2]
    assert whole.fingerprint != part.fingerprint


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", HEADER + "\n", HEADER + "\nx\n"])
def test_what_is_no_purchase_file_is_said(tmp_path: Path, text: str) -> None:
    place = tmp_path / "other.csv"
    place.write_text(text)
    with pytest.raises(reading.UnreadableFile):
        reading.read(place)


def test_broken_bytes_and_line_breaks_in_a_field(tmp_path: Path) -> None:
    place = tmp_path / "odd.csv"
    good = '2018-01-08,************1111,PARKS,Lake,"two\nlines",Books,1.00,GBP,1.00,GBP'
    place.write_bytes(f"\ufeff{HEADER}\r\n{good}\r\n".encode() + b"2018-01-08,************1111,PARKS,Lake,caf\xe9,Books,1.00,GBP,1.00,GBP\r\n")
    file = reading.read(place)
    assert [purchase.merchant_name for purchase in file.purchases] == ["two lines"]
    assert file.refused == ((4, "a text is not UTF-8 or has control characters"),)


@pytest.mark.real_data
def test_the_real_file(real_purchases: Path) -> None:
    file = reading.read(real_purchases)
    assert (len(file.purchases), file.refused, len(file.departments), file.spellings) == (5640, (), 6, 7)
    assert sum(purchase.is_refund for purchase in file.purchases) == 247
    assert len({purchase.last4 for purchase in file.purchases}) == 607
    departments_of_a_number = Counter(last4 for last4, _ in {purchase.card for purchase in file.purchases})
    assert sum(count > 1 for count in departments_of_a_number.values()) == 19
    assert sum(file.sums.values()) == 151_156_721


@pytest.fixture
def real_purchases() -> Path:
    """The file in REAL_DATA."""
    folder = os.environ.get("REAL_DATA")
    if not folder:
        pytest.skip("REAL_DATA is not set: the folder with the real purchase-card file")
    return Path(folder) / "purchase-card-transactions-2018-01.csv"
