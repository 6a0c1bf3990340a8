"""`@operation`: one public verb, one transaction, one actor in the audit trail."""

import json
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import connection, transaction

from issuing_portal.core.actors import Actor

P = ParamSpec("P")
R = TypeVar("R")


def actor_text(by: Actor) -> str:
    """What the audit triggers read: who, by which channel, in which request."""
    return json.dumps({"kind": by.kind, "id": str(by.id) if by.id else None, "label": by.label, "channel": by.channel,
                       "request_id": by.request_id, "acting_user": by.acting_user}, sort_keys=True)


def operation(verb: Callable[P, R]) -> Callable[P, R]:
    """Run `verb(*, …, by: Actor, …)` atomically, its first statement naming the actor for the triggers.

    Nested operations join the outer transaction; the outer actor is restored afterwards.
    """

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        by = kwargs["by"]
        assert isinstance(by, Actor), "an operation is called with by=Actor"
        nested = connection.in_atomic_block
        with transaction.atomic():
            before = _swap_actor(actor_text(by), remember=nested)
            result = verb(*args, **kwargs)
            if nested:
                _swap_actor(before, remember=False)
            return result

    run.is_operation = True  # type: ignore[attr-defined]
    return run


def _swap_actor(text: str, *, remember: bool) -> str:
    before = "coalesce(current_setting('issuing.actor', true), '')" if remember else "''"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {before}, set_config('issuing.actor', %s, true), set_config('issuing.salt', %s, true)",
                       [text, settings.AUDIT_SALT])
        return cursor.fetchone()[0]
