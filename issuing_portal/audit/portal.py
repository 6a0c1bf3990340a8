"""The audit trail in the portal: what was meant (events), what changed (rows), and the proof of one event."""

import json
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from issuing_portal.audit import operations, queries
from issuing_portal.audit.fields import LEFT_OUT, MASKED
from issuing_portal.audit.models import Change
from issuing_portal.core.ids import PREFIXES, parse_id, public_id
from issuing_portal.events.models import Event
from issuing_portal.events.names import ALL_TYPES
from issuing_portal.events.queries import opened
from issuing_portal.portal.details import Fact, Section
from issuing_portal.portal.lists import Button, Column, Empty, Filter, ListPage
from issuing_portal.staff.pages import staff_page
from issuing_portal.staff.queries import actor_for, programmes_of

CHANNELS = [(name, name.capitalize()) for name in ("portal", "api", "processor", "sandbox", "worker", "command")]
KINDS = [("staff", "Staff"), ("api_key", "API key"), ("processor", "Processor"), ("cardholder", "Cardholder"), ("system", "System")]
PAGES = {"card": "cards:detail", "cardholder": "cardholders:detail", "account": "ledger:detail", "authorisation": "authorisations:detail",
         "kyc_case": "kyc:detail", "partner": "partners:detail", "user": "staff:detail", "proposal": "staff:proposal"}
NOUN_OF = {prefix: noun for noun, prefix in PREFIXES.items()}


def subject_id(noun: str, value: UUID) -> str:
    """The subject as staff read it: its TypeID where its noun has one."""
    return public_id(noun, value) if noun in PREFIXES else noun


def subject_uuid(text: str) -> UUID | None:
    """The UUID in any TypeID or plain UUID, else None."""
    noun = NOUN_OF.get(text.partition("_")[0])
    if noun:
        return parse_id(noun, text)
    try:
        return UUID(text)
    except ValueError:
        return None


def about_subject(rows: QuerySet[Event], values: list[str]) -> QuerySet[Event]:
    """Events about the subject whose id was typed; an id of nothing finds nothing."""
    found = subject_uuid(values[0])
    return rows.filter(subject_id=found) if found else rows.none()


def by_hand(rows: QuerySet[Change], values: list[str]) -> QuerySet[Change]:
    """Changes that an operation made, or that nobody of ours did; both chosen is all."""
    return rows if len(set(values)) == 2 else rows.filter(actor__isnull="sql" in values)


def of_row(rows: QuerySet[Change], values: list[str]) -> QuerySet[Change]:
    """Changes of the row whose id was typed, as TypeID or as it stands in the table."""
    return rows.filter(row_id=str(subject_uuid(values[0]) or values[0]))


def audited_tables() -> list[str]:
    """Every table whose changes are noted."""
    return sorted(apps.get_model(label)._meta.db_table for label in (*MASKED, *LEFT_OUT))


class RecordedList(ListPage):
    """A list whose export needs a verb of its own and is itself an event."""

    def exported(self, request: HttpRequest) -> None:
        if not request.user.may("audit.export"):  # type: ignore[union-attr]
            raise PermissionDenied
        operations.record_export(name=self.name, filters=request.GET.urlencode(), by=actor_for(request), now=timezone.now())


class Trail(RecordedList):
    """Events, newest first."""

    title = "Audit trail"
    name = "audit-trail"
    about = "Every act by portal, API, processor, worker and command: who, what, when, and why."
    columns = (
        Column("at", "When", "occurred_at", kind="ago"),
        Column("type", "What", "type", kind="code"),
        Column("subject", "About", lambda row: subject_id(row.subject_noun, row.subject_id), kind="id"),
        Column("actor", "Who", lambda row: row.actor.get("label")),
        Column("channel", "By way of", lambda row: row.actor.get("channel"), narrow=False),
        Column("reason", "Why", "reason", narrow=False),
    )
    filters = (
        Filter("type", "What", choices=lambda: [(name, name) for name in sorted(ALL_TYPES)]),
        Filter("noun", "About a", lookup="subject_noun", choices=lambda: [(noun, noun.replace("_", " ").capitalize()) for noun in sorted(PREFIXES)]),
        Filter("channel", "By way of", lookup="actor__channel", choices=CHANNELS),
        Filter("kind", "Kind of actor", lookup="actor__kind", choices=KINDS),
        Filter("actor", "Who (name)", kind="text", lookup="actor__label__icontains"),
        Filter("subject", "About (id)", kind="text", narrow=about_subject),
        Filter("at", "When", kind="dates", lookup="occurred_at"),
    )
    paging = "cursor"
    empty = Empty("Nothing has happened yet", "Every act is listed here from the first sign-in on.")

    def row_url(self, row: Event) -> str:
        return reverse("audit:detail", args=[row.public_id])


