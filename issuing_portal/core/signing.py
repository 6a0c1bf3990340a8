"""Standard Webhooks 1.0 signatures, over raw bytes: `v1,<base64 HMAC-SHA256>` of `{id}.{timestamp}.{body}`.

Used by processors towards us and by us towards partners. Secrets are `whsec_` and padded standard base64.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

SECRET_PREFIX = "whsec_"
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


class BadSignature(Exception):
    """Missing, malformed, too old, too new or wrong: the caller answers each alike."""


def new_secret() -> str:
    """A fresh `whsec_…` of 32 random bytes."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(*, secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One `v1,…` signature."""
    return "v1," + base64.b64encode(_digest(_key(secret), message_id, str(timestamp), body)).decode()


def headers(*, secrets_in_force: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers; during a rotation every secret in force signs."""
    signatures = " ".join(sign(secret=one, message_id=message_id, timestamp=timestamp, body=body) for one in secrets_in_force)
    return {ID: message_id, TIMESTAMP: str(timestamp), SIGNATURE: signatures}


def verify(*, secrets_in_force: Iterable[str], got: Mapping[str, str], body: bytes, now: datetime, tolerance: timedelta) -> str:
    """The message id of a genuine request. `got` has lower-case names.

    Raises: BadSignature, without telling which. Every secret is tried, in constant time.
    """
    message_id, timestamp, offered = got.get(ID, ""), got.get(TIMESTAMP, ""), got.get(SIGNATURE, "")
    genuine = False
    signatures = [part[3:] for part in offered.split(" ") if part.startswith("v1,")][:8]
    for secret in secrets_in_force:
        wanted = base64.b64encode(_digest(_key(secret), message_id, timestamp, body)).decode()
        for signature in signatures:
            genuine |= hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "surrogateescape"))
    in_time = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12 \
        and abs(now.timestamp() - int(timestamp)) <= tolerance.total_seconds()
    if not (genuine and in_time and message_id):
        raise BadSignature
    return message_id


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a signing secret is whsec_ and padded standard base64") from error


def _digest(key: bytes, message_id: str, timestamp: str, body: bytes) -> bytes:
    signed = b"%s.%s.%s" % (message_id.encode("utf-8", "surrogateescape"), timestamp.encode("utf-8", "surrogateescape"), body)
    return hmac.digest(key, signed, hashlib.sha256)
