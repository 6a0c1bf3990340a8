"""Cursor pagination over the time-ordered key: newest first, and stable while rows are being inserted."""

import base64
import binascii
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError


def encode_cursor(last: UUID) -> str:
    """An opaque cursor: the key of the last row that was seen."""
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def decode_cursor(text: str) -> UUID:
    """Raises ValidationError on anything that encode_cursor did not make."""
    try:
        raw = base64.b64decode(text + "==", altchars=b"-_", validate=True)
        cursor = UUID(bytes=raw)
    except (ValueError, binascii.Error) as error:
        raise ValidationError({"cursor": ["This cursor is not one of ours."]}, code="cursor_invalid") from error
    if encode_cursor(cursor) != text:
        raise ValidationError({"cursor": ["This cursor is not one of ours."]}, code="cursor_invalid")
    return cursor


def page_of(rows: QuerySet[Any], *, limit: int, cursor: str | None) -> tuple[list[Any], bool, str | None]:
    """`limit` rows older than the cursor, whether there are more, and the next cursor."""
    if cursor:
        rows = rows.filter(pk__lt=decode_cursor(cursor))
    found = list(rows.order_by("-pk")[: limit + 1])
    has_more = len(found) > limit
    found = found[:limit]
    return found, has_more, encode_cursor(found[-1].pk) if has_more else None
