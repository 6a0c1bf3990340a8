"""Celery entry points of idempotency."""

from celery import shared_task
from django.utils import timezone

from issuing_portal.idempotency import operations


@shared_task(name="idempotency.purge")
def purge(**_: object) -> None:
    operations.purge_expired(now=timezone.now())
