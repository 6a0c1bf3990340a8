"""The store of first answers."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from issuing_portal.core.rows import Row


class StoredAnswer(Row):
    """The first answer to one (partner, mode, key), written in the transaction of its effect."""

    partner_id = models.UUIDField()
    livemode = models.BooleanField()
    key = models.CharField(max_length=64, help_text="HMAC-SHA256 of the caller's key")
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and canonical body, keyed")
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=300)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(null=True)
    withheld = ArrayField(models.CharField(max_length=64), default=list, help_text="secrets shown once: null in a replay")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partner_id", "livemode", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["expires_at"], name="idempotency_by_expiry")]
