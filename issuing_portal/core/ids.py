"""Identifiers: UUIDv7 as primary keys (rows sort by time), TypeIDs on the outside (`crd_01h…`).

Source: RFC 9562 §5.7; TypeID specification 0.3.0.
"""

from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from typeid import TypeID
from typeid.errors import TypeIDException
from uuid_utils.compat import uuid7

PREFIXES = {
    "programme": "prg", "cardholder": "chd", "kyc_case": "kyc", "document": "doc", "account": "acc", "card": "crd",
    "card_design": "dsg", "authorisation": "aut", "transaction": "txn", "shipment": "shp", "batch": "bat",
    "wallet_token": "wtk", "rule": "rul", "event": "evt", "webhook_endpoint": "whe", "delivery": "whd",
    "dispute": "dsp", "api_key": "key", "reveal_session": "ssn", "challenge": "chl", "partner": "ptr",
    "processor_connection": "prc", "related_person": "rel", "journal_entry": "jnl", "posting": "pst",
    "message": "msg", "user": "usr", "grant": "grt", "proposal": "ppl", "card_transition": "ctr", "spend_control": "ctl",
}
"""Object name → TypeID prefix (API.md §1; the last dozen are ours)."""


def new_id() -> UUID:
    """A fresh UUIDv7: its first 48 bits are milliseconds since 1970, so newer ids sort later."""
    return uuid7()


def public_id(noun: str, value: UUID) -> str:
    """`public_id("card", uuid)` → `crd_01h…` (prefix, underscore, 26 characters)."""
    return str(TypeID.from_uuid(prefix=PREFIXES[noun], suffix=cast(Any, value)))


def parse_id(noun: str, text: object) -> UUID | None:
    """The UUID in `text` when it is a well-formed TypeID of this noun, else None: a foreign id is simply not there."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    try:
        parsed = TypeID.from_string(text)
    except TypeIDException:
        return None
    # The library answers with a UUID class of its own, which Django's fields refuse.
    return UUID(bytes=parsed.uuid.bytes) if parsed.prefix == PREFIXES[noun] else None


def floor_id(instant: datetime) -> UUID:
    """The smallest UUIDv7 of an instant: the bound of a partition or of a time filter on the key."""
    milliseconds = int(instant.astimezone(UTC).timestamp() * 1000)
    return UUID(int=milliseconds << 80)
