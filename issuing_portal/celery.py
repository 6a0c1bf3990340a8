"""The Celery application and what runs by itself (the beat table).

Tasks are doorbells: each finds its work by a query, so a lost or doubled ring does no harm.
"""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import before_task_publish, setup_logging
from django.conf import settings
from django.utils import timezone

from issuing_portal.core import pulse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "issuing_portal.settings")

app = Celery("issuing_portal")
app.conf.update(settings.CELERY)
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "core.heartbeat": {"task": "core.heartbeat", "schedule": 10.0},
    "audit.seal": {"task": "audit.seal", "schedule": 1.0, "options": {"expires": 5}},
    "audit.anchor": {"task": "audit.anchor", "schedule": crontab(minute="45", hour="0")},
    "audit.verify": {"task": "audit.verify", "schedule": crontab(minute="10", hour="3")},
    "authorisations.expire": {"task": "authorisations.expire", "schedule": 60.0},
    "cards.expire": {"task": "cards.expire", "schedule": 60.0},
    "idempotency.purge": {"task": "idempotency.purge", "schedule": crontab(minute="17")},
    "staff.expire_grants": {"task": "staff.expire_grants", "schedule": 60.0},
    "core.make_partitions": {"task": "core.make_partitions", "schedule": crontab(minute="5", hour="1")},
    "ledger.verify": {"task": "ledger.verify", "schedule": crontab(minute="30", hour="2")},
}


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Celery leaves the log configuration, and so the redaction, alone."""


@before_task_publish.connect(sender="core.heartbeat")
def beat_is_alive(**_: object) -> None:
    """Only beat sends the heartbeat, so sending it is beat's own sign of life."""
    pulse.beat("beat", now=timezone.now())
