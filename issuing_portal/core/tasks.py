"""Doorbells of the floor: the worker's sign of life, and the partitions of the months ahead."""

from celery import shared_task
from django.utils import timezone

from issuing_portal.core import partitions, pulse


@shared_task(name="core.heartbeat", queue="default", ignore_result=True)
def heartbeat(**_: object) -> None:
    """Every ten seconds: sent by beat, carried out by a worker, so it proves both."""
    pulse.beat("worker", now=timezone.now())


@shared_task(name="core.make_partitions", queue="default", ignore_result=True)
def make_partitions(**_: object) -> None:
    """Every night; the default partition catches what a missed night leaves without a month."""
    partitions.make_partitions(now=timezone.now())
