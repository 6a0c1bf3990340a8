"""No card number survives in a text that we write down: PANs, keys and secrets become words.

A run of 12 to 19 digits (spaces, dots or hyphens between them allowed) that passes Luhn is taken for a PAN.
"""

import re
from typing import Any

_DIGIT_RUN = re.compile(r"(?<![\w-])\d(?:[ .\-_/]{0,2}\d){11,18}(?![\w-])|(?<!\d)\d{12,19}(?!\d)")
_SECRETS = re.compile(r"ip_(?:test|live)_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9+/=_-]{8,}|Bearer\s+\S+", re.IGNORECASE)
_BEARER_PATHS = re.compile(r"(/(?:reveal|invitations|onboarding)/)[A-Za-z0-9_\-]{16,}")
"""Addresses whose last part is itself the permission."""
_SECRET_NAMES = re.compile(r"^(pan|cvv2?|cvc2?|pin|password|secret|api_key|authorization|token|otp_token|wrapped_key)$", re.IGNORECASE)
REDACTED_PAN, REDACTED = "[card number]", "[redacted]"


def luhn_valid(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


_SCHEMES = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|35\d{14}|(?:6011|64[4-9]\d|65\d{2}|62\d{2})\d{12,15}")
"""Lengths and first digits that the schemes give out: Visa, Mastercard, American Express, Diners, JCB, Discover, UnionPay."""


def holds_secret(text: str) -> bool:
    """Whether an input holds a card number of some scheme or a key of ours, and so must be refused.

    Narrower than redact(): an order number that happens to pass Luhn is no card number unless a scheme could have issued it.
    """
    if _SECRETS.search(text):
        return True
    for match in _DIGIT_RUN.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if _SCHEMES.fullmatch(digits) and luhn_valid(digits):
            return True
    return False


_MARKS = ("ip_test_", "ip_live_", "whsec_", "bearer", "/reveal/", "/invitations/", "/onboarding/")


def clean_json(text: str) -> bool:
    """Whether redact_value() would change no value of this JSON: cheap, and False in doubt (an escape may hide what stands before a digit).

    It knows nothing of keys that name a secret: only for messages whose fields are known.
    """
    if "\\" in text or any(luhn_valid(re.sub(r"\D", "", found.group())) for found in _DIGIT_RUN.finditer(text)):
        return False
    lowered = text.lower()
    return not any(mark in lowered for mark in _MARKS)


def redact(text: str) -> str:
    """`text` without card numbers and secrets."""
    if len(text) < 8:
        return text
    return _SECRETS.sub(REDACTED, _BEARER_PATHS.sub(rf"\1{REDACTED}", _DIGIT_RUN.sub(_redact_run, text)))


def _redact_run(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    return REDACTED_PAN if luhn_valid(digits) else match.group()


def redact_value(value: Any) -> Any:
    """The same through dicts, lists and texts; keys that name a secret lose their value whatever it is."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, bytes):
        return redact(value.decode("utf-8", "replace"))
    if isinstance(value, dict):
        return {redact_value(key): REDACTED if isinstance(key, str) and _SECRET_NAMES.match(key) and item else redact_value(item)
                for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return type(value)(redact_value(item) for item in value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**11:
        return redact_value(str(value)) if luhn_valid(str(abs(value))) else value
    return value
