"""System checks that refuse to start unsafe. `manage.py check` runs them, and so does the WSGI entry before it serves."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from issuing_portal.core import crypto

SECRET_KEY_LENGTH = 40


@register(Tags.security)
def production_is_closed(**_: Any) -> list[CheckMessage]:
    """What a sandbox may have and production may not."""
    if not settings.PRODUCTION:
        return []
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(Error("DEBUG is on in production.", hint="Unset DEBUG.", id="issuing.E001"))
    if len(settings.SECRET_KEY) < SECRET_KEY_LENGTH or len(set(settings.SECRET_KEY)) < 10:
        found.append(Error(f"SECRET_KEY is weak: {SECRET_KEY_LENGTH} random characters at least.", id="issuing.E002"))
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        found.append(Error("ALLOWED_HOSTS names no host, or all of them.", id="issuing.E003"))
    if len(settings.AUDIT_SALT) < 16:
        found.append(Error("AUDIT_SALT is short: 16 random characters at least.", id="issuing.E004"))
    if settings.CARD_TEST_KEY and settings.CARD_SECRETS != "software":
        found.append(Warning("CARD_TEST_KEY is set but CARD_SECRETS is not `software`: it is not used.", id="issuing.W001"))
    return found


@register(Tags.security)
def keys_are_usable(**_: Any) -> list[CheckMessage]:
    """The key-encryption keys and the look-up key open what they shall."""
    found: list[CheckMessage] = []
    try:
        keys = crypto.provider()
        keys.unwrap(keys.current, keys.wrap(b"\0" * 32))
    except (ValueError, binascii.Error) as error:
        found.append(Error(f"VAULT_KEK or VAULT_KEK_PREVIOUS cannot be used: {error}.", hint="`id:` and base64 of 32 bytes.", id="issuing.E005"))
    if len(_decoded(settings.VAULT_HASH_KEY)) < 32:
        found.append(Error("VAULT_HASH_KEY is not base64 of at least 32 bytes.", id="issuing.E006"))
    return found


@register(Tags.database)
def live_cards_have_an_adapter(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Live cards are there, but their CVV would come from software (PCI DSS; DESIGN, Security)."""
    if not databases or settings.CARD_SECRETS != "software":
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('cards_card') IS NOT NULL")
            if not cursor.fetchone()[0]:
                return []
            cursor.execute("SELECT EXISTS (SELECT 1 FROM cards_card WHERE livemode)")
            live = cursor.fetchone()[0]
    except DatabaseError as error:
        return [Warning(f"The database did not answer: {type(error).__name__}.", id="issuing.W002")]
    refusal = Error("Live cards exist, but CARD_SECRETS is `software`.", hint="Name the processor's or the HSM's adapter.", id="issuing.E007")
    return [refusal] if live else []


def refuse_unsafe() -> None:
    """Raises ImproperlyConfigured, with every reason, where a check of this module finds an error."""
    found = [*run_checks(tags=[Tags.security]), *run_checks(tags=[Tags.database], databases=["default"])]
    errors = [message for message in found if str(message.id).startswith("issuing.E")]
    if errors:
        raise ImproperlyConfigured("Unsafe to start:\n" + "\n".join(f"- {message.id} {message.msg}" for message in errors))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
