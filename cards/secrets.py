"""CardSecrets: who computes CVV2. Software does it for test cards alone; live cards need the processor or an HSM.

A CVV2 is computed at the moment it is shown and stored nowhere (PCI DSS 3.3.1.2).
"""

import base64
import hmac
from typing import Protocol

from django.conf import settings
from psec import cvv

from cards.vault import Expiry
from issuing_portal.core.errors import DomainError

CVV2_SERVICE_CODE = "000"


class SecretsUnavailable(DomainError):
    code, status = "card_secrets_unavailable", 409
    title = "The security code cannot be computed here: no processor or HSM is configured for live cards."


class CardSecrets(Protocol):
    """Computes what stands on a card beside its number."""

    def cvv2(self, number: str, expiry: Expiry) -> str: ...


class SoftwareSecrets:
    """Visa's and Mastercard's algorithm with a key derived from CARD_TEST_KEY. For test cards."""

    def __init__(self, key: bytes) -> None:
        self._cvk = hmac.digest(key, b"cvk", "sha256")[:16]

    def cvv2(self, number: str, expiry: Expiry) -> str:
        """Three digits, over number, expiry (MMYY) and service code 000."""
        return cvv.generate_cvv(self._cvk, number, f"{expiry.month:02}{expiry.year % 100:02}", CVV2_SERVICE_CODE)


def secrets_for(livemode: bool) -> CardSecrets:
    """The adapter for cards of this mode. Raises: SecretsUnavailable where the only one is software and the card is live."""
    if livemode or settings.CARD_SECRETS != "software" or not settings.CARD_TEST_KEY:
        raise SecretsUnavailable
    return SoftwareSecrets(base64.b64decode(settings.CARD_TEST_KEY, validate=True))