class Changes(RecordedList):
    """Changed rows of business tables, newest first."""

    title = "Changed rows"
    name = "audit-changes"
    about = "What the database itself noted, whoever changed it. “SQL” is a change that no operation of ours made."
    columns = (
        Column("at", "When", "at", kind="ago"),
        Column("table", "Table", "table_name", kind="code"),
        Column("row", "Row", "row_id", kind="id"),
        Column("action", "Act", lambda row: row.action.lower()),
        Column("actor", "Who", lambda row: (row.actor or {}).get("label") or f"SQL: {row.database_user}"),
        Column("columns", "Columns", lambda row: ", ".join(sorted(row.changes)[:6]) + (" …" if len(row.changes) > 6 else ""), narrow=False),
    )
    filters = (
        Filter("table", "Table", lookup="table_name", choices=lambda: [(name, name) for name in audited_tables()]),
        Filter("action", "Act", choices=[("INSERT", "Insert"), ("UPDATE", "Update"), ("DELETE", "Delete")]),
        Filter("hand", "Whose hand", choices=[("operation", "An operation of ours"), ("sql", "SQL")], narrow=by_hand),
        Filter("row", "Row (id)", kind="text", narrow=of_row),
        Filter("at", "When", kind="dates", lookup="at"),
    )
    paging = "cursor"
    empty = Empty("No row has changed yet", "Changes of business tables are listed here as they are made.")

    def row_url(self, row: Change) -> str:
        return reverse("audit:change", args=[row.pk])


def sees_everything(request: HttpRequest) -> bool:
    """Changed rows carry no programme, so they are for readers of all programmes."""
    return programmes_of(request.user, "audit.read") is None  # type: ignore[arg-type]


@staff_page("audit.read")
def trail(request: HttpRequest) -> HttpResponse:
    """The list of events."""
    action = Button("Changed rows", reverse("audit:changes"), "table") if sees_everything(request) else None
    page = Trail(queries.trail(programmes_of(request.user, "audit.read")), action=action)  # type: ignore[arg-type]
    page.exportable = request.user.may("audit.export")  # type: ignore[misc, union-attr]
    return page.render(request)  # type: ignore[return-value]


@staff_page("audit.read")
def changes(request: HttpRequest) -> HttpResponse:
    """The list of changed rows."""
    if not sees_everything(request):
        raise PermissionDenied
    page = Changes(queries.changes(), action=Button("Audit trail", reverse("audit:list"), "history"))
    page.exportable = request.user.may("audit.export")  # type: ignore[misc, union-attr]
    return page.render(request)  # type: ignore[return-value]


@staff_page("audit.read")
def detail(request: HttpRequest, event_id: str) -> HttpResponse:
    """One event: who and why, what it says, what changed with it, and its seal."""
    key = parse_id("event", event_id)
    found = queries.event_seen(key, programmes_of(request.user, "audit.read")) if key else None  # type: ignore[arg-type]
    if found is None:
        raise Http404
    proof = queries.seal_proof("events_event", str(found.pk))
    beside = queries.changes_beside(found)
    return render(request, "portal/detail.html", {
        "title": found.type, "noun": "seal", "status": proof.state.upper(), "identifier": found.public_id,
        "back": ("Audit trail", reverse("audit:list")), "facts": event_facts(found),
        "sections": [Section("What it says", "audit/_content.html", content(found, request)),
                     Section("Changed rows", "audit/_changes.html", {"changes": [change_rows(one) for one in beside]}, len(beside)),
                     Section("Seal", "audit/_seal.html", {"proof": proof})]})


