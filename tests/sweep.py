"""The sweep: looks for card numbers, CVV2s and keys in everything that the product writes down, but for the vault.

`Needles` are the very secrets of one journey; beside them any number of the programmes' ranges that passes Luhn is found,
however it is written. A place is (name, text); `database()` and `broker()` read every row and every key as text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import redis
from django.conf import settings
from django.db import connection

from issuing_portal.core.redaction import luhn_valid

DIGITS = re.compile(r"\d(?:[ .\-_/]?\d){12,18}")
VAULT = "cards_vaultentry"
Place = tuple[str, str]


@dataclass
class Needles:
    """What must be found nowhere."""

    numbers: set[str] = field(default_factory=set)
    cvvs: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    ranges: tuple[str, ...] = ("400000", "400001", "411111")


def sweep(places: Iterator[Place] | list[Place], needles: Needles) -> list[str]:
    """Every find as `place: what`; a find names no secret."""
    return [f"{place}: {what}" for place, text in places for what in _finds(text, needles)]


def _finds(text: str, needles: Needles) -> Iterator[str]:
    for match in DIGITS.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if digits in needles.numbers:
            yield "a card number of this journey"
        elif luhn_valid(digits) and len(digits) in (13, 16, 19) and digits.startswith(needles.ranges):
            yield "something like a card number"
    for cvv in needles.cvvs:
        if re.search(rf"cv[vc]2?\W{{1,6}}{cvv}\b", text, re.IGNORECASE):
            yield "a CVV2"
    for key in needles.keys:
        if key in text:
            yield "a key"


def database(*, besides: tuple[str, ...] = (VAULT,)) -> Iterator[Place]:
    """Every row of every table as PostgreSQL writes it (bytea as text too), table by table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace")
        for (table,) in cursor.fetchall():
            if table in besides:
                continue
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            for (row,) in cursor.fetchall():
                yield f"database {table}", row
                for encoded in re.findall(r"\\\\x([0-9a-f]{16,})", row):
                    yield f"database {table} (bytes)", bytes.fromhex(encoded).decode("latin-1")


def broker() -> Iterator[Place]:
    """Every key of the broker, whatever its type."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    readers = {b"string": lambda key: [client.get(key)], b"list": lambda key: client.lrange(key, 0, -1), b"set": lambda key: list(client.smembers(key)),
               b"hash": lambda key: [part for pair in client.hgetall(key).items() for part in pair], b"zset": lambda key: client.zrange(key, 0, -1)}
    for key in client.scan_iter(count=500):
        yield "redis key", key.decode("latin-1")
        kind = client.type(key)
        for value in readers[kind](key) if kind in readers else []:
            yield f"redis {kind.decode()}", (value or b"").decode("latin-1")
