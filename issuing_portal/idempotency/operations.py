"""Answer once: the first 2xx under a key is stored in the transaction of its effect, and given again.

Scope of a key: partner and mode. Fingerprint: method, path and canonical body (JSON names in any order, white space
ignored). Only 2xx answers are stored, so an error does not burn the key. A request still running under the key is
found with an advisory lock, which the database drops when its transaction or its connection ends, however it ends.
Source: the IETF draft "The Idempotency-Key HTTP Header Field".
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from issuing_portal.core.actors import Actor
from issuing_portal.core.crypto import keyed_hash
from issuing_portal.core.errors import DomainError
from issuing_portal.idempotency.models import StoredAnswer

VISIBLE = re.compile(r"^[\x21-\x7e]{1,255}\Z")


class KeyRequired(DomainError):
    code, status, title = "idempotency_key_required", 400, "This request moves money or makes a card: send an Idempotency-Key."


class KeyInvalid(DomainError):
    code, status, title = "idempotency_key_invalid", 400, "An Idempotency-Key has 1 to 255 visible ASCII characters, bare or in quotes."


class KeyReused(DomainError):
    code, status, title = "idempotency_key_reused", 422, "This Idempotency-Key was used for another request."


class KeyInFlight(DomainError):
    code, status, title = "idempotency_key_in_flight", 409, "A request with this Idempotency-Key is still running."


@dataclass(frozen=True)
class Asked:
    """A request as idempotency sees it. `key` None: the caller sent none."""

    partner_id: UUID
    livemode: bool
    key: str | None
    method: str
    path: str
    body: Any

    @property
    def key_hash(self) -> str:
        """The key as it is stored: a caller may have put anything into it, a card number too."""
        return keyed_hash(str(self.key), purpose="idempotency-key").hex()

    @property
    def stored_key(self) -> str:
        """The key as it is kept: hashed, for nobody stops a caller from sending a card number as one."""
        return keyed_hash(self.key or "", purpose="idempotency-key").hex()

    @property
    def fingerprint(self) -> str:
        canonical = json.dumps(self.body, sort_keys=True, separators=(",", ":"))
        return keyed_hash(f"{self.method} {self.path}\n{canonical}", purpose="idempotency").hex()


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    replayed: bool = False


def read_key(header: str | None, *, required: bool) -> str | None:
    """The key in the header, without its quotes.

    Raises: KeyRequired, KeyInvalid.
    """
    if header is None:
        if required:
            raise KeyRequired
        return None
    key = header.strip(" ")
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not VISIBLE.match(key):
        raise KeyInvalid
    return key


def answer_once(asked: Asked, *, run: Callable[[], Answer], shown_once: tuple[str, ...] = (), in_transaction: bool = True,
                by: Actor, now: datetime) -> Answer:
    """Run the request, or give its first answer again.

    With `in_transaction` the effect and the stored answer commit together. Without, `run` commits by itself (it must be
    idempotent under a reference of its own) and only its answer is stored afterwards, under the same lock.
    Raises: KeyReused, KeyInFlight, and whatever `run` raises (then nothing is stored).
    """
    if asked.key is None:
        if not in_transaction:
            return run()
        with transaction.atomic():
            return run()
    if not in_transaction:
        return _answer_outside(asked, run, shown_once, now)
    with transaction.atomic():
        _lock(asked)
        stored = _stored(asked, now)
        if stored:
            return stored
        answer = run()
        _store(asked, answer, shown_once, now)
        return answer


def _answer_outside(asked: Asked, run: Callable[[], Answer], shown_once: tuple[str, ...], now: datetime) -> Answer:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, %s))", [_lock_text(asked), LOCK_SEED])
        if not cursor.fetchone()[0]:
            raise KeyInFlight
    try:
        stored = _stored(asked, now)
        if stored:
            return stored
        answer = run()
        _store(asked, answer, shown_once, now)
        return answer
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, %s))", [_lock_text(asked), LOCK_SEED])


LOCK_SEED = 71


def _lock_text(asked: Asked) -> str:
    return f"{asked.partner_id}:{asked.livemode}:{asked.key_hash}"


def _lock(asked: Asked) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, %s))", [_lock_text(asked), LOCK_SEED])
        if not cursor.fetchone()[0]:
            raise KeyInFlight


def _stored(asked: Asked, now: datetime) -> Answer | None:
    mine = {"partner_id": asked.partner_id, "livemode": asked.livemode, "key": asked.key_hash}
    found = StoredAnswer.objects.filter(**mine).first()
    if found is None:
        return None
    if found.expires_at <= now:
        found.delete()
        return None
    if found.fingerprint != asked.fingerprint:
        raise KeyReused
    return Answer(status=found.status, body=found.body, replayed=True)


def _store(asked: Asked, answer: Answer, shown_once: tuple[str, ...], now: datetime) -> None:
    if not 200 <= answer.status < 300:
        return
    body = answer.body
    if isinstance(body, dict):
        body = {name: None if name in shown_once else value for name, value in body.items()}
    StoredAnswer.objects.create(
        partner_id=asked.partner_id, livemode=asked.livemode, key=asked.key_hash, fingerprint=asked.fingerprint, method=asked.method,
        path=asked.path, status=answer.status, body=body, withheld=list(shown_once),
        created_at=now, expires_at=now + settings.IDEMPOTENCY_KEPT)


def purge_expired(*, now: datetime) -> int:
    """Delete stored answers past their seven days; returns how many."""
    return StoredAnswer.objects.filter(expires_at__lte=now).delete()[0]
