"""Forms of the staff pages: kind messages; what must hold is said by operations and the database."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone

from issuing_portal.core.errors import DomainError, InvalidInput
from issuing_portal.staff.models import Role

NEW_PASSWORD_HELP = "At least 12 characters, letters and digits, none of your last four."


class EmailField(forms.EmailField):
    """An address in lower case, so that one person has one lock-out count."""

    def clean(self, value: object) -> str:
        return super().clean(value).lower()


class SignInForm(forms.Form):
    email = EmailField(label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(label="Password", max_length=200, strip=False,
                               widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Code", max_length=20, help_text="Six digits of your authenticator app, or one of your recovery codes.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false", "autocapitalize": "none"}))


class NewPasswordForm(forms.Form):
    """A new password, twice."""

    password = forms.CharField(label="New password", max_length=200, strip=False, help_text=NEW_PASSWORD_HELP,
                               widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    again = forms.CharField(label="The same once more", max_length=200, strip=False,
                            widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def clean_again(self) -> str:
        again = str(self.cleaned_data["again"])
        if again != self.cleaned_data.get("password"):
            raise forms.ValidationError("The two do not match.", code="mismatch")
        return again


class ComeInForm(NewPasswordForm):
    """The invitation: a password and the first code of the authenticator."""

    code = forms.CharField(label="Code that the app shows", max_length=10, help_text="Six digits; they change every 30 seconds.",
                           widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}))


class ChangePasswordForm(NewPasswordForm):
    current = forms.CharField(label="Present password", max_length=200, strip=False,
                              widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))
    field_order = ["current", "password", "again"]


class FirstCodeForm(forms.Form):
    code = forms.CharField(label="Code that the new app shows", max_length=10,
                           widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}))


class InviteForm(forms.Form):
    email = EmailField(label="E-mail", max_length=254)
    name = forms.CharField(label="Name", max_length=120, min_length=2)


class GrantForm(forms.Form):
    """A role, where it holds, and until when."""

    role = forms.ChoiceField(label="Role", choices=[("", "Choose…"), *Role.choices])
    programmes = forms.MultipleChoiceField(
        label="Programmes", required=False, widget=forms.CheckboxSelectMultiple, help_text="None chosen means every programme.")
    until = forms.DateField(label="Last day", required=False,
                            widget=forms.DateInput(attrs={"type": "date"}), help_text="Empty: until it is taken back.")
    reason = forms.CharField(label="Why", min_length=5, max_length=500, help_text="Kept in the audit trail.",
                             widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, programmes: Mapping[UUID, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["programmes"].choices = [(str(key), name) for key, name in programmes.items()]  # type: ignore[attr-defined]

    def clean_programmes(self) -> list[UUID] | None:
        return [UUID(text) for text in self.cleaned_data["programmes"]] or None

    def clean_until(self) -> datetime | None:
        """The instant after the last day, in the viewer's zone."""
        day = self.cleaned_data["until"]
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min)) if day else None  # noqa: DTZ001 - made aware here


class DecisionForm(forms.Form):
    """Approve or refuse exactly what was on the page."""

    payload_hash = forms.CharField(widget=forms.HiddenInput, max_length=64)
    decision = forms.ChoiceField(choices=[("approve", "Approve"), ("refuse", "Refuse")], widget=forms.HiddenInput)
    reason = forms.CharField(label="In your words", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
                             help_text="Asked for when you refuse; the maker reads it.")

    def clean(self) -> dict[str, object]:
        given = super().clean() or self.cleaned_data
        if given.get("decision") == "refuse" and not given.get("reason"):
            self.add_error("reason", "Say why, so that the maker can put it right.")
        return given


def explain(form: forms.Form, refusal: DomainError, fields: Iterable[str] = ()) -> None:
    """Put a refusal of the operation where the person can act on it."""
    if isinstance(refusal, InvalidInput):
        for error in refusal.errors:
            form.add_error(error["field"] if error["field"] in form.fields else None, error["message"])
    else:
        form.add_error(next((name for name in fields if name in form.fields), None), str(refusal))
