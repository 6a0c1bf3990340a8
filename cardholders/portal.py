"""Staff pages: the list, one cardholder on one page, and the acts on it, each with a reason.

Money, cards and cases belong to apps above this one: their panels are loaded from their own URLs, where these exist.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from cardholders import operations, queries
from cardholders.masking import masked_day, masked_email, masked_phone
from cardholders.models import Address, Cardholder, CardholderStatus, CardholderType, Hand, KycStatus
from issuing_portal.audit import queries as audit
from issuing_portal.audit.operations import record_export, record_view
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, PermissionRefused
from issuing_portal.core.ids import parse_id
from issuing_portal.core.money import Money
from issuing_portal.portal.details import Fact, Moment, Section
from issuing_portal.portal.lists import Button, Column, Empty, Filter, ListPage
from issuing_portal.portal.reasons import DangerousAct, ReasonForm, ask_reason
from issuing_portal.portal.statuses import word
from issuing_portal.staff.pages import staff_page
from issuing_portal.staff.queries import StepUpNeeded, actor_for

PERSONAL = "personal.read"


class CardholderList(ListPage):
    title = "Cardholders"
    name = "cardholders"
    about = "People and businesses of the programmes, newest first."
    columns = (
        Column("cardholder", "Cardholder", "public_id", kind="id"),
        Column("name", "Name", "name"),
        Column("type", "Type", lambda row: row.get_type_display()),
        Column("status", "Status", kind="status", noun="cardholder", sort="status"),
        Column("kyc", "KYC", "kyc_status", kind="status", noun="kyc", sort="kyc_status"),
        Column("business", "For business", "business.name", narrow=False),
        Column("programme", "Programme", "programme.name", sort="programme__name", narrow=False),
        Column("external_id", "Partner's reference", kind="code", narrow=False),
        Column("created", "Created", "created_at", kind="ago", sort="created_at"),
    )
    filters = (
        Filter("status", "Status", choices=CardholderStatus.choices),
        Filter("kyc_status", "KYC", choices=KycStatus.choices),
        Filter("type", "Type", choices=CardholderType.choices),
        Filter("mode", "Mode", choices=[("live", "Live"), ("test", "Test")], narrow=lambda rows, chosen: _of_mode(rows, chosen)),
        Filter("created", "Created", kind="dates", lookup="created_at"),
    )
    search = ("last_name__icontains",)
    search_hint = "Name, email, reference or id"
    default_sort = "-created_at"
    paging = "cursor"
    empty = Empty("No cardholders yet", "A cardholder appears here when a partner registers one through the API.")

    def row_url(self, row: Cardholder) -> str:
        return reverse("cardholders:detail", args=[row.public_id])

    def searched(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        if key := parse_id("cardholder", text):
            return queryset.filter(Q(pk=key) | Q(business_id=key))
        return queries.found(queryset, text)

    def exported(self, request: HttpRequest) -> None:
        if not request.user.may(PERSONAL):  # type: ignore[union-attr]
            raise PermissionDenied
        record_export(name=self.name, filters=request.GET.urlencode(), by=actor_for(request), now=timezone.now())


@dataclass(frozen=True)
class Act:
    """One act on a cardholder: its words, permission, and where it is drawn from the table of states."""

    label: str
    icon: str
    verb: str
    operation: Callable[..., Cardholder]
    target: CardholderStatus
    consequence: str
    undo: str
    asks_code: bool = True


ACTS = {
    "suspend": Act("Suspend", "player-pause", "cardholders.suspend", operations.suspend_cardholder, CardholderStatus.SUSPENDED,
                   "{whose} will be declined from the next tap on. Holds and money stay as they are.",
                   "The same or a higher hand can reactivate it."),
    "restrict": Act("Restrict", "lock", "cardholders.suspend", operations.restrict_cardholder, CardholderStatus.RESTRICTED,
                    "No new card is issued any more. {whose} go on working.", "The same or a higher hand can reactivate it."),
    "reactivate": Act("Reactivate", "player-play", "cardholders.reactivate", operations.reactivate_cardholder, CardholderStatus.ACTIVE,
                      "{whose} will work again where nothing else stops them.", "You can suspend it again.", asks_code=False),
    "close": Act("Close", "circle-x", "cardholders.close", operations.close_cardholder, CardholderStatus.CLOSED,
                 "{whose} will be declined for good. Accounts stay, and are closed apart at zero.", "This cannot be undone."),
}


@staff_page("cardholders.read")
def cardholder_list(request: HttpRequest) -> HttpResponseBase:
    """Everyone whom the viewer may see. The export holds names, so it asks for the right to personal data."""
    page = CardholderList(queries.cardholders_seen_by(request.user))  # type: ignore[arg-type]
    page.exportable = request.user.may(PERSONAL)  # type: ignore[union-attr, misc]
    return page.render(request)


@staff_page("cardholders.read")
def cardholder_detail(request: HttpRequest, cardholder_id: str) -> HttpResponse:
    """One cardholder on one page: facts, requirements, panels of the other apps, what happened."""
    cardholder = _seen(request, cardholder_id)
    plain = bool(request.user.may(PERSONAL, cardholder.programme_id))  # type: ignore[union-attr]
    if plain:
        record_view(subject=cardholder, where="cardholder page", by=actor_for(request), now=timezone.now())
    buttons = [Button(act.label, reverse(f"cardholders:{name}", args=[cardholder.public_id]), act.icon)
               for name, act in ACTS.items() if offered(cardholder, name, actor_for(request))]
    return render(request, "cardholders/cardholder_detail.html", {
        "title": cardholder.name, "noun": "cardholder", "status": cardholder.status, "identifier": cardholder.public_id,
        "back": ("Cardholders", reverse("cardholders:list")), "more": buttons, "masked": not plain,
        "facts": _facts(cardholder), "told": _told(cardholder, plain=plain), "due": cardholder.currently_due, "past_due": cardholder.past_due,
        "related": list(cardholder.related_persons.filter(removed_at=None).order_by("id")), "users": _users(cardholder),
        "panels": _panels(request, cardholder),
        "timeline": [Moment(one.at, word(one.type.replace(".", " ")), one.actor, one.reason)
                     for one in audit.timeline("cardholder", cardholder.pk, request.user, limit=50)],
    })


@staff_page("cardholders.suspend")
@require_http_methods(["GET", "POST"])
def suspend(request: HttpRequest, cardholder_id: str) -> HttpResponse:
    """Stop all cards."""
    return _act(request, cardholder_id, "suspend")


@staff_page("cardholders.suspend")
@require_http_methods(["GET", "POST"])
def restrict(request: HttpRequest, cardholder_id: str) -> HttpResponse:
    """No new cards."""
    return _act(request, cardholder_id, "restrict")


@staff_page("cardholders.reactivate")
@require_http_methods(["GET", "POST"])
def reactivate(request: HttpRequest, cardholder_id: str) -> HttpResponse:
    """Lift a suspension or restriction."""
    return _act(request, cardholder_id, "reactivate")


@staff_page("cardholders.close")
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, cardholder_id: str) -> HttpResponse:
    """End the relation."""
    return _act(request, cardholder_id, "close")


def offered(cardholder: Cardholder, name: str, by: Actor) -> bool:
    """Whether the page offers an act: the table allows it, the viewer holds its verb, and no higher hand stands in the way."""
    act = ACTS[name]
    if not by.may(act.verb, cardholder.programme_id):
        return False
    hand = operations.hand_of(by, cardholder.programme_id)
    if name == "reactivate":
        stopped_by = {"SUSPENDED": cardholder.suspended_by, "RESTRICTED": cardholder.restricted_by}.get(cardholder.status)
        return stopped_by is not None and hand.outranks_or_equals(stopped_by)
    takes_over = name == "suspend" and cardholder.status == act.target and hand != cardholder.suspended_by
    return cardholder.can_become(act.target) and not (name == "restrict" and cardholder.status == "SUSPENDED") or (
        takes_over and hand.outranks_or_equals(cardholder.suspended_by))


def _act(request: HttpRequest, cardholder_id: str, name: str) -> HttpResponse:
    cardholder, act = _seen(request, cardholder_id), ACTS[name]
    if not request.user.may(act.verb, cardholder.programme_id):  # type: ignore[union-attr]
        raise PermissionDenied
    page = DangerousAct(
        title=f"{act.label} {cardholder.name}", verb=f"{act.label} cardholder", back=reverse("cardholders:detail", args=[cardholder.public_id]),
        consequence=act.consequence.format(whose=_whose(cardholder)), undo=act.undo,
        codes=operations.StopReason.choices if act.asks_code else (),
        facts=[Fact("Status", cardholder.status, "status", noun="cardholder"), Fact("Stopped by", _stopped_by(cardholder))])
    form = ReasonForm(request.POST or None, codes=page.codes)
    if request.method == "POST" and form.is_valid():
        words = {"reason": form.words} | ({"code": form.code_given} if act.asks_code else {})
        try:
            act.operation(cardholder_id=cardholder.pk, by=actor_for(request), now=timezone.now(), **words)
            return redirect(page.back)
        except (StepUpNeeded, PermissionRefused):
            raise
        except DomainError as refusal:
            form.add_error(None, str(refusal))
    return ask_reason(request, page, form)


def _seen(request: HttpRequest, cardholder_id: str) -> Cardholder:
    return queries.seen_by(request.user, parse_id("cardholder", cardholder_id))  # type: ignore[arg-type]


def _whose(cardholder: Cardholder) -> str:
    if cardholder.type == CardholderType.INDIVIDUAL:
        return "All cards of 1 person"
    users = queries.card_user_count(cardholder)
    return f"All cards of 1 business and of its {users} card {'user' if users == 1 else 'users'}"


def _stopped_by(cardholder: Cardholder) -> str:
    hand = {"SUSPENDED": cardholder.suspended_by, "RESTRICTED": cardholder.restricted_by}.get(cardholder.status)
    return Hand(hand).label if hand else ""


def _facts(cardholder: Cardholder) -> Sequence[Fact]:
    reasons = dict(operations.StopReason.choices)
    found = [Fact("Programme", cardholder.programme.name), Fact("Partner", cardholder.partner.name),
             Fact("Mode", "Live" if cardholder.livemode else "Test"), Fact("KYC", cardholder.kyc_status, "status", noun="kyc"),
             Fact("Screening", cardholder.screening_status, "status", noun="screening"), Fact("Partner's reference", cardholder.external_id, "code"),
             Fact("Created", cardholder.created_at, "moment"), Fact("Said outside", cardholder.disabled_reason, "code")]
    if cardholder.business:
        found.insert(0, Fact("Carries cards for", cardholder.business.name, url=reverse("cardholders:detail", args=[cardholder.business.public_id])))
    if _stopped_by(cardholder):
        found += [Fact("Stopped by", _stopped_by(cardholder)), Fact("Reason", reasons.get(cardholder.status_reason, word(cardholder.status_reason)))]
    return found


def _told(cardholder: Cardholder, *, plain: bool) -> Sequence[Fact]:
    """What the partner told; masked for those who may not read personal data."""
    addresses = {address.kind: address for address in cardholder.addresses.all()}
    volume = cardholder.expected_monthly_volume_minor
    found = [Fact("Email", cardholder.email if plain else masked_email(cardholder.email)),
             Fact("Telephone", cardholder.phone_number if plain else masked_phone(cardholder.phone_number)),
             Fact("Address", _address(addresses.get("main"), plain=plain))]
    if cardholder.type == CardholderType.BUSINESS:
        found += [Fact("Legal form", cardholder.legal_form), Fact("Registration number", cardholder.registration_number, "code"),
                  Fact("LEI", cardholder.lei, "code"), Fact("Incorporated in", cardholder.incorporation_country),
                  Fact("Incorporated on", cardholder.incorporated_on, "date"), Fact("Business", cardholder.nature_of_business),
                  Fact("Website", cardholder.website), Fact("Principal place", _address(addresses.get("principal"), plain=plain))]
    else:
        born = Fact("Born on", cardholder.date_of_birth, "date") if plain else Fact("Born on", masked_day(cardholder.date_of_birth))
        found += [born, Fact("Nationalities", ", ".join(cardholder.nationalities)), Fact("Occupation", cardholder.occupation)]
        found += [Fact("Place of birth", cardholder.place_of_birth), Fact("Tax ids", ", ".join(cardholder.tax_ids))] if plain else []
    return [*found, Fact("Purpose", cardholder.purpose), Fact("Source of funds", cardholder.source_of_funds if plain else ""),
            Fact("Expected a month", None if volume is None else Money(volume, cardholder.programme.currency), "money")]


def _address(address: Address | None, *, plain: bool) -> str:
    if address is None:
        return ""
    street = [address.line1, address.line2, address.postal_code] if plain else []
    return ", ".join(filter(None, [*street, address.city, address.region, address.country]))


def _users(cardholder: Cardholder) -> list[tuple[Cardholder, str]]:
    if cardholder.type != CardholderType.BUSINESS:
        return []
    rows = cardholder.card_users.order_by("-pk")[:50]
    return [(row, reverse("cardholders:detail", args=[row.public_id])) for row in rows]


PANELS = (("KYC cases", "kyc:of_cardholder", "kyc.read"), ("Cards", "cards:of_cardholder", "cards.read"),
          ("Accounts", "ledger:of_cardholder", "accounts.read"), ("Last taps", "authorisations:of_owner", "authorisations.read"))
"""Title, URL name and verb of what the apps above show of a cardholder."""


def _panels(request: HttpRequest, cardholder: Cardholder) -> list[Section]:
    found = []
    for title, name, verb in PANELS:
        try:
            address = reverse(name, args=[cardholder.public_id])
        except NoReverseMatch:
            continue
        if request.user.may(verb, cardholder.programme_id):  # type: ignore[union-attr]
            found.append(Section(title, "cardholders/_panel.html", {"url": address, "title": title}))
    return found


def _of_mode(rows: QuerySet[Any], chosen: list[str]) -> QuerySet[Any]:
    return rows.filter(livemode__in=[mode == "live" for mode in chosen])
