"""Which models django-auditlog keeps a readable field diff of, for /admin. It sees no bulk update and no SQL: it is not the trail.

Personal and secret columns are masked whole, the same ones as in the triggers of each app's 0002_guards (a test compares).
"""

from auditlog.registry import auditlog
from django.apps import apps
from django.db import models

MASK = "issuing_portal.audit.fields.masked"

MASKED: dict[str, tuple[str, ...]] = {
    "partners.Partner": (), "partners.Programme": (), "partners.ApiKey": ("secret_hash",),
    "partners.ProcessorConnection": ("secret_sealed", "previous_secret_sealed"),
    "staff.Grant": (), "staff.Proposal": ("payload", "summary", "evidence"),
    "cardholders.Cardholder": (), "cardholders.Address": (), "cardholders.RelatedPerson": (),
    "kyc.Case": (), "ledger.Account": ("metadata",), "cards.Card": ("metadata",), "cards.SpendControl": (),
}
"""Model → masked columns beside the model's own PERSONAL."""

IGNORED: dict[str, tuple[str, ...]] = {
    "partners.ApiKey": ("last_used_at",), "ledger.Account": ("posted_minor", "held_minor"),
}
"""Columns that change with every use: balances are proved by postings, not by diffs."""

LEFT_OUT: dict[str, str] = {
    "staff.User": "its text form is an e-mail address, which auditlog would keep in plain beside each diff",
    "staff.Authenticator": "nothing in it is readable; enrolment and reset are events",
    "staff.RecoveryCodes": "hashes", "staff.Invitation": "a hash and a date; the invitation is an event",
    "cards.VaultEntry": "nothing in it is readable",
    "cards.RevealSession": "made and used within a minute; each view is an event",
}
"""Audited models without a field diff, each with its reason."""


def masked(value: str) -> str:
    """What stands for a masked value: that there was one, never a part of it (auditlog's own mask shows half)."""
    return "" if value in ("", "None") else "[masked]"


def register() -> None:
    """Register the models above; called once, when the apps are ready."""
    for label, columns in MASKED.items():
        model = apps.get_model(label)
        unreadable = [field.name for field in model._meta.get_fields() if isinstance(field, models.BinaryField)]
        auditlog.register(model, mask_fields=[*columns, *getattr(model, "PERSONAL", ())], mask_callable=MASK,
                          exclude_fields=["updated_at", *IGNORED.get(label, ()), *unreadable])
