"""Doorbells of the trail: seal what waits, write the daily anchor, verify the chain by night."""

from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from issuing_portal.audit import anchoring, operations, proof, queries
from issuing_portal.core import metrics
from issuing_portal.core.actors import Actor


@shared_task(name="audit.seal", queue="default", ignore_result=True)
def seal(**_: object) -> None:
    """Every second."""
    sealed = operations.seal_pending(by=Actor.system("sealer"), now=timezone.now())
    metrics.observe_seals(sealed=sealed, waiting=queries.lag().rows)


@shared_task(name="audit.anchor", queue="default", ignore_result=True)
def anchor(**_: object) -> None:
    """Every day."""
    anchoring.export_anchor(Path(settings.AUDIT_ANCHOR_FILE), now=timezone.now())


@shared_task(name="audit.verify", queue="default", ignore_result=True, time_limit=3600, soft_time_limit=3500)
def verify(**_: object) -> None:
    """Every night: the outcome is an event and stands on the Health page."""
    proof.prove(anchor_file=Path(settings.AUDIT_ANCHOR_FILE), by=Actor.system("verifier"), clock=timezone.now)
