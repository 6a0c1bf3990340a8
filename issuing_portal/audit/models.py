"""The trail's tables. Triggers fill Change and Pending; only the sealer writes Seal."""

from django.db import models


class Change(models.Model):
    """What changed in one row of a business table: written by a trigger, whoever changed it. Append-only."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    table_name = models.CharField(max_length=63)
    row_id = models.CharField(max_length=64)
    action = models.CharField(max_length=6)
    actor = models.JSONField(null=True, help_text="who, as @operation named them; null: raw SQL or a forgotten operation")
    database_user = models.CharField(max_length=63)
    changes = models.JSONField(help_text="{column: {from, to}}; personal columns as salted hashes, secret ones without a value")

    class Meta:
        indexes = [models.Index(fields=["table_name", "row_id", "-id"], name="change_by_row")]


class Pending(models.Model):
    """Rows that wait to be sealed, filled in the transaction that wrote them."""

    id = models.BigAutoField(primary_key=True)
    table_name = models.CharField(max_length=63)
    row_id = models.CharField(max_length=64)


class Seal(models.Model):
    """One link: position n chains the hash of a row to the seal at n − 1. Append-only."""

    position = models.BigIntegerField(primary_key=True)
    table_name = models.CharField(max_length=63)
    row_id = models.CharField(max_length=64)
    version = models.SmallIntegerField(help_text="which column list of audit.sealing.SEALED the hash covers")
    row_hash = models.BinaryField()
    previous = models.BinaryField()
    seal = models.BinaryField()
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table_name", "row_id"], name="seal_once")]
