"""Staff pages of KYC cases: the list and one case, to read. The workbench where they are decided comes with the review."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse

from cardholders import queries as cardholders
from issuing_portal.audit import queries as audit
from issuing_portal.core.ids import parse_id
from issuing_portal.portal.details import Fact, Moment, Section
from issuing_portal.portal.lists import Column, Empty, Filter, ListPage
from issuing_portal.portal.statuses import word
from issuing_portal.staff.pages import staff_page
from kyc import policy, queries
from kyc.models import Case, CaseKind, CaseOutcome, CaseStatus


class CaseList(ListPage):
    title = "KYC cases"
    name = "kyc_cases"
    about = "Who asks to be let in, and what was decided."
    columns = (
        Column("case", "Case", "public_id", kind="id"),
        Column("cardholder", "Cardholder", "cardholder.name"),
        Column("kind", "Kind", lambda row: row.get_kind_display(), narrow=False),
        Column("status", "Status", kind="status", noun="kyc_case", sort="status"),
        Column("outcome", "Outcome", kind="status", noun="outcome", sort="outcome"),
        Column("programme", "Programme", "programme.name", sort="programme__name", narrow=False),
        Column("submitted", "Submitted", "submitted_at", kind="ago"),
        Column("opened", "Opened", "created_at", kind="ago", sort="created_at"),
    )
    filters = (
        Filter("status", "Status", choices=CaseStatus.choices),
        Filter("outcome", "Outcome", choices=CaseOutcome.choices),
        Filter("kind", "Kind", choices=CaseKind.choices),
        Filter("opened", "Opened", kind="dates", lookup="created_at"),
    )
    search = ("cardholder__last_name__icontains",)
    search_hint = "Name, email, reference or id"
    default_sort = "-created_at"
    paging = "cursor"
    exportable = False
    empty = Empty("No cases yet", "A case appears here when a partner opens one through the API.")

    def row_url(self, row: Case) -> str:
        return reverse("kyc:detail", args=[row.public_id])

    def searched(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        key = parse_id("kyc_case", text) or parse_id("cardholder", text)
        if key:
            return queryset.filter(Q(pk=key) | Q(cardholder_id=key))
        return queryset.filter(cardholder__in=cardholders.found(cardholders.every(), text))


@staff_page("kyc.read")
def case_list(request: HttpRequest) -> HttpResponseBase:
    """Every case that the viewer may see."""
    return CaseList(queries.cases_seen_by(request.user)).render(request)  # type: ignore[arg-type]


@staff_page("kyc.read")
def case_detail(request: HttpRequest, case_id: str) -> HttpResponse:
    """One case with its timeline."""
    case = queries.seen_by(request.user, parse_id("kyc_case", case_id))  # type: ignore[arg-type]
    retry = {True: "May try again", False: "Final", None: ""}[case.retry_allowed]
    sections = [Section("Reasons", "kyc/_lines.html", {"lines": [policy.told_staff(code) for code in case.reasons]})] if case.reasons else []
    if case.requested_information:
        sections.append(Section("Asked of the applicant", "kyc/_lines.html", {"lines": [item["text"] for item in case.requested_information]}))
    return render(request, "portal/detail.html", {
        "title": f"KYC case of {case.cardholder.name}", "noun": "kyc_case", "status": case.status, "identifier": case.public_id,
        "back": ("KYC cases", reverse("kyc:list")), "sections": sections,
        "facts": [Fact("Cardholder", case.cardholder.name, url=reverse("cardholders:detail", args=[case.cardholder.public_id])),
                  Fact("Kind", case.get_kind_display()), Fact("Outcome", case.outcome, "status", noun="outcome"), Fact("Rejection", retry),
                  Fact("Programme", case.programme.name), Fact("Partner", case.partner.name), Fact("Mode", "Live" if case.livemode else "Test"),
                  Fact("Policy", case.policy_version, "code"), Fact("Opened", case.created_at, "moment"),
                  Fact("Submitted", case.submitted_at, "moment"), Fact("Decided", case.decided_at, "moment")],
        "timeline": [Moment(one.at, word(one.type.replace(".", " ")), one.actor, one.reason)
                     for one in audit.timeline("kyc_case", case.pk, request.user, limit=50)],
    })


@staff_page("kyc.read")
def of_cardholder(request: HttpRequest, cardholder_id: str) -> HttpResponse:
    """A cardholder's cases, as a panel of the cardholder's page."""
    key = parse_id("cardholder", cardholder_id)
    rows = queries.cases_seen_by(request.user).filter(cardholder_id=key).order_by("-pk")[:20] if key else []  # type: ignore[arg-type]
    return TemplateResponse(request, "kyc/_cases.html", {"cases": list(rows)})
