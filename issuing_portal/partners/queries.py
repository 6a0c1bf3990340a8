"""Reads of partners, programmes, keys and connections. Every partner-facing read takes partner and mode first."""

import hashlib
import hmac
from datetime import datetime

from issuing_portal.partners.models import ApiKey, PartnerStatus

LOOKUP_LENGTH = len("ip_test_") + 12


def key_in_force(token: str, *, now: datetime) -> ApiKey | None:
    """The API key that `token` is, when it is genuine, of an active partner, not revoked and not expired."""
    key = ApiKey.objects.select_related("partner").filter(lookup=token[:LOOKUP_LENGTH]).first() if token.isascii() else None
    genuine = hmac.compare_digest(bytes(key.secret_hash) if key else b"\0" * 32, hashlib.sha256(token.encode("utf-8", "replace")).digest())
    if key is None or not genuine or key.partner.status != PartnerStatus.ACTIVE:
        return None
    if key.revoked_at and key.revoked_at <= now or key.expires_at and key.expires_at <= now:
        return None
    return key
