"""The vault: the one module that makes, keeps and opens card numbers. Nothing else in the product sees a PAN.

A number stands in the database only as an AES-256-GCM envelope bound to its row's id (core.crypto) and as a keyed hash for
look-up (PCI DSS 3.5.1.1). Functions here hand out rows, never numbers, but for `number_of`, which the reveal frame calls.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from cards.models import VaultEntry
from issuing_portal.core import crypto
from issuing_portal.core.errors import DomainError
from issuing_portal.core.redaction import luhn_valid

PAN_LENGTH = 16
ATTEMPTS = 40
HASH_PURPOSE = "pan"
LOCK_CLASS = 0x7661756C
SEQUENCE_MAX = 99
"""The PAN sequence number is two digits (ISO 8583, field 23)."""


class BinExhausted(DomainError):
    code, status, title = "bin_exhausted", 409, "The programme's number range has no free card number left."


class SequenceExhausted(DomainError):
    code, status, title = "replacements_exhausted", 409, "This card number was renewed too often; replace it by a new number."


@dataclass(frozen=True, order=True)
class Expiry:
    """Year and month that stand on the card; the later one is greater."""

    year: int
    month: int


@dataclass(frozen=True)
class Kept:
    """A number that was put away: its row, and what may be known of it."""

    entry: VaultEntry
    last4: str


def issue_number(*, bin: str, expiry: Expiry, now: datetime) -> Kept:
    """A fresh number under `bin` (6 to 8 digits) that no card ever had, put away with sequence 1.

    Raises: BinExhausted.
    """
    for _ in range(ATTEMPTS):
        number = _random_number(bin)
        if _is_free(number):
            return Kept(_keep(number, expiry, 1, now), number[-4:])
    raise BinExhausted


def renew_number(entry: VaultEntry, *, expiry: Expiry, now: datetime) -> VaultEntry:
    """The same number with a new expiry and the next sequence number. Raises: SequenceExhausted, CannotDecrypt."""
    if entry.sequence_number >= SEQUENCE_MAX:
        raise SequenceExhausted
    return _keep(number_of(entry), expiry, entry.sequence_number + 1, now)


def number_of(entry: VaultEntry) -> str:
    """The whole number. Raises: CannotDecrypt where the row was altered, swapped, or its key is not ours."""
    envelope = crypto.Envelope(key_id=entry.key_id, wrapped_key=bytes(entry.wrapped_key), ciphertext=bytes(entry.pan_sealed))
    return crypto.decrypt(envelope, bound_to=entry.id.bytes).decode()


def fingerprint(number: str) -> bytes:
    """The keyed hash under which a number is looked up."""
    return crypto.keyed_hash(number, purpose=HASH_PURPOSE)


def rewrap(entry: VaultEntry) -> VaultEntry:
    """The entry's data key under the key-encryption key in use now; number and data key stay as they are (not saved)."""
    entry.key_id, entry.wrapped_key = crypto.rewrap_key(entry.key_id, bytes(entry.wrapped_key))
    return entry


def check_digit(digits: str) -> str:
    """The Luhn digit that completes `digits`. Source: ISO/IEC 7812-1 annex B."""
    return next(digit for digit in "0123456789" if luhn_valid(digits + digit))


def _random_number(bin: str) -> str:
    body = bin + "".join(secrets.choice("0123456789") for _ in range(PAN_LENGTH - 1 - len(bin)))
    return body + check_digit(body)


def _is_free(number: str) -> bool:
    hashed = fingerprint(number)
    with connection.cursor() as cursor:
        # Two issuings may draw one number with different expiries, which no unique constraint forbids: the second waits here.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK_CLASS, hashed.hex()])
    return not VaultEntry.objects.filter(pan_hash=hashed).exists()


def _keep(number: str, expiry: Expiry, sequence: int, now: datetime) -> VaultEntry:
    entry = VaultEntry(expiry_year=expiry.year, expiry_month=expiry.month, sequence_number=sequence, pan_hash=fingerprint(number), created_at=now)
    envelope = crypto.encrypt(number.encode(), bound_to=entry.id.bytes)
    entry.key_id, entry.wrapped_key, entry.pan_sealed = envelope.key_id, envelope.wrapped_key, envelope.ciphertext
    entry.save(force_insert=True)
    return entry
