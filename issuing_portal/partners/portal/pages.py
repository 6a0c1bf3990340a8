"""Lists of partners and programmes, and each of them on one page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from issuing_portal.audit import queries as audit
from issuing_portal.core.ids import parse_id
from issuing_portal.partners import queries
from issuing_portal.partners.models import ApiKey, Partner, PartnerStatus, ProcessorConnection, Programme, ProgrammeStatus
from issuing_portal.partners.scopes import SCOPES
from issuing_portal.portal.details import Fact, Moment, Section
from issuing_portal.portal.lists import Button, Column, Empty, Filter, ListPage
from issuing_portal.portal.statuses import word
from issuing_portal.staff import queries as staff
from issuing_portal.staff.pages import StaffRequest, staff_page


class PartnerList(ListPage):
    title = "Partners"
    name = "partners"
    columns = (
        Column("name", "Name", "name", sort="name"),
        Column("id", "Id", "public_id", kind="id"),
        Column("status", "Status", kind="status", noun="partner", sort="status"),
        Column("contact", "Contact", "contact_email", narrow=False),
        Column("since", "Since", "created_at", kind="ago", sort="created_at"),
    )
    filters = (Filter("status", "Status", choices=PartnerStatus.choices),)
    search = ("name__icontains", "contact_email__icontains")
    search_hint = "Name or contact"
    default_sort = "name"
    empty = Empty("No partners yet", "A partner is a company whose app calls us. Add the first one, then give it a key.")

    def row_url(self, row: Partner) -> str:
        return reverse("partners:detail", args=[row.public_id])


class ProgrammeList(ListPage):
    title = "Programmes"
    name = "programmes"
    columns = (
        Column("name", "Name", "name", sort="name"),
        Column("id", "Id", "public_id", kind="id"),
        Column("partner", "Partner", "partner.name", sort="partner__name"),
        Column("mode", "Mode", lambda row: mode_word(row.livemode)),
        Column("status", "Status", kind="status", noun="programme", sort="status"),
        Column("scheme", "Scheme", lambda row: row.get_scheme_display(), sort="scheme", narrow=False),
        Column("currency", "Currency", "currency", sort="currency"),
        Column("bin", "BIN", "bin", kind="code", narrow=False),
    )
    filters = (Filter("status", "Status", choices=ProgrammeStatus.choices),
               Filter("mode", "Mode", choices=(("true", "Live"), ("false", "Test")), narrow=lambda rows, values: rows.filter(
                   livemode__in=[value == "true" for value in values])))
    search = ("name__icontains", "partner__name__icontains", "bin__startswith")
    search_hint = "Name, partner or BIN"
    default_sort = "name"
    empty = Empty("No programmes yet", "A programme fixes BIN, scheme and currency. It comes with a partner.")

    def row_url(self, row: Programme) -> str:
        return reverse("partners:programme", args=[row.public_id])


@dataclass(frozen=True)
class KeyLine:
    """A key as a line of a table."""

    name: str
    identifier: str
    status: str
    mode: str
    last4: str
    scopes: str
    last_used_at: datetime | None
    expires_at: datetime | None
    rotate_url: str
    revoke_url: str


@staff_page("partners.read")
def partners(request: StaffRequest) -> HttpResponseBase:
    """The partners whose programmes the viewer sees."""
    action = Button("Add a partner", reverse("partners:add")) if request.user.may("partners.create") else None
    return PartnerList(queries.partners_seen_by(seen(request, "partners.read")), action=action).render(request)


@staff_page("programmes.read")
def programmes(request: StaffRequest) -> HttpResponseBase:
    """The programmes that the viewer sees."""
    return ProgrammeList(queries.programmes_seen_by(seen(request, "programmes.read"))).render(request)


@staff_page("partners.read")
def partner(request: StaffRequest, partner_id: str) -> HttpResponse:
    """One partner: programmes, keys, connections, what happened."""
    row = queries.partner_seen_by(seen(request, "partners.read"), parse_id("partner", partner_id))
    buttons = _partner_buttons(request, row)
    return render(request, "portal/detail.html", {
        "title": row.name, "noun": "partner", "status": row.status, "identifier": row.public_id, "back": ("Partners", reverse("partners:list")),
        "action": buttons[0] if buttons else None, "more": buttons[1:],
        "facts": [Fact("Contact", row.contact_email or "–"), Fact("Since", row.created_at, "moment")],
        "sections": _partner_sections(request, row),
        "timeline": moments(request, "partner", row.pk),
    })


@staff_page("programmes.read")
def programme(request: StaffRequest, programme_id: str) -> HttpResponse:
    """One programme: what it fixes, and the ways to its money and its rules."""
    row = queries.programme_seen_by(seen(request, "programmes.read"), parse_id("programme", programme_id))
    links = [Button(label, url, icon) for label, name, icon, verb in (
        ("System accounts", "ledger:programme", "building-bank", "accounts.read"),
        ("Limits and controls", "cards:programme_controls", "adjustments", "cards.controls"),
    ) if (url := _link(name, row.public_id)) and request.user.may(verb, row.pk)]
    stop = programme_button(request, row)
    seen_partner = request.user.may("partners.read", row.pk)
    return render(request, "portal/detail.html", {
        "title": row.name, "noun": "programme", "status": row.status, "identifier": row.public_id,
        "back": ("Programmes", reverse("partners:programmes")), "action": links[0] if links else None, "more": links[1:] + stop,
        "facts": [
            Fact("Partner", row.partner.name, url=reverse("partners:detail", args=[row.partner.public_id]) if seen_partner else ""),
            Fact("Mode", mode_word(row.livemode)), Fact("Scheme", row.get_scheme_display()), Fact("BIN", row.bin, "code"),
            Fact("BIN sponsor", row.bin_sponsor), Fact("Currency", row.currency), Fact("Region", row.region), Fact("Days begin in", row.timezone),
            Fact("Card forms", ", ".join(row.card_forms)), Fact("Card users need", row.get_card_user_policy_display()),
            Fact("Cards are valid for", f"{row.card_validity_months} months"),
            Fact("Holds end after", f"{row.hold_days_final} days (final), {row.hold_days_pre_authorisation} days (pre-authorisation)"),
        ],
        "timeline": moments(request, "programme", row.pk),
    })


def seen(request: StaffRequest, verb: str) -> set[UUID] | None:
    """Programmes in which the viewer holds `verb` (None: all)."""
    return staff.programmes_of(request.user, verb)


def mode_word(livemode: bool) -> str:
    """The mode in a word."""
    return "Live" if livemode else "Test"


def moments(request: StaffRequest, noun: str, row_id: UUID) -> list[Moment]:
    """What happened to a row, as far as the viewer may read it."""
    return [Moment(one.at, word(one.type.replace(".", " ")), one.actor, one.reason) for one in audit.timeline(noun, row_id, request.user, limit=50)]


def programme_button(request: StaffRequest, row: Programme) -> list[Button]:
    """Suspend or reactivate, whichever the state allows."""
    if not request.user.may("programmes.update", row.pk):
        return []
    offered = (("SUSPENDED", "Suspend programme", "partners:suspend_programme", "player-pause"),
               ("ACTIVE", "Reactivate programme", "partners:reactivate_programme", "player-play"))
    return [Button(label, reverse(name, args=[row.public_id]), icon) for target, label, name, icon in offered if row.can_become(target)]


def _partner_buttons(request: StaffRequest, row: Partner) -> list[Button]:
    offered = [
        (row.status == PartnerStatus.ACTIVE, "api_keys.create", "Propose an API key", "partners:create_key", "key"),
        (row.status == PartnerStatus.ACTIVE, "connections.create", "Propose a processor connection", "partners:create_connection", "plug-connected"),
        (row.can_become(PartnerStatus.SUSPENDED), "partners.suspend", "Suspend partner", "partners:suspend", "player-pause"),
        (row.can_become(PartnerStatus.ACTIVE), "partners.suspend", "Reactivate partner", "partners:reactivate", "player-play"),
    ]
    return [Button(label, reverse(name, args=[row.public_id]), icon) for fits, verb, label, name, icon in offered if fits and request.user.may(verb)]


def _partner_sections(request: StaffRequest, row: Partner) -> list[Section]:
    owned = list(queries.programmes_seen_by(seen(request, "programmes.read")).filter(partner=row).order_by("name"))
    found = [Section("Programmes", "partners/_programmes.html", {"programmes": [
        {"name": one.name, "url": reverse("partners:programme", args=[one.public_id]), "identifier": one.public_id, "status": one.status,
         "mode": mode_word(one.livemode), "currency": one.currency, "bin": one.bin} for one in owned]}, count=len(owned))]
    if request.user.may("api_keys.read"):
        keys = [_key_line(request, key) for key in queries.every_key_of(row)]
        found.append(Section("API keys", "partners/_keys.html", {"keys": keys}, count=len(keys)))
    if request.user.may("connections.read"):
        lines = [_connection_line(request, one) for one in queries.every_connection_of(row)]
        found.append(Section("Processor connections", "partners/_connections.html", {"connections": lines}, count=len(lines)))
    return found


def _connection_line(request: StaffRequest, one: ProcessorConnection) -> dict[str, Any]:
    rotates = one.active and request.user.may("connections.rotate")
    return {"name": one.name, "identifier": one.public_id, "status": "ACTIVE" if one.active else "DISABLED", "mode": mode_word(one.livemode),
            "since": one.created_at, "rotate_url": reverse("partners:rotate_connection", args=[one.public_id]) if rotates else "",
            "close_url": reverse("partners:close_connection", args=[one.public_id]) if rotates else ""}


def _key_line(request: StaffRequest, key: ApiKey) -> KeyLine:
    status = queries.key_status(key, now=timezone.now())
    in_force = status in ("active", "rotating")

    def url(name: str, verb: str, fits: bool) -> str:
        return reverse(name, args=[key.public_id]) if fits and request.user.may(verb) else ""

    return KeyLine(
        name=key.name, identifier=key.public_id, status=status.upper(), mode=mode_word(key.livemode), last4=key.last4, scopes=scope_words(key.scopes),
        last_used_at=key.last_used_at, expires_at=key.expires_at,
        rotate_url=url("partners:rotate_key", "api_keys.rotate", status == "active"),
        revoke_url=url("partners:revoke_key", "api_keys.revoke", in_force))


def scope_words(scopes: list[str]) -> str:
    """`cards, accounts (read)`: a resource with both rights stands alone; every right of all of them is `all`."""
    if set(scopes) == set(SCOPES):
        return "all"
    rights: dict[str, set[str]] = {}
    for scope in scopes:
        resource, _, right = scope.partition(":")
        rights.setdefault(resource, set()).add(right)
    return ", ".join(resource if len(held) == 2 else f"{resource} ({', '.join(held)})" for resource, held in rights.items())


def _link(name: str, *args: Any) -> str:
    """An address of an app above us, "" where there is none (yet)."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
