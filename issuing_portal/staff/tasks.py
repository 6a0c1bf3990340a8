"""What runs by itself: roles and proposals end by their date."""

from celery import shared_task
from django.utils import timezone

from issuing_portal.core.actors import Actor
from issuing_portal.staff import operations


@shared_task(name="staff.expire_grants", acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def expire_grants(**_: object) -> None:
    """The sweep of the beat: grants past their date, proposals past theirs."""
    operations.end_what_is_over(by=Actor.system("staff.expire_grants"), now=timezone.now())
