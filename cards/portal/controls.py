"""Controls as a form: of one card, and of a programme with all versions. What loosens them goes before a second person."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from cards import controls, operations, queries
from cards.portal.pages import lines_of
from issuing_portal.core.errors import DomainError, InvalidInput, NotFound, PermissionRefused
from issuing_portal.core.ids import parse_id
from issuing_portal.core.money import Money
from issuing_portal.ledger.portal.forms import minor_of
from issuing_portal.partners.models import Programme
from issuing_portal.portal.statuses import word
from issuing_portal.staff import queries as staff
from issuing_portal.staff.pages import staff_page
from issuing_portal.staff.queries import actor_for

PROPOSED = "It loosens the controls: proposed, a second person must approve it."
HOLDS = "The controls hold from the next tap on."
SWITCHES = [("", "No rule"), ("on", "On"), ("off", "Off")]


class ControlsForm(forms.Form):
    """A spec as people write it: amounts in major units, lists with commas."""

    timezone = forms.CharField(label="Time zone of the windows", max_length=64)
    reason = forms.CharField(label="Why", min_length=5, max_length=500, help_text="Kept in the trail.", widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, currency: str, spec: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        said = {(limit["interval"], measure): limit[measure] for limit in spec["limits"] for measure in controls.MEASURES if measure in limit}
        self.fields["timezone"].initial = spec["timezone"]
        for interval in controls.INTERVALS:
            amount = said.get((interval, "amount"))
            self._text(f"{interval}_amount", f"{word(interval)}, at most ({currency})", "" if amount is None else Money(amount, currency).major(), "")
            if interval != controls.PER_AUTHORISATION:
                self._text(f"{interval}_count", f"{word(interval)}, taps", str(said.get((interval, "count"), "")), "")
        for name in controls.LISTS:
            self._text(name, word(name), ", ".join(spec[name]), "Separated by commas.", long=True)
        for name in controls.CHANNELS:
            on = spec["channels"].get(name)
            self.fields[f"channel_{name}"] = forms.ChoiceField(label=f"Channel {name}", choices=SWITCHES, required=False,
                                                               initial="" if on is None else "on" if on else "off")
        self.order_fields([*(name for name in self.fields if name not in ("timezone", "reason")), "timezone", "reason"])

    def clean(self) -> dict[str, Any]:
        """`spec`, judged by cards.controls; its refusals stand by their fields."""
        data = super().clean() or {}
        given = {"timezone": data.get("timezone", ""), "limits": self._limits(data),
                 **{name: [text.strip() for text in data.get(name, "").split(",") if text.strip()] for name in controls.LISTS},
                 "channels": {name: data[f"channel_{name}"] == "on" for name in controls.CHANNELS if data.get(f"channel_{name}")}}
        try:
            data["spec"] = controls.parse_controls(given)
        except InvalidInput as refusal:
            for error in refusal.errors:
                field = error["field"].partition("[")[0].partition(".")[0]
                self.add_error(field if field in self.fields else None, error["message"])
        return data

    def _limits(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        limits = []
        for interval in controls.INTERVALS:
            limit: dict[str, Any] = {}
            amount, count = data.get(f"{interval}_amount", "").strip(), data.get(f"{interval}_count", "").strip()
            if amount:
                minor = 0 if set(amount) <= set("0.,") else minor_of(amount, self.currency)
                if minor is None:
                    self.add_error(f"{interval}_amount", f"Write an amount in {self.currency}.")
                else:
                    limit["amount"] = minor
            if count:
                if count.isascii() and count.isdigit() and len(count) < 10:
                    limit["count"] = int(count)
                else:
                    self.add_error(f"{interval}_count", "Write a whole number.")
            limits += [{**limit, "interval": interval}] if limit else []
        return limits

    def _text(self, name: str, label: str, initial: str, help_text: str, *, long: bool = False) -> None:
        widget = forms.Textarea(attrs={"rows": 2}) if long else forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        self.fields[name] = forms.CharField(label=label, required=False, max_length=20_000 if long else 24, initial=initial, help_text=help_text,
                                            widget=widget)


@staff_page("cards.controls")
@require_http_methods(["GET", "POST"])
def card_controls(request: HttpRequest, card_id: str) -> HttpResponse:
    """Edit one card's controls."""
    row = queries.card_seen_by(request.user, parse_id("card", card_id))  # type: ignore[arg-type]
    if not request.user.may("cards.controls", row.programme_id):  # type: ignore[union-attr]
        raise PermissionDenied
    currency, place = row.account.currency, reverse("cards:detail", args=[row.public_id])
    spec = queries.spec_of(row.pk, row.programme)
    form = ControlsForm(request.POST or None, currency=currency, spec=spec)

    def keep(new: dict[str, Any], note: str, common: dict[str, Any]) -> str:
        if controls.loosened(spec, new):
            operations.propose_card_controls(card_id=row.pk, spec=new, note=note, **common)
            return PROPOSED
        operations.set_card_controls(card_id=row.pk, spec=new, note=note, **common)
        return HOLDS
    return _edit(request, form, keep, place, {"title": f"Controls of card {row.masked}", "back": (f"Card {row.masked}", place),
                                              "versions": _versions(row.pk, currency), "editable": True})


@staff_page("programmes.read")
@require_http_methods(["GET", "POST"])
def programme_controls(request: HttpRequest, programme_id: str) -> HttpResponse:
    """A programme's default controls and all their versions; a form where the viewer may edit them."""
    row = _programme(request, programme_id)
    editable = request.user.may("cards.controls", row.pk)  # type: ignore[union-attr]
    if request.method == "POST" and not editable:
        raise PermissionDenied
    spec = queries.spec_of(row.pk, row)
    form = ControlsForm(request.POST or None, currency=row.currency, spec=spec)

    def keep(new: dict[str, Any], note: str, common: dict[str, Any]) -> str:
        if controls.loosened(spec, new):
            operations.propose_programme_controls(programme_id=row.pk, spec=new, note=note, **common)
            return PROPOSED
        operations.set_programme_controls(programme_id=row.pk, spec=new, note=note, **common)
        return HOLDS
    place = reverse("cards:programme_controls", args=[row.public_id])
    return _edit(request, form, keep, place, {"title": f"Controls of {row.name}", "back": ("Cards", reverse("cards:list")), "editable": editable,
                                              "versions": _versions(row.pk, row.currency)})


def _edit(request: HttpRequest, form: ControlsForm, keep: Any, place: str, page: dict[str, Any]) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            told = keep(form.cleaned_data["spec"], form.cleaned_data["reason"], {"by": actor_for(request), "now": timezone.now()})
        except PermissionRefused:
            raise
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, told)
            return redirect(place)
    return TemplateResponse(request, "cards/controls_edit.html", {**page, "form": form}, status=422 if form.is_bound else 200)


def _versions(owner_id: Any, currency: str) -> list[dict[str, Any]]:
    return [{"row": row, "lines": lines_of(row.spec, currency)} for row in queries.control_versions(owner_id)[:50]]


def _programme(request: HttpRequest, programme_id: str) -> Programme:
    allowed = staff.programmes_of(request.user, "programmes.read")  # type: ignore[arg-type]
    rows = Programme.objects.all() if allowed is None else Programme.objects.filter(pk__in=allowed)
    key = parse_id("programme", programme_id)
    found = rows.filter(pk=key).first() if key else None
    if found is None:
        raise NotFound("programme")
    return found
