"""States are a table, moved by compare-and-swap. No status is assigned anywhere else.

A model with states has `status`, an enum, and `TRANSITIONS: {from: {to, …}}` beside it. `move_to` does
`UPDATE … SET status = to WHERE id = … AND status = <the one I saw>`: two hands at once, and one gets StaleState.
"""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from issuing_portal.core.errors import IllegalMove, StaleState

Transitions = dict[str, set[str]]


class Stateful(models.Model):
    """Mixin for a row with a `status` and a TRANSITIONS table."""

    TRANSITIONS: ClassVar[Transitions] = {}
    noun: ClassVar[str]
    status: Any

    class Meta:
        abstract = True

    def can_become(self, target: str) -> bool:
        return target in self.TRANSITIONS.get(self.status, set())

    @property
    def next_states(self) -> set[str]:
        """What the portal draws its buttons from."""
        return self.TRANSITIONS.get(self.status, set())

    def move_to(self, target: str, *, now: datetime, **also: Any) -> None:
        """Move this row to `target`, setting the columns in `also` in the same UPDATE.

        Raises: IllegalMove when the table has no such step; StaleState when the row is no longer where it was seen.
        """
        if not self.can_become(target):
            raise IllegalMove(noun=self.noun.replace("_", " "), status=str(self.status).lower(), target=str(target).lower())
        changes = {"status": target, "updated_at": now, **also}
        moved = type(self)._base_manager.filter(pk=self.pk, status=self.status).update(**changes)
        if not moved:
            raise StaleState(noun=self.noun.replace("_", " "))
        for name, value in changes.items():
            setattr(self, name, value)


def status_check(enum: type[models.TextChoices], name: str, field: str = "status") -> models.CheckConstraint:
    """The database's own second lock on the value set of a status column."""
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": list(enum.values)}), name=name)
