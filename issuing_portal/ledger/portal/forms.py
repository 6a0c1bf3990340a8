"""Forms of the ledger's pages: amounts as people write them, in major units."""

import re
from typing import Any

from django import forms

from issuing_portal.core.money import AMOUNT_MAX, exponent
from issuing_portal.core.redaction import holds_secret
from issuing_portal.ledger.models import SYSTEM_KINDS, AccountKind
from issuing_portal.portal.reasons import ReasonForm

WRITTEN = re.compile(r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(?:\.(?P<fraction>[0-9]+))?")


def minor_of(text: str, currency: str) -> int | None:
    """`1,234.50` GBP → 123450 minor units; None for what is no positive amount of that currency."""
    digits = exponent(currency)
    found = WRITTEN.fullmatch(text.strip())
    if found is None or len(found["fraction"] or "") > digits:
        return None
    minor = int(found["whole"].replace(",", "")) * 10**digits + int((found["fraction"] or "").ljust(digits, "0") or 0)
    return minor if 0 < minor <= AMOUNT_MAX else None


class AmountForm(ReasonForm):
    """An amount in the account's currency, a reference for the entry, and why."""

    amount = forms.CharField(label="Amount", max_length=24, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
    reference = forms.CharField(label="Reference", max_length=140, required=False, help_text="Stands on the entry; the partner reads it.")
    field_order = ["direction", "against", "amount", "reference", "reason"]

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"].help_text = f"In {currency}, for example {'1234' if exponent(currency) == 0 else '1234.50'}."

    def clean_amount(self) -> int:
        """Minor units."""
        found = minor_of(self.cleaned_data["amount"], self.currency)
        if found is None:
            raise forms.ValidationError(f"Write a positive amount in {self.currency} with at most {exponent(self.currency)} decimals.")
        return found

    def clean_reference(self) -> str:
        text = str(self.cleaned_data["reference"])
        if holds_secret(text):
            raise forms.ValidationError("A card number has no place in a reference.")
        return text


class AdjustmentForm(AmountForm):
    """An amount with its direction, against a system account."""

    direction = forms.ChoiceField(label="Direction", choices=[("", "Choose…"), ("credit", "Credit the account"), ("debit", "Debit the account")])
    against = forms.ChoiceField(label="Against", choices=[("", "Choose…"), *((kind, AccountKind(kind).label) for kind in SYSTEM_KINDS)])

    @property
    def signed(self) -> int:
        """The amount of a valid form in minor units, negative for a debit."""
        amount = int(self.cleaned_data["amount"])
        return amount if self.cleaned_data["direction"] == "credit" else -amount
