"""What a seal covers: the columns of each sealed table, the hash of a row, and the link to the seal before it.

The row hash is computed by PostgreSQL over a canonical jsonb (keys sorted, session in UTC), so that sealer and verifier
read a row alike and rows need not travel. A changed column list is a new version: old seals keep their own.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import connection

from issuing_portal.core.clock import to_wire

GENESIS = bytes(32)
"""What the first seal follows."""

MISSING = sha256(b"row was gone before it was sealed").digest()
"""The row hash of a row that somebody removed between its commit and its seal: it never matches, so it is named for ever."""

SEALED: dict[str, dict[int, tuple[str, ...]]] = {
    "audit_change": {1: ("id", "at", "table_name", "row_id", "action", "actor", "database_user", "changes")},
    "events_event": {1: (
        "id", "type", "partner_id", "livemode", "programme_id", "subject_noun", "subject_id", "sequence", "actor", "reason", "staff_only",
        "data", "personal", "person_id", "internal", "occurred_at")},
    "ledger_journalentry": {1: (
        "id", "partner_id", "livemode", "programme_id", "kind", "reference", "source_id", "reverses_id", "actor", "booked_at")},
    "ledger_posting": {1: ("id", "entry_id", "account_id", "amount_minor", "currency", "posted_after_minor")},
    "cards_cardtransition": {1: ("id", "card_id", "from_status", "to_status", "reason", "note", "hand", "actor", "at")},
    "authorisations_authorisationmessage": {1: (
        "id", "partner_id", "livemode", "authorisation_id", "connection_id", "kind", "network_reference", "original_network_reference",
        "amount_minor", "currency", "payload", "answer", "evaluation", "received_at")},
    "authorisations_transaction": {1: (
        "id", "partner_id", "livemode", "programme_id", "type", "account_id", "card_id", "authorisation_id", "entry_id", "connection_id",
        "network_reference", "amount_minor", "currency", "merchant_amount_minor", "merchant_currency", "merchant_id", "merchant_name",
        "merchant_country", "mcc", "forced", "flags", "posted_at", "created_at")},
}
NUMBERED = frozenset({"audit_change"})
"""Sealed tables whose key is a bigint; the others have a UUID."""


def current_version(table: str) -> int:
    """The newest column list of a sealed table."""
    return max(SEALED[table])


def row_hashes(table: str, version: int, row_ids: Iterable[str]) -> dict[str, bytes]:
    """The hashes of the rows that are there, by id text. A malformed id is the id of no row."""
    keys = [key for text in row_ids if (key := _key(table, text)) is not None]
    if not keys:
        return {}
    pairs = ", ".join(f"'{column}', \"{column}\"" for column in SEALED[table][version])
    kind = "bigint" if table in NUMBERED else "uuid"
    with connection.cursor() as cursor:
        canonical_session(cursor)
        cursor.execute(
            f"SELECT id::text, sha256(convert_to(jsonb_build_object({pairs})::text, 'UTF8')) "
            f'FROM "{table}" WHERE id = ANY(%s::{kind}[])', [keys])
        return {row_id: bytes(digest) for row_id, digest in cursor.fetchall()}


def canonical_session(cursor: object) -> None:
    """jsonb writes instants in the session's zone and bytes in its output form: both are fixed for this transaction."""
    cursor.execute("SELECT set_config('TimeZone', 'UTC', true), set_config('bytea_output', 'hex', true)")  # type: ignore[attr-defined]


def seal_of(*, position: int, table: str, row_id: str, version: int, row_hash: bytes, previous: bytes, sealed_at: datetime) -> bytes:
    """SHA-256 over every column of the seal's own row, in this order; the texts cannot contain the separator."""
    head = f"{position}|{table}|{row_id}|{version}|{to_wire(sealed_at)}|".encode()
    return sha256(head + row_hash + previous).digest()


def _key(table: str, text: str) -> int | UUID | None:
    try:
        return int(text) if table in NUMBERED else UUID(text)
    except ValueError:
        return None
