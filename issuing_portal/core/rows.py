"""Abstract rows: a UUIDv7 key, and the instants that operations pass in."""

from django.db import models

from issuing_portal.core.ids import new_id, public_id


class Row(models.Model):
    """A row with a UUIDv7 primary key. `noun` names it outside (its TypeID prefix is in core.ids.PREFIXES)."""

    noun = "object"
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        return public_id(self.noun, self.id)

    def __str__(self) -> str:
        return self.public_id


class DatedRow(Row):
    """A row that tells when it was made and last changed; both come from the operation's `now`."""

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True