@staff_page("audit.read")
def change(request: HttpRequest, change_id: int) -> HttpResponse:
    """One changed row and its seal."""
    found = queries.changes().filter(pk=change_id).first() if sees_everything(request) else None
    if not found:
        raise Http404
    proof = queries.seal_proof("audit_change", str(found.pk))
    facts = [Fact("When", found.at, "moment"), Fact("Table", found.table_name, "code"), Fact("Row", found.row_id, "id"),
             Fact("Act", found.action.lower()), Fact("Who", (found.actor or {}).get("label") or "No operation of ours"),
             Fact("Database user", found.database_user)]
    return render(request, "portal/detail.html", {
        "title": f"{found.action.capitalize()} in {found.table_name}", "noun": "seal", "status": proof.state.upper(),
        "back": ("Changed rows", reverse("audit:changes")), "facts": facts,
        "sections": [Section("Columns", "audit/_changes.html", {"changes": [change_rows(found)]}),
                     Section("Seal", "audit/_seal.html", {"proof": proof})]})


def event_facts(event: Event) -> list[Fact]:
    """Who, what, when, why."""
    actor = event.actor
    return [
        Fact("When", event.occurred_at, "moment"), Fact("About", subject_id(event.subject_noun, event.subject_id), "id", url=subject_page(event)),
        Fact("Number", event.sequence, "number", help="of its subject, numbered apart for partners and staff"), Fact("Who", actor.get("label")),
        Fact("Kind of actor", str(actor.get("kind", "")).replace("_", " ")), Fact("By way of", actor.get("channel")),
        Fact("Partner's own user", actor.get("acting_user")), Fact("Request", actor.get("request_id"), "code"), Fact("Why", event.reason),
        Fact("Seen by the partner", not event.staff_only and event.partner_id is not None),
    ]


def subject_page(event: Event) -> str:
    """Where the subject opens in the portal, "" where it has no page."""
    name = PAGES.get(event.subject_noun)
    if not name:
        return ""
    try:
        return reverse(name, args=[subject_id(event.subject_noun, event.subject_id)])
    except NoReverseMatch:
        return ""


def content(event: Event, request: HttpRequest) -> dict[str, Any]:
    """The event's data for the page; personal parts only for whoever may read them in that programme."""
    shown = [("Data", pretty(event.data)), ("For staff only", pretty(event.internal))]
    note = ""
    if event.personal is not None:
        if not request.user.may("personal.read", event.programme_id):  # type: ignore[union-attr]
            note = "Personal parts are encrypted; your roles do not show them."
        elif (parts := opened(event)) is None:
            note = "The personal parts were erased: their key is gone."
        else:
            person = operations.Viewed(event.subject_noun, event.subject_id, event.partner_id, event.livemode, event.programme_id)
            operations.record_view(subject=person, where="audit trail", by=actor_for(request), now=timezone.now())
            shown.append(("Personal", pretty(parts)))
    return {"blocks": [(label, text) for label, text in shown if text], "note": note}


def pretty(data: dict[str, Any]) -> str:
    """JSON for reading; "" for nothing."""
    return json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True) if data else ""


def change_rows(change: Change) -> dict[str, Any]:
    """One change for the page: (column, before, after); personal and secret columns say only that they changed."""
    return {"title": f"{change.action.lower()} {change.table_name}", "at": change.at,
            "columns": [(name, *before_and_after(one)) for name, one in sorted(change.changes.items())]}


def before_and_after(one: dict[str, Any]) -> tuple[str, str]:
    """What stands before and after: words in place of personal and secret values."""
    if one.get("secret"):
        return "[secret]", "[secret, changed]"
    if one.get("personal"):
        return "[personal]" if one.get("from") else "", "[personal, changed]" if one.get("to") else ""
    return tuple("" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)  # type: ignore[return-value]
                 for value in (one.get("from"), one.get("to")))
