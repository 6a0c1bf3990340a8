"""What compliance opens with: cases that wait, cards that the issuer stopped, and decisions that want a second person."""

from django.db.models import Max

from cardholders.models import Hand
from cards import queries as cards
from cards.models import CardStatus, CardTransition
from issuing_portal.portal.home.panels import Line, Nothing, Panel, Viewer, address, counted, queue, taken
from issuing_portal.staff import queries as staff
from kyc import queries as kyc
from kyc.models import OPEN_STATUSES, Case, CaseStatus

ON_US = [CaseStatus.SUBMITTED, CaseStatus.IN_REVIEW, CaseStatus.AWAITING_SECOND_APPROVAL]


def open_cases(viewer: Viewer) -> Panel:
    """Cases that wait for us, the oldest first: every day of it is a day without a card."""
    rows = kyc.cases_seen_by(viewer.user).filter(status__in=ON_US)
    found, count = taken(rows.order_by("submitted_at", "id"))
    lines = [_case(row) for row in found]
    return Panel(
        "open-cases",
        "KYC cases to decide",
        "id-badge-2",
        caption="oldest first",
        **queue(count),
        lines=lines,
        nothing=Nothing(
            "No case waits for us", "A case appears here when a partner submits it; those that wait for the applicant are in the list."
        ),
        all_url=address("kyc:list", status=list(OPEN_STATUSES)),
        all_label="All open cases",
    )


def second_approvals(viewer: Viewer) -> Panel:
    """Cases that one person has decided and another must confirm."""
    rows = kyc.cases_seen_by(viewer.user).filter(status=CaseStatus.AWAITING_SECOND_APPROVAL)
    found, count = taken(rows.order_by("submitted_at", "id"))
    lines = [_case(row) for row in found]
    return Panel(
        "second-approvals",
        "Cases that want a second approval",
        "users-group",
        caption="decided once",
        **queue(count),
        lines=lines,
        nothing=Nothing("None waits for a second pair of eyes", "High-risk approvals come here after the first decision."),
        all_url=address("kyc:list", status=CaseStatus.AWAITING_SECOND_APPROVAL.value),
        all_label="All of these cases",
    )


def issuer_frozen(viewer: Viewer) -> Panel:
    """Cards that we froze, the longest frozen first: outside they only say `under review`, so nobody else will ask."""
    rows = cards.cards_seen_by(viewer.user).filter(status=CardStatus.FROZEN, frozen_by=Hand.ISSUER)
    found, count = taken(rows.order_by("updated_at", "id"))
    since = (
        dict(
            CardTransition.objects.filter(card__in=[row.pk for row in found], to_status=CardStatus.FROZEN)
            .values_list("card_id")
            .annotate(Max("at"))
        )
        if found
        else {}
    )
    lines = [
        Line(
            f"{row.cardholder.name}, {row.masked}",
            address("cards:detail", row.public_id),
            row.status_reason.replace("_", " "),
            row.status,
            "card",
            at=since.get(row.pk, row.updated_at),
        )
        for row in found
    ]
    return Panel(
        "issuer-frozen",
        "Cards frozen by the issuer",
        "snowflake",
        caption="longest first",
        **queue(count),
        lines=lines,
        nothing=Nothing("No card is frozen by us", "A compliance freeze shows here until a second person agrees to lift it."),
        all_url=address("cards:list", status=CardStatus.FROZEN.value, frozen_by=Hand.ISSUER.value),
        all_label="All cards frozen by the issuer",
    )


def proposals(viewer: Viewer) -> Panel:
    """What others propose and the viewer may agree to; their own wait for somebody else and are told apart."""
    rows = staff.proposals_seen_by(viewer.user).filter(pk__in=staff.proposals_waiting(viewer.now).values("pk"))
    mine = rows.filter(maker_id=viewer.user.pk).count()
    found, count = taken(rows.exclude(maker_id=viewer.user.pk).order_by("expires_at", "id"))
    lines = [
        Line(
            row.summary,
            address("staff:proposal", row.public_id),
            f"proposed by {row.maker.name}",
            row.status,
            "proposal",
            at=row.created_at,
        )
        for row in found
    ]
    return Panel(
        "proposals",
        "Proposals to check",
        "users-group",
        **queue(count),
        lines=lines,
        caption=f"and {counted(mine, 'proposal')} of your own" if mine else "four eyes",
        nothing=Nothing(
            "Nobody waits for your agreement", "Grants, unfreezing, funding and adjustments come here when a colleague proposes them."
        ),
        all_url=address("staff:proposals"),
        all_label="All proposals",
    )


def _case(row: Case) -> Line:
    return Line(
        row.cardholder.name,
        address("kyc:detail", row.public_id),
        f"{row.get_kind_display().replace('_', ' ').lower()}, {row.programme.name}",
        row.status,
        "kyc_case",
        at=row.submitted_at or row.created_at,
    )
