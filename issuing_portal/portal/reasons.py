"""Dangerous acts: a page that says the consequence in numbers, asks for a reason, and tells whether it can be undone.

    def freeze(request, card_id):
        card = queries.card_seen_by(request.user, card_id)
        act = DangerousAct(
            title=f"Freeze card ending {card.last4}", verb="Freeze card", back=reverse("cards:detail", args=[card.public_id]),
            consequence="1 card will stop. 2 open authorisations keep their holds.",
            undo="You can unfreeze it at any time.", codes=FreezeReason.choices,
        )
        form = ReasonForm(request.POST or None, codes=act.codes)
        if request.method == "POST" and form.is_valid():
            operations.freeze_card(card_id=card.id, reason=form.words, by=request.actor, now=timezone.now())
            return redirect(act.back)
        return ask_reason(request, act, form)

Where the operation refuses, `form.add_error(None, str(refusal))` and ask again: the page is answered with 422.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.http import HttpRequest
from django.template.response import TemplateResponse

from issuing_portal.portal.details import Fact

SHORTEST = 5


@dataclass(frozen=True)
class DangerousAct:
    """What is about to happen. `consequence` is a sentence with numbers; `undo` says how, or that nothing undoes it."""

    title: str
    verb: str
    consequence: str
    back: str
    undo: str = "This cannot be undone."
    codes: Sequence[tuple[str, str]] = ()
    facts: Sequence[Fact] = ()
    colour: str = "danger"
    icon: str = "alert-triangle"


class ReasonForm(forms.Form):
    """A typed reason where the act has codes, and words of one's own."""

    code = forms.ChoiceField(label="Reason")
    reason = forms.CharField(
        label="In your words", min_length=SHORTEST, max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept in the audit trail. No card numbers.",
    )

    def __init__(self, *args: object, codes: Sequence[tuple[str, str]] = (), **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if codes:
            self.fields["code"].choices = [("", "Choose…"), *codes]  # type: ignore[attr-defined]
        else:
            del self.fields["code"]

    @property
    def code_given(self) -> str:
        """The chosen code of a valid form, "" where the act has none."""
        return str(self.cleaned_data.get("code", ""))

    @property
    def words(self) -> str:
        """The words of a valid form."""
        return str(self.cleaned_data["reason"])


def ask_reason(request: HttpRequest, act: DangerousAct, form: forms.Form) -> TemplateResponse:
    """The page that asks: 200 at first, 422 with what was wrong after a refused answer."""
    return TemplateResponse(
        request, "portal/reason.html", {"act": act, "form": form, "title": act.title}, status=422 if form.is_bound else 200,
    )
