"""Abstract rows: a UUIDv7 key, and the instants that operations pass in."""

from typing import ClassVar

from django.db import models

from issuing_portal.core.ids import PREFIXES, new_id, public_id


class Row(models.Model):
    """A row with a UUIDv7 primary key. `noun` names it outside (its TypeID prefix is in core.ids.PREFIXES)."""

    noun: ClassVar[str] = "object"
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        return public_id(self.noun, self.id)

    def __str__(self) -> str:
        # Rows without a public id of their own (an address) still have to be told apart in logs and field diffs.
        return self.public_id if self.noun in PREFIXES else f"{type(self).__name__} {self.id}"


class DatedRow(Row):
    """A row that tells when it was made and last changed; both come from the operation's `now`."""

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True
