"""`.data/env`: the secrets made on the first start, and where the servers of the running product listen.

Settings read it where the environment is silent, so that any `manage.py` command works beside `make run`.
"""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from issuing_portal.core.embedded.errors import LauncherError


def _token() -> str:
    return secrets.token_urlsafe(50)


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _password() -> str:
    """Letters and digits only: it stands in URLs, in SQL and in Valkey's configuration without any quoting."""
    return secrets.token_hex(24)


GENERATED: dict[str, Callable[[], str]] = {
    "SECRET_KEY": _token,
    "VAULT_KEK": lambda: "local-1:" + _key(),
    "VAULT_HASH_KEY": _key,
    "AUDIT_SALT": _key,
    "CARD_TEST_KEY": _key,
}
"""Secrets of the application: made once, kept for ever (the vault cannot be read without its key)."""

SERVER_PASSWORDS = ("POSTGRES_ADMIN_PASSWORD", "POSTGRES_PASSWORD", "VALKEY_PASSWORD")


def read(path: Path) -> dict[str, str]:
    """The names and values of an env file; empty when there is none.

    Raises: LauncherError when it belongs to another user.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except PermissionError as error:
        raise LauncherError(
            f"{path} belongs to another user: start as that user, or give this checkout its own data with `make reset`."
        ) from error
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def write(path: Path, values: dict[str, str]) -> None:
    """Replace the file in one step, readable by its owner alone."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("# Written by `manage.py up`. Keep VAULT_KEK: card numbers in the vault cannot be read without it.\n")
        file.writelines(f"{name}={value}\n" for name, value in values.items())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def secrets_for(known: dict[str, str]) -> dict[str, str]:
    """`known` with every missing secret and password made."""
    made = dict(known)
    for name, make in GENERATED.items():
        made.setdefault(name, make())
    for name in SERVER_PASSWORDS:
        made.setdefault(name, _password())
    return made
