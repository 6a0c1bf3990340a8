"""Celery's beat with a sign of life: a file whose time says when it last looked for due work."""

from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler

ALIVE = "alive"


class BeatingScheduler(PersistentScheduler):
    """The scheduler with its schedule in a file, and beside it the file `alive`.

    The schedule itself is no sign: the database behind it may write much later, or not at all where nothing changed.
    """

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        Path(self.schedule_filename).with_name(ALIVE).touch()
        return super().tick(*args, **kwargs)
