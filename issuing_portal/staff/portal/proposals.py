"""What waits for a second pair of eyes: the queue, and one proposal with its exact payload."""

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from issuing_portal.core.errors import DomainError, PermissionRefused
from issuing_portal.portal.details import Fact
from issuing_portal.portal.lists import Column, Empty, Filter, ListPage
from issuing_portal.staff import proposals, queries
from issuing_portal.staff.forms import DecisionForm, explain
from issuing_portal.staff.models import Proposal, ProposalStatus, User
from issuing_portal.staff.pages import StaffRequest, staff_page
from issuing_portal.staff.portal.shown import payload_facts, subject_id
from issuing_portal.staff.proposals import ShownOnce
from issuing_portal.staff.queries import StepUpNeeded


class ProposalList(ListPage):
    title = "Approvals"
    about = "Acts that one person proposed and another must approve."
    name = "proposals"
    columns = (
        Column("summary", "Proposal", "summary"),
        Column("status", "Status", kind="status", noun="proposal", sort="status"),
        Column("maker", "Proposed by", "maker.name", sort="maker__name"),
        Column("made", "Made", "created_at", kind="ago", sort="created_at"),
        Column("expires", "Expires", "expires_at", kind="ago", sort="expires_at", narrow=False),
        Column("checker", "Decided by", "checker.name", narrow=False),
    )
    filters = (Filter("status", "Status", choices=ProposalStatus.choices), Filter("made", "Made", kind="dates", lookup="created_at"))
    search = ("summary__icontains", "maker__name__icontains")
    search_hint = "Words of the proposal, or the maker"
    default_sort = "-created_at"
    empty = Empty("Nothing waits for you", "When a colleague proposes something that needs two people, it appears here.")

    def row_url(self, row: Proposal) -> str:
        return reverse("staff:proposal", args=[row.public_id])


@staff_page("proposals.read")
def queue(request: StaffRequest) -> HttpResponseBase:
    """Proposals of the viewer's programmes."""
    return ProposalList(queries.proposals_seen_by(me(request))).render(request)


@staff_page("proposals.read")
@require_http_methods(["GET", "POST"])
def proposal(request: StaffRequest, proposal_id: str) -> HttpResponse:
    """One proposal; whoever may decide it does so here, on exactly what the page shows."""
    viewer = me(request)
    found = queries.proposal_seen_by(viewer, proposal_id)
    form = DecisionForm(request.POST or None, initial={"payload_hash": found.payload_hash})
    if request.method == "POST" and form.is_valid():
        try:
            return decided(request, found, form)
        except (StepUpNeeded, PermissionRefused):
            raise
        except DomainError as refusal:
            explain(form, refusal)
    return page(request, found, form, viewer)


def decided(request: StaffRequest, found: Proposal, form: DecisionForm) -> HttpResponse:
    """Do what was decided. A secret that came of it is shown on the answer, once."""
    by, now = request.actor, timezone.now()
    if form.cleaned_data["decision"] == "refuse":
        proposals.refuse_proposal(proposal_id=found.pk, reason=form.cleaned_data["reason"], by=by, now=now)
        messages.success(request, "Refused; the maker can read why.")
        return redirect("staff:proposal", found.public_id)
    carried = proposals.approve_proposal(proposal_id=found.pk, payload_hash=form.cleaned_data["payload_hash"], by=by, now=now)
    if isinstance(carried.result, ShownOnce):
        shown = carried.result
        secret = request.build_absolute_uri(shown.secret) if shown.secret.startswith("/") else shown.secret
        return render(request, "staff/shown_once.html", {
            "title": shown.title, "about": shown.about, "secret": secret, "back_url": reverse("staff:proposal", args=[found.public_id])})
    messages.success(request, "Approved and done.")
    return redirect("staff:proposal", found.public_id)


def page(request: StaffRequest, found: Proposal, form: DecisionForm, viewer: User) -> HttpResponse:
    """The page of a proposal."""
    now = timezone.now()
    facts = [
        Fact("Proposed by", found.maker.name), Fact("Made", found.created_at, "moment"), Fact("Expires", found.expires_at, "moment"),
        Fact("About", subject_id(found), "id"), Fact("Kind", found.verb, "code"), Fact("Reason", found.reason)]
    if found.decided_at:
        facts += [Fact("Decided by", found.checker.name if found.checker else "Nobody, in time"), Fact("Decided", found.decided_at, "moment"),
                  Fact("Note", found.decision_note)]
    return TemplateResponse(request, "staff/proposal.html", {
        "title": found.summary, "noun": "proposal", "status": found.status, "identifier": found.public_id,
        "back": ("Approvals", reverse("staff:proposals")), "facts": facts, "payload": payload_facts(found.payload),
        "evidence": payload_facts(found.evidence), "hash": found.payload_hash, "form": form, "decides": proposals.may_decide(found, viewer, now),
        "own": found.maker_id == viewer.pk and found.status == ProposalStatus.PENDING,
    }, status=422 if form.is_bound else 200)


def me(request: StaffRequest) -> User:
    """The viewer as a plain row."""
    return User.objects.get(pk=request.user.pk)
