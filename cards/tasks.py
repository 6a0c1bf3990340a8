"""Doorbells of cards."""

from celery import shared_task
from django.utils import timezone

from cards import operations
from issuing_portal.core.actors import Actor

ROUNDS = 50
"""At most so many batches per ring: the next ring is a minute away."""


@shared_task(name="cards.expire", ignore_result=True)
def expire(**_: object) -> None:
    """Expire every card whose last day is over."""
    for _round in range(ROUNDS):
        if operations.expire_due(by=Actor.system("cards.expire"), now=timezone.now()) < operations.EXPIRE_BATCH:
            return
