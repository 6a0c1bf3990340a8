"""Envelope encryption: AES-256-GCM with a data key per record, wrapped by a key-encryption key from a provider.

Blob layouts (bytes): sealed = nonce(12) ‖ ciphertext+tag; wrapped key = the same, under the KEK, bound to its id.
The associated data binds a blob to its row, so that two swapped blobs do not open. Source: NIST SP 800-38D.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


class CannotDecrypt(Exception):
    """The key is not ours, or the blob was altered or swapped. Never shown as a blank."""


class KeyProvider(Protocol):
    """Holds key-encryption keys: a local file or environment variable here, a KMS behind the same two verbs."""

    current: str

    def wrap(self, key: bytes) -> bytes: ...

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes: ...


@dataclass(frozen=True)
class Envelope:
    """One encrypted value and what opens it."""

    key_id: str
    wrapped_key: bytes
    ciphertext: bytes


class EnvironmentKeys:
    """KEKs from settings: `VAULT_KEK` = `id:base64` in use, `VAULT_KEK_PREVIOUS` still readable."""

    def __init__(self, current: str, previous: list[str]) -> None:
        self._keys = dict(self._parse(text) for text in [*previous, current])
        self.current = current.partition(":")[0]

    @staticmethod
    def _parse(text: str) -> tuple[str, bytes]:
        key_id, _, encoded = text.partition(":")
        key = base64.b64decode(encoded, validate=True)
        if not key_id or len(key) != 32:
            raise ValueError("a key-encryption key is `id:` and base64 of 32 bytes")
        return key_id, key

    def wrap(self, key: bytes) -> bytes:
        return seal(self._keys[self.current], key, self.current.encode())

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        if key_id not in self._keys:
            raise CannotDecrypt(f"the key-encryption key {key_id} is not configured")
        return unseal(self._keys[key_id], wrapped, key_id.encode())


@lru_cache(maxsize=4)
def _provider(current: str, previous: tuple[str, ...]) -> KeyProvider:
    return EnvironmentKeys(current, list(previous))


def provider() -> KeyProvider:
    """The configured key provider."""
    return _provider(settings.VAULT_KEK, tuple(settings.VAULT_KEK_PREVIOUS))


def encrypt(plain: bytes, *, bound_to: bytes) -> Envelope:
    """A fresh data key, used once, wrapped by the provider's current key."""
    key = secrets.token_bytes(32)
    keys = provider()
    return Envelope(key_id=keys.current, wrapped_key=keys.wrap(key), ciphertext=seal(key, plain, bound_to))


def decrypt(envelope: Envelope, *, bound_to: bytes) -> bytes:
    """The plain bytes. Raises CannotDecrypt."""
    key = provider().unwrap(envelope.key_id, bytes(envelope.wrapped_key))
    return unseal(key, bytes(envelope.ciphertext), bound_to)


def encrypt_text(plain: str, *, bound_to: bytes) -> str:
    """An envelope as one text (`key_id.wrapped.ciphertext`, base64), for secrets that live in a text column."""
    made = encrypt(plain.encode(), bound_to=bound_to)
    return ".".join([made.key_id, base64.b64encode(made.wrapped_key).decode(), base64.b64encode(made.ciphertext).decode()])


def decrypt_text(stored: str, *, bound_to: bytes) -> str:
    """The inverse of encrypt_text. Raises CannotDecrypt."""
    key_id, wrapped, ciphertext = stored.split(".")
    return decrypt(Envelope(key_id, base64.b64decode(wrapped), base64.b64decode(ciphertext)), bound_to=bound_to).decode()


def rewrap_key(key_id: str, wrapped: bytes) -> tuple[str, bytes]:
    """A data key under the key-encryption key in use now: its id, and the wrapped key. Nothing is opened. Raises CannotDecrypt."""
    keys = provider()
    return keys.current, keys.wrap(keys.unwrap(key_id, wrapped))


def rewrap_text(stored: str) -> str:
    """The same for an envelope of encrypt_text; an empty text stays empty. Raises CannotDecrypt."""
    if not stored:
        return stored
    key_id, wrapped, ciphertext = stored.split(".")
    current, anew = rewrap_key(key_id, base64.b64decode(wrapped))
    return ".".join([current, base64.b64encode(anew).decode(), ciphertext])


def seal(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """AES-256-GCM under a key that is already at hand."""
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def unseal(key: bytes, blob: bytes, bound_to: bytes) -> bytes:
    """The inverse of seal. Raises CannotDecrypt."""
    try:
        return AESGCM(key).decrypt(blob[:12], blob[12:], bound_to)
    except InvalidTag as error:
        raise CannotDecrypt("the blob does not open under this key") from error


def keyed_hash(value: str, *, purpose: str) -> bytes:
    """HMAC-SHA256 with the look-up key, which lives outside the database (PCI DSS 3.5.1.1)."""
    key = base64.b64decode(settings.VAULT_HASH_KEY, validate=True)
    return hmac.digest(key, f"{purpose}:{value}".encode(), hashlib.sha256)
