"""What finance opens with: suspense by age, accounts below zero, clearings that fit nothing, holds that outlived their day."""

from django.db.models import Min, Q, Sum

from authorisations import queries as authorisations
from authorisations.models import OPEN_STATUSES
from issuing_portal.core.money import Money
from issuing_portal.ledger import queries as ledger
from issuing_portal.ledger.models import Account, AccountKind, Posting
from issuing_portal.portal.home.panels import SHOWN, Line, Nothing, Panel, Viewer, address, name_for, queue, taken


def suspense(viewer: Viewer) -> Panel:
    """Money that is ours to explain: suspense accounts with anything on them, the oldest first."""
    accounts = {
        row.pk: row
        for row in Account.objects.filter(kind=AccountKind.SUSPENSE, **viewer.within("accounts.read")).select_related("programme")
    }
    rows = (
        Posting.objects.filter(account__in=accounts)
        .order_by()
        .values_list("account_id")
        .annotate(total=Sum("amount_minor"), since=Min("entry__booked_at"))
    )
    found = sorted(((since, accounts[key], int(total)) for key, total, since in rows.exclude(total=0)), key=lambda one: one[0])
    lines = [
        Line(row.programme.name, address("ledger:entries", row.public_id), "oldest entry", amount=Money(total, row.currency), at=since)
        for since, row, total in found[:SHOWN]
    ]
    return Panel(
        "suspense",
        "Money in suspense",
        "help-circle",
        caption="programmes with a balance",
        **queue(len(found), "bad"),
        lines=lines,
        nothing=Nothing(
            "Suspense is empty", "A clearing whose account is closed or unknown is booked there until somebody finds its owner."
        ),
        all_url=address("authorisations:transactions", flagged="true"),
        all_label="Flagged transactions",
    )


def below_zero(viewer: Viewer) -> Panel:
    """Accounts that a clearing took below zero, the deepest first."""
    rows = ledger.accounts_seen_by(viewer.user).filter(posted_minor__lt=0)
    found, count = taken(rows.order_by("posted_minor", "id"))
    lines = [
        Line(
            name_for(viewer.user, row.cardholder.name) if row.cardholder else f"Account …{row.public_id[-8:]}",
            address("ledger:detail", row.public_id),
            row.programme.name,
            amount=Money(row.posted_minor, row.currency),
            at=row.updated_at,
        )
        for row in found
    ]
    return Panel(
        "below-zero",
        "Accounts below zero",
        "trending-down",
        caption="deepest first",
        **queue(count, "bad"),
        lines=lines,
        nothing=Nothing("No account is below zero", "Only a clearing can bring one there: the network has moved the money by then."),
        all_url=address("ledger:list", balance="negative"),
        all_label="All accounts below zero",
    )


def flagged(viewer: Viewer) -> Panel:
    """Cleared money that fits nothing, or more than was held: the newest first."""
    rows = authorisations.transactions_seen_by(viewer.user).exclude(flags=[])
    found, count = taken(rows.order_by("-id"))
    lines = [
        Line(
            row.merchant_name or "Merchant not told",
            address("authorisations:transaction", row.public_id),
            ", ".join(str(flag).replace("_", " ") for flag in row.flags),
            amount=Money(row.amount_minor, row.currency),
            at=row.posted_at,
        )
        for row in found
    ]
    return Panel(
        "flagged",
        "Clearings to look at",
        "alert-triangle",
        caption="unmatched, late or too much",
        **queue(count),
        lines=lines,
        nothing=Nothing("Every clearing fits", "One that has no authorisation, comes late or takes more than was held shows here."),
        all_url=address("authorisations:transactions", flagged="true"),
        all_label="All flagged transactions",
    )


def stale_holds(viewer: Viewer) -> Panel:
    """Holds past their last day that the sweep has not ended: the longest overdue first."""
    rows = authorisations.authorisations_seen_by(viewer.user).filter(
        Q(held_minor__gt=0), status__in=OPEN_STATUSES, hold_expires_at__lt=viewer.now
    )
    found, count = taken(rows.order_by("hold_expires_at", "id"))
    lines = [
        Line(
            f"{row.merchant_name}, {row.card.masked if row.card else 'card not found'}",
            address("authorisations:detail", row.public_id),
            "should have ended",
            amount=Money(row.held_minor, row.currency),
            at=row.hold_expires_at,
        )
        for row in found
    ]
    return Panel(
        "stale-holds",
        "Holds past their day",
        "lock-open",
        caption="still held",
        **queue(count),
        lines=lines,
        nothing=Nothing(
            "No hold has outlived its day", "A hold ends by clearing, reversal or its own date; one that did not is listed here."
        ),
        all_url=address("authorisations:list", hold="overdue"),
        all_label="All overdue holds",
    )
