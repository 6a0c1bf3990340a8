"""Doorbell of the ledger: prove it by night."""

from celery import shared_task
from django.utils import timezone

from issuing_portal.core.actors import Actor
from issuing_portal.ledger import proof


@shared_task(name="ledger.verify", queue="default", ignore_result=True, time_limit=3600, soft_time_limit=3500)
def verify(**_: object) -> None:
    """Every night: the outcome is an event and stands on the Health page."""
    proof.prove(by=Actor.system("verifier"), clock=timezone.now)
