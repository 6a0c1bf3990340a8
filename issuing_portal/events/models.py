"""The event row: append-only, partitioned by month, sealed by the audit worker."""

from django.db import models

from issuing_portal.core.rows import Row


class SubjectKey(models.Model):
    """The wrapped data key of one person: deleting it shreds the personal parts of their events, and the chain stays valid."""

    subject_id = models.UUIDField(primary_key=True)
    key_id = models.CharField(max_length=64)
    wrapped_key = models.BinaryField()


class Event(Row):
    """What was meant: one row per fact, written in the transaction of its effect."""

    noun = "event"
    type = models.CharField(max_length=64)
    partner_id = models.UUIDField(null=True)
    livemode = models.BooleanField(null=True)
    programme_id = models.UUIDField(null=True)
    subject_noun = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    sequence = models.IntegerField(help_text="1, 2, 3 … per subject")
    actor = models.JSONField(help_text="kind, id, label, channel, request_id, acting_user")
    reason = models.TextField(blank=True)
    staff_only = models.BooleanField(default=False, help_text="never leaves the portal")
    data = models.JSONField(default=dict, help_text="the object as GET shows it, without its personal parts")
    personal = models.BinaryField(null=True, help_text="the personal parts, encrypted under the subject's key")
    person_id = models.UUIDField(null=True, help_text="whose SubjectKey opens `personal`")
    internal = models.JSONField(default=dict, help_text="what only staff may read of it")
    occurred_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["partner_id", "livemode", "-id"], name="event_by_partner"),
            models.Index(fields=["subject_id", "sequence"], name="event_by_subject"),
        ]
