"""Doorbells of authorisations."""

from celery import shared_task
from django.utils import timezone

from authorisations import operations
from issuing_portal.core.actors import Actor

ROUNDS = 20
"""At most so many batches per ring: the next ring is a minute away."""


@shared_task(name="authorisations.expire", ignore_result=True)
def expire(**_: object) -> None:
    """End every hold whose day is over."""
    for _round in range(ROUNDS):
        if operations.expire_due(by=Actor.system("authorisations.expire"), now=timezone.now()) < operations.EXPIRE_BATCH:
            return
