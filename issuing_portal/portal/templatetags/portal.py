"""`{% load portal %}`: how values look on a page. The looks themselves are in portal/formats.py.

    {% icon "snowflake" %}  {% icon "alert-triangle" label="Overdue" %}      inlined from the package; silent without a label
    {% status_badge card.status "card" %}                                   word and colour of portal/statuses.py
    {% money account.available %}  {% money row.amount_minor row.currency %}
    {% ago card.issued_at %}  {% moment event.at %}  {% day card.expires_on %}
    {% short_id card.public_id %}  {% short_id card.public_id url %}        mono, last characters kept, copyable
    {% sort_link "issued" "Issued" %}                                       a heading that sorts, outside of ListPage
    {% fact one %}                                                          the value of a details.Fact
    {% field form.email %}                                                  label, control, help and errors of a form field
    {% chart spec %}                                                        a portal.charts.Chart with its table behind a toggle

For a changed query string Django's own `{% querystring page=2 %}` is enough.
"""

from datetime import date, datetime
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, FileInput, Select
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from issuing_portal.core.money import Money
from issuing_portal.portal import formats
from issuing_portal.portal.details import Fact

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "", filled: bool = False) -> SafeString:
    """An icon by its name in Tabler's set."""
    return formats.icon(name, label, filled=filled)


@register.simple_tag
def status_badge(status: Any, noun: str) -> SafeString:
    """The badge of a status."""
    return formats.status_badge(status, noun)


@register.simple_tag
def money(amount: Money | int | None, currency: str = "") -> SafeString:
    """An amount: a Money, or minor units and their currency."""
    return formats.money(amount, currency)


@register.simple_tag(takes_context=True)
def ago(context: Context, at: datetime | None) -> SafeString:
    """Relative time against the page's own `now`."""
    return formats.ago(at, context["now"])


@register.simple_tag
def moment(at: datetime | None) -> SafeString:
    """The exact time in the viewer's zone."""
    return formats.moment(at)


@register.simple_tag
def day(on: date | None) -> SafeString:
    """A date."""
    return formats.day(on)


@register.simple_tag
def short_id(identifier: str | None, url: str = "") -> SafeString:
    """A copyable id."""
    return formats.short_id(identifier, url)


@register.simple_tag(takes_context=True)
def sort_link(context: Context, name: str, label: str) -> SafeString:
    """A heading that sorts by `name` in the URL, and turns round on the second click."""
    query = context["request"].GET.copy()
    now = query.get("sort", "")
    query["sort"] = f"-{name}" if now == name else name
    query.pop("page", None)
    mark = formats.icon("chevron-up", "sorted ascending") if now == name else (
        formats.icon("chevron-down", "sorted descending") if now == f"-{name}" else "")
    return format_html('<a class="sort" href="?{}">{}{}</a>', query.urlencode(), label, mark)


@register.simple_tag(takes_context=True)
def fact(context: Context, one: Fact) -> SafeString | str:
    """The value of a fact by its kind."""
    return formats.shown(one.kind, one.value, now=context["now"], noun=one.noun, url=one.url)


@register.inclusion_tag("portal/_field.html")
def field(bound: BoundField, autofocus: bool = False) -> dict[str, Any]:
    """A form field with label, help and errors, each tied to its control for screen readers."""
    widget = bound.field.widget
    checkbox = isinstance(widget, CheckboxInput)
    many = isinstance(widget, CheckboxSelectMultiple)
    base = "form-check-input" if checkbox or many else "form-select" if isinstance(widget, Select) else "form-control"
    about = [f"{bound.auto_id}_help"] if bound.help_text else []
    attrs: dict[str, Any] = {"class": " ".join(filter(None, [base, widget.attrs.get("class", ""), "is-invalid" if bound.errors else ""]))}
    if bound.errors:
        about.append(f"{bound.auto_id}_errors")
        attrs["aria-invalid"] = "true"
    if about:
        attrs["aria-describedby"] = " ".join(about)
    if autofocus:
        attrs["autofocus"] = True
    if many:  # each box takes the class; what describes them stands on the fieldset
        widget.attrs = {**widget.attrs, "class": "form-check-input"}
    return {"field": bound, "control": "" if many else bound.as_widget(attrs=attrs), "checkbox": checkbox, "file": isinstance(widget, FileInput),
            "choices": list(bound) if many else [], "about": " ".join(about)}


@register.inclusion_tag("portal/_chart.html")
def chart(spec: Any) -> dict[str, Any]:
    """A chart and its table."""
    return {"chart": spec}
