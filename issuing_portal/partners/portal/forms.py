"""Forms of the partner pages: kind messages; what must hold is said by the operations."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from issuing_portal.core.errors import DomainError, InvalidInput
from issuing_portal.partners.scopes import SCOPES

OVERLAPS = (("0", "End the old one at once"), ("3600", "One hour"), ("86400", "One day"), ("604800", "Seven days"))
MODES = (("test", "Test"), ("live", "Live"))


class Reasoned(forms.Form):
    """A form that ends with the reason."""

    reason = forms.CharField(label="Why", min_length=5, max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
                             help_text="Kept in the audit trail. No card numbers.")
    field_order = ["name", "mode", "scopes", "allowed_networks", "last_day", "overlap", "reason"]


class PartnerForm(forms.Form):
    name = forms.CharField(label="Name", max_length=120)
    contact_email = forms.EmailField(label="Contact", required=False, help_text="Whom to write to when their keys or endpoints fail.")


class KeyForm(Reasoned):
    """A new key."""

    name = forms.CharField(label="Name", max_length=120, help_text="What uses it, e.g. “production back end”.")
    mode = forms.ChoiceField(label="Mode", choices=MODES)
    scopes = forms.MultipleChoiceField(label="Scopes", choices=[(scope, scope) for scope in SCOPES], widget=forms.CheckboxSelectMultiple,
                                       help_text="The fewest that do.")
    allowed_networks = forms.CharField(label="Networks", required=False, widget=forms.Textarea(attrs={"rows": 2}),
                                       help_text="One per line, e.g. 203.0.113.0/24. Empty: from anywhere.")
    last_day = forms.DateField(label="Last day", required=False, widget=forms.DateInput(attrs={"type": "date"}),
                               help_text="Empty: until it is revoked.")

    def clean_allowed_networks(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["allowed_networks"].split())

    def clean_last_day(self) -> datetime | None:
        """The instant after the last day, in the viewer's zone."""
        day = self.cleaned_data["last_day"]
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min)) if day else None  # noqa: DTZ001 - made aware here


class ConnectionForm(Reasoned):
    name = forms.CharField(label="Name", max_length=120, help_text="The processor, and what it serves.")
    mode = forms.ChoiceField(label="Mode", choices=MODES)


class RotationForm(Reasoned):
    """How long the old one goes on."""

    overlap = forms.TypedChoiceField(label="The old one goes on for", choices=OVERLAPS, initial="86400",
                                     coerce=lambda text: timedelta(seconds=int(text)))


def explain(form: forms.Form, refusal: DomainError, names: dict[str, str] | None = None) -> None:
    """Put a refusal of the operation where the person can act on it; `names` maps its field to ours."""
    errors: list[dict[str, Any]] = refusal.errors if isinstance(refusal, InvalidInput) else [{"field": "", "message": str(refusal)}]
    for error in errors:
        name = (names or {}).get(error["field"], error["field"])
        form.add_error(name if name in form.fields else None, error["message"])
