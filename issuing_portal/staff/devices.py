"""Second factors on django-otp's Device: an authenticator whose secret is encrypted at rest, and hashed recovery codes.

django-otp's own TOTP and static devices keep their secrets in plain text; a copy of the database would be a copy of
everybody's second factor. Throttling (1, 2, 4, 8 … seconds after each failure) is django-otp's.
"""

import base64
import hmac
import time
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_otp.models import Device, ThrottlingMixin
from django_otp.oath import TOTP

from issuing_portal.core.crypto import decrypt_text, keyed_hash

STEP_SECONDS, DIGITS, TOLERANCE = 30, 6, 1


class OneFactor(ThrottlingMixin, Device):
    """What both kinds share: one per person, the same throttle."""

    class Meta:
        abstract = True

    def get_throttle_factor(self) -> int:
        return settings.OTP_TOTP_THROTTLE_FACTOR

    def verify_token(self, token: str) -> bool:
        """Whether the code is good; a good one is used up. The row must be locked by the caller."""
        if not self.verify_is_allowed()[0]:
            return False
        good = self._use(token)
        if good:
            self.throttle_reset(commit=False)
            self.save()
        else:
            self.throttle_increment()
        return good

    def _use(self, token: str) -> bool:
        raise NotImplementedError


class Authenticator(OneFactor):
    """Time-based codes of an app on the person's phone (RFC 6238: SHA-1, 6 digits, 30 s, one step of tolerance)."""

    secret_sealed = models.TextField(help_text="base32 secret, encrypted; bound to the user's id")
    last_step = models.BigIntegerField(default=-1, help_text="of the last accepted code: none of it or before is taken again")
    drift = models.SmallIntegerField(default=0, help_text="steps that the person's clock is off")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], name="authenticator_one_per_user")]

    def _use(self, token: str) -> bool:
        secret = decrypt_text(self.secret_sealed, bound_to=self.user_id.bytes)
        step, drift = matching_step(secret, token, after=self.last_step, drift=self.drift)
        if step is None:
            return False
        self.last_step, self.drift = step, drift
        return True


class RecoveryCodes(OneFactor):
    """Codes for the day the phone is gone; each works once. Keyed hashes only."""

    hashes = ArrayField(models.CharField(max_length=64), default=list)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], name="recovery_codes_one_per_user")]

    def _use(self, token: str) -> bool:
        offered = recovery_hash(token)
        left = [kept for kept in self.hashes if not hmac.compare_digest(kept, offered)]
        found = len(left) < len(self.hashes)
        self.hashes = left
        return found


def recovery_hash(code: str) -> str:
    """What is stored of a recovery code, whatever its case and hyphens."""
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return keyed_hash(plain, purpose="recovery_code").hex()


def matching_step(secret: str, token: str, *, after: int, drift: int) -> tuple[int | None, int]:
    """The time step whose code `token` is, and the clock's drift; None where it is none, or not after `after`."""
    if not (token.isascii() and token.isdigit() and len(token) == DIGITS):
        return None, drift
    totp: Any = TOTP(base64.b32decode(secret), STEP_SECONDS, 0, DIGITS, drift)
    totp.time = time.time()  # django-otp's clock too: the code belongs to the instant at which it is checked
    return (totp.t(), totp.drift) if totp.verify(int(token), TOLERANCE, after + 1) else (None, drift)


def enrolment_uri(secret: str, email: str) -> str:
    """The `otpauth://` address that authenticator apps read from the QR code (Key Uri Format)."""
    issuer = settings.OTP_TOTP_ISSUER
    query = urlencode({"secret": secret, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_SECONDS}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(email)}?{query}"
