"""The doorbell: enqueue a task by its name once the transaction is committed.

Losing a ring loses nothing: every kind of work is found again by its beat sweep (docs/decisions/0002).
"""

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def enqueue(task: str, *, queue: str = "default", **arguments: str) -> None:
    """Ring `task` after COMMIT with ids as keyword arguments. A broker that is down is logged, never an error of the caller."""
    transaction.on_commit(lambda: _ring(task, queue, arguments))


def _ring(task: str, queue: str, arguments: dict[str, str]) -> None:
    try:
        current_app.send_task(task, kwargs=arguments, queue=queue, ignore_result=True, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("doorbell_lost", task=task, error=type(error).__name__)
