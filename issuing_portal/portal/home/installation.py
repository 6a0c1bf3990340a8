"""What auditors and administrators open with: the state of the trail, the registers, keys that end, people half-way in."""

from datetime import datetime, timedelta

from django.db.models import Q

from issuing_portal.audit import queries as audit
from issuing_portal.events.models import Event
from issuing_portal.partners import queries as partners
from issuing_portal.partners.models import ApiKey
from issuing_portal.portal.details import Fact
from issuing_portal.portal.home.panels import Line, Nothing, Panel, Tone, Viewer, address, counted, queue, taken
from issuing_portal.staff import queries as staff

KEY_DAYS = 30
UNSEALED_IS_LATE = timedelta(minutes=1)
VERIFIED_IS_OLD = timedelta(days=2)
REGISTERS = (
    ("Cardholders", "cardholders:list", "users", "cardholders.read"),
    ("Cards", "cards:list", "credit-card", "cards.read"),
    ("KYC cases", "kyc:list", "id-badge-2", "kyc.read"),
    ("Accounts", "ledger:list", "building-bank", "accounts.read"),
    ("Authorisations", "authorisations:list", "bolt", "authorisations.read"),
    ("Transactions", "authorisations:transactions", "receipt", "authorisations.read"),
    ("Partners and keys", "partners:list", "affiliate", "partners.read"),
    ("Staff and grants", "staff:list", "user-shield", "staff.read"),
    ("Proposals", "staff:proposals", "users-group", "proposals.read"),
    ("Changes of rows", "audit:changes", "history", "audit.read"),
)


def trail(viewer: Viewer) -> Panel:
    """Whether the trail is whole: its head, what waits to be sealed, and what the last verification said."""
    head, lag, verified = audit.head(), audit.lag(), audit.last_of("audit.verified")
    late = lag.since is not None and viewer.now - lag.since > UNSEALED_IS_LATE
    whole = verified is not None and bool(verified.internal.get("passed"))
    old = verified is None or viewer.now - verified.occurred_at > VERIFIED_IS_OLD
    figure = "never verified" if verified is None else "whole" if whole else "broken"
    tone: Tone = "bad" if verified is not None and not whole else "watch" if late or old else "good"
    facts = [
        Fact("State", figure.capitalize()),
        Fact("Sealed rows", head.position if head else 0, "number"),
        Fact("Last seal", head.sealed_at if head else None, "ago"),
        Fact("Waiting for a seal", counted(lag.rows, "row"), help=_waiting(lag.since, late)),
        Fact(
            "Last verification",
            verified.occurred_at if verified else None,
            "ago",
            url=address("audit:detail", verified.public_id) if verified else "",
            help=_verdict(verified),
        ),
    ]
    return Panel(
        "trail",
        "Is the trail whole?",
        "history",
        figure=figure,
        caption=_verdict(verified),
        tone=tone,
        facts=facts,
        template="portal/_home_facts.html",
        all_url=address("audit:list"),
        all_label="Read the trail",
    )


def registers(viewer: Viewer) -> Panel:
    """The lists that a sample is drawn from; each exports what it shows."""
    lines = [Line(name, url) for name, url_name, _, verb in REGISTERS if viewer.user.may(verb) and (url := address(url_name))]
    return Panel("registers", "Registers", "list-details", lines=lines, template="portal/_home_links.html")


def keys_ending(viewer: Viewer) -> Panel:
    """API keys that stop working soon, the first to end first."""
    owners = partners.partners_seen_by(staff.programmes_of(viewer.user, "api_keys.read"))
    rows = ApiKey.objects.filter(
        Q(revoked_at=None) | Q(revoked_at__gt=viewer.now),
        partner__in=owners,
        expires_at__gt=viewer.now,
        expires_at__lte=viewer.now + timedelta(days=KEY_DAYS),
    ).select_related("partner")
    found, count = taken(rows.order_by("expires_at", "id"))
    lines = [
        Line(
            f"{row.partner.name}: {row.name}",
            address("partners:detail", row.partner.public_id),
            f"{'live' if row.livemode else 'test'} key ending {row.last4}",
            at=row.expires_at,
        )
        for row in found
    ]
    return Panel(
        "keys",
        "API keys that end soon",
        "key",
        caption=f"within {KEY_DAYS} days",
        **queue(count),
        lines=lines,
        nothing=Nothing(
            f"No key ends within {KEY_DAYS} days", "A key that is rotated or has a last day shows here before its partner is shut out."
        ),
        all_url=address("partners:list"),
        all_label="Partners and their keys",
    )


def half_way_in(viewer: Viewer) -> Panel:
    """Members of staff without a second factor: invited and not arrived, or waiting after a reset."""
    rows = staff.members().filter(is_active=True, enrolled_at=None)
    found, count = taken(rows.order_by("created_at", "id"))
    lines = [Line(row.name, address("staff:detail", row.public_id), row.email, row.state, "user", at=row.created_at) for row in found]
    return Panel(
        "half-way-in",
        "People without a second factor",
        "user-shield",
        caption="cannot sign in yet",
        **queue(count),
        lines=lines,
        nothing=Nothing("Everybody has a second factor", "Who was invited and has not set one up is listed here."),
        all_url=address("staff:list"),
        all_label="All members of staff",
    )


def _waiting(since: datetime | None, late: bool) -> str:
    return "" if since is None else "the sealer is late: see Health" if late else "within the last minute"


def _verdict(verified: Event | None) -> str:
    if verified is None:
        return "verify_audit has not run yet"
    facts = verified.internal
    return f"{facts.get('rows', 0):,} rows, no finding" if facts.get("passed") else counted(len(facts.get("findings", [])), "finding")
