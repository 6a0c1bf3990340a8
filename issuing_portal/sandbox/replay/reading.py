"""The purchase-card file: its rows validated, a bad one refused with its line and kept out.

A department is one whatever the case and spacing of its name: spellings that are equal after collapsing white space and
ignoring case are the same department, named by its most frequent spelling. Nothing cleverer: "CYP&F" and "CYP&F SCHOOLS"
stay two.
"""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from issuing_portal.core.money import AMOUNT_MAX, exponent, is_currency
from issuing_portal.core.redaction import redact

COLUMNS = ("transaction_date", "card", "department", "cost_centre", "merchant_name", "category", "amount", "currency", "billing_amount",
           "billing_currency")
MASKED = re.compile(r"^\*{4,15}(\d{4})\Z")
NUMBER = re.compile(r"^-?\d{1,12}(\.\d{1,4})?\Z")
OPENING, DAY = time(8, tzinfo=UTC), 36_000
"""Purchases of a day are spread by their line over the ten hours after eight: the file has dates only."""


class UnreadableFile(Exception):
    """The file as a whole is not what it should be; the text says why."""


class BadRow(Exception):
    """One row cannot be sent; the text says why, without quoting it."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """One row. Amounts are signed minor units; a negative one is a refund. `department` is the key, not the spelling."""

    line: int
    on: date
    last4: str
    department: str
    merchant_name: str
    category: str
    amount: int
    currency: str
    billed: int
    billing_currency: str

    @property
    def at(self) -> datetime:
        """The instant that we give to the row's date."""
        return datetime.combine(self.on, OPENING) + timedelta(seconds=self.line % DAY)

    @property
    def is_refund(self) -> bool:
        return self.billed < 0

    @property
    def card(self) -> tuple[str, str]:
        """What makes one card: the masked number in one department."""
        return self.last4, self.department


@dataclass(frozen=True)
class PurchaseFile:
    """What was read: purchases in time order, rows refused as (line, why), department key → its name."""

    fingerprint: str
    currency: str
    purchases: tuple[Purchase, ...]
    refused: tuple[tuple[int, str], ...]
    departments: dict[str, str]
    spellings: int

    @property
    def sums(self) -> dict[str, int]:
        """Net billed amount per department in minor units, by the file itself."""
        found = dict.fromkeys(self.departments, 0)
        for purchase in self.purchases:
            found[purchase.department] += purchase.billed
        return found

    @property
    def spent(self) -> dict[str, int]:
        """The same without refunds: what the account must be able to pay."""
        found = dict.fromkeys(self.departments, 0)
        for purchase in self.purchases:
            found[purchase.department] += max(0, purchase.billed)
        return found

    def reference(self, purchase: Purchase) -> str:
        """The network reference of a row, from file hash and line number: exact doubles stay two purchases."""
        return f"rp{self.fingerprint[:24]}{purchase.line:08d}"


def read(path: Path, *, limit: int | None = None) -> PurchaseFile:
    """Read and validate the whole file; with `limit` keep the first so many purchases in time order.

    A limited reading has a fingerprint of its own, so it is another replay. Raises: UnreadableFile.
    """
    raw = path.read_bytes()
    fingerprint = hashlib.sha256(raw + (f"\nlimit {limit}".encode() if limit is not None else b"")).hexdigest()
    purchases: list[Purchase] = []
    refused: list[tuple[int, str]] = []
    spellings: dict[int, str] = {}
    currency = ""
    for line, row in _rows(raw):
        try:
            purchase, spelling = _purchase(line, row)
            currency = currency or purchase.billing_currency
            if purchase.billing_currency != currency:
                raise BadRow(f"billed in {purchase.billing_currency}, the file in {currency}")
        except BadRow as why:
            refused.append((line, str(why)))
            continue
        purchases.append(purchase)
        spellings[line] = spelling
    if not purchases:
        raise UnreadableFile("there is no row in it that could be sent")
    chosen = tuple(sorted(purchases, key=lambda one: (one.at, one.line))[:limit])
    used = Counter(spellings[purchase.line] for purchase in chosen)
    return PurchaseFile(fingerprint, currency, chosen, tuple(refused), _names(used), len(used))


def department_key(spelling: str) -> str:
    """What two spellings of one department share."""
    return " ".join(spelling.split()).casefold()


def _names(spellings: Counter[str]) -> dict[str, str]:
    """Department key → its most frequent spelling."""
    names: dict[str, str] = {}
    for spelling, _ in spellings.most_common():
        names.setdefault(department_key(spelling), spelling)
    return names


def _rows(raw: bytes) -> Iterator[tuple[int, dict[str, str] | None]]:
    """(line of the row's beginning, its fields), None where the fields do not fit the header."""
    rows = csv.reader(io.StringIO(raw.decode("utf-8-sig", "surrogateescape"), newline=""))
    try:
        header = [name.strip() for name in next(rows)]
    except (StopIteration, csv.Error) as error:
        raise UnreadableFile("it is empty, or no CSV") from error
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise UnreadableFile(f"columns are missing: {', '.join(missing)}")
    while True:
        line = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield line, None
            continue
        if row:
            yield line, dict(zip(header, row, strict=True)) if len(row) == len(header) else None


def _purchase(line: int, row: dict[str, str] | None) -> tuple[Purchase, str]:
    if row is None:
        raise BadRow("the number of fields is not that of the header")
    text = {name: " ".join(row[name].split()) for name in COLUMNS}
    if any(not value.isprintable() for value in text.values()):
        raise BadRow("a text is not UTF-8 or has control characters")
    card = MASKED.match(text["card"])
    if card is None:
        raise BadRow("the card is not a masked number that ends in four digits")
    if not text["department"] or not text["merchant_name"]:
        raise BadRow("department or merchant name is empty")
    if any(redact(text[name]) != text[name] for name in ("department", "merchant_name", "category")):
        raise BadRow("a text holds what looks like a whole card number")
    amount, billed = (_minor(text[name], text[f"{prefix}currency"]) for name, prefix in (("amount", ""), ("billing_amount", "billing_")))
    if (amount < 0) != (billed < 0) or not billed or not amount:
        raise BadRow("amount and billed amount must both be positive, or both negative")
    if text["currency"] == text["billing_currency"] and amount != billed:
        raise BadRow("amount and billed amount differ in one currency")
    purchase = Purchase(
        line=line, on=_date(text["transaction_date"]), last4=card[1], department=department_key(text["department"]),
        merchant_name=text["merchant_name"][:120], category=text["category"], amount=amount, currency=text["currency"], billed=billed,
        billing_currency=text["billing_currency"])
    return purchase, text["department"]


def _minor(text: str, currency: str) -> int:
    if not is_currency(currency):
        raise BadRow("a currency is not in ISO 4217")
    if not NUMBER.match(text):
        raise BadRow("an amount is no number")
    try:
        scaled = Decimal(text).scaleb(exponent(currency))
    except InvalidOperation as error:
        raise BadRow("an amount is no number") from error
    if scaled != scaled.to_integral_value() or abs(scaled) > AMOUNT_MAX:
        raise BadRow(f"an amount has more decimals than {currency}, or is too large")
    return int(scaled)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadRow("the date is not YYYY-MM-DD") from error
