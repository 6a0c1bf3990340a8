"""Reads of the authorisations app. facts_for_tap is the one query that crosses apps (DESIGN §5)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from authorisations.facts import (
    AccountFacts,
    CardFacts,
    ControlFacts,
    PersonFacts,
    ProgrammeFacts,
    Seen,
    TapFacts,
    WindowFacts,
)
from authorisations.models import Authorisation, AuthorisationMessage, Transaction
from issuing_portal.core.errors import NotFound
from issuing_portal.core.ids import parse_id
from issuing_portal.core.numbered import Statement, run
from issuing_portal.staff import queries as staff

FACTS = Statement("""
SELECT c.id, c.status, c.type, c.expires_on, c.updated_at, c.frozen_by, c.windows_id,
       u.id, u.status, u.kyc_status, u.screening_status, b.id, b.status, b.kyc_status, b.screening_status,
       a.id, a.status, a.currency, a.posted_minor - a.held_minor + a.credit_limit_minor,
       p.id, p.status, p.currency, p.timezone, p.card_user_policy, p.hold_days_final, p.hold_days_pre_authorisation,
       (SELECT jsonb_agg(jsonb_build_array(s.id, s.owner_kind, s.owner_id, s.version, s.spec) ORDER BY s.owner_kind)
        FROM cards_spendcontrol s WHERE s.owner_id IN (c.id, u.id, b.id, a.id, p.id) AND s.active_to IS NULL),
       (SELECT jsonb_agg(jsonb_build_array(w.owner_id, w.limit_key, extract(epoch FROM w.starts_at)::bigint, w.spent_minor, w.count, w.label))
        FROM authorisations_spendwindow w WHERE w.owner_id IN (c.windows_id, u.id, b.id, a.id, p.id)
          AND w.starts_at <= %(at)s::timestamptz AND w.ends_at > %(at)s::timestamptz),
       r.fingerprint, r.answer, r.authorisation_id
FROM (SELECT 1) one
LEFT JOIN cards_card c ON c.id = %(card)s::uuid AND c.partner_id = %(partner)s::uuid AND c.livemode = %(livemode)s::bool
LEFT JOIN cardholders_cardholder u ON u.id = c.cardholder_id
LEFT JOIN cardholders_cardholder b ON b.id = u.business_id
LEFT JOIN ledger_account a ON a.id = c.account_id
LEFT JOIN partners_programme p ON p.id = c.programme_id
LEFT JOIN authorisations_networkreference r
       ON r.connection_id = %(connection)s::uuid AND r.kind = %(kind)s::text AND r.network_reference = %(reference)s::text
""")


def facts_for_tap(*, card_id: UUID | None, partner_id: UUID, livemode: bool, connection_id: UUID, kind: str, reference: str,
                  at: datetime) -> tuple[TapFacts, Seen | None]:
    """Everything a decision sees, and the stored answer where this reference was seen before: one statement, no lock."""
    with run(FACTS, {"card": card_id, "partner": partner_id, "livemode": livemode, "connection": connection_id,
                     "kind": kind, "reference": reference, "at": at}) as cursor:
        return _facts(cursor.fetchone())


def _facts(row: tuple[Any, ...]) -> tuple[TapFacts, Seen | None]:
    seen = None
    if row[29] is not None or row[28] is not None:
        seen = Seen(fingerprint=bytes(row[28]), answer=_json(row[29]), authorisation_id=row[30], tombstone=row[30] is None)
    reversed_before = seen is not None and seen.tombstone
    if row[0] is None:
        return TapFacts(card=None, reversed_before=reversed_before), seen
    controls = tuple(ControlFacts(UUID(one[0]), one[1], UUID(one[2]), one[3], one[4]) for one in _json(row[26]) or ())
    windows = tuple(WindowFacts(UUID(one[0]), one[1], one[2], one[3], one[4], one[5]) for one in _json(row[27]) or ())
    return TapFacts(
        card=CardFacts(*row[0:7]), user=PersonFacts(*row[7:11]), business=PersonFacts(*row[11:15]) if row[11] else None,
        account=AccountFacts(*row[15:19]), programme=ProgrammeFacts(*row[19:26]), controls=controls, windows=windows,
        reversed_before=reversed_before), seen


def _json(value: Any) -> Any:
    """Django leaves jsonb of raw cursors as text."""
    import msgspec
    return msgspec.json.decode(value) if isinstance(value, str) else value


def authorisations_of(partner_id: UUID, livemode: bool, *, card: UUID | None = None, account: UUID | None = None, cardholder: UUID | None = None,
                      status: str | None = None, decision: str | None = None, reason: str | None = None,
                      created_at_gte: datetime | None = None, created_at_lt: datetime | None = None) -> QuerySet[Authorisation]:
    """A partner's authorisations in one mode, filtered."""
    rows = Authorisation.objects.filter(partner_id=partner_id, livemode=livemode)
    wanted = {"card_id": card, "account_id": account, "cardholder_id": cardholder, "status": status.upper() if status else None, "reason": reason,
              "created_at__gte": created_at_gte, "created_at__lt": created_at_lt}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    if decision:
        rows = rows.filter(status="DECLINED") if decision == "declined" else rows.exclude(status="DECLINED")
    return rows


def authorisation(partner_id: UUID, livemode: bool, authorisation_id: UUID) -> Authorisation:
    """One of a partner's authorisations. Raises NotFound."""
    found = Authorisation.objects.filter(partner_id=partner_id, livemode=livemode, pk=authorisation_id).first()
    if found is None:
        raise NotFound("authorisation")
    return found


def messages_of(authorisation_ids: list[UUID]) -> dict[UUID, list[AuthorisationMessage]]:
    """The messages of each authorisation, oldest first."""
    found: dict[UUID, list[AuthorisationMessage]] = {one: [] for one in authorisation_ids}
    for message in AuthorisationMessage.objects.filter(authorisation_id__in=authorisation_ids).order_by("id"):
        assert message.authorisation_id
        found[message.authorisation_id].append(message)
    return found


def transactions_of(partner_id: UUID, livemode: bool, *, card: UUID | None = None, account: UUID | None = None, authorisation: UUID | None = None,
                    type: str | None = None, forced: bool | None = None,
                    created_at_gte: datetime | None = None, created_at_lt: datetime | None = None) -> QuerySet[Transaction]:
    """A partner's cleared money in one mode, filtered."""
    rows = Transaction.objects.filter(partner_id=partner_id, livemode=livemode)
    wanted = {"card_id": card, "account_id": account, "authorisation_id": authorisation, "type": type, "forced": forced,
              "created_at__gte": created_at_gte, "created_at__lt": created_at_lt}
    return rows.filter(**{name: value for name, value in wanted.items() if value is not None})


def transaction(partner_id: UUID, livemode: bool, transaction_id: UUID) -> Transaction:
    """One of a partner's transactions. Raises NotFound."""
    found = Transaction.objects.filter(partner_id=partner_id, livemode=livemode, pk=transaction_id).first()
    if found is None:
        raise NotFound("transaction")
    return found


def authorisations_seen_by(user: Any) -> QuerySet[Authorisation]:
    """What staff may see, by programme. A tap whose card was not found has none: staff of all programmes see it."""
    rows = Authorisation.objects.select_related("card", "cardholder")
    allowed = staff.programmes_of(user, "authorisations.read")
    return rows if allowed is None else rows.filter(programme_id__in=allowed)


def authorisations_about(user: Any, noun_id: str) -> QuerySet[Authorisation]:
    """The authorisations of a card, cardholder or account (any TypeID of these), newest first; none for any other text."""
    for noun in ("card", "cardholder", "account"):
        found = parse_id(noun, noun_id)
        if found:
            return authorisations_seen_by(user).filter(**{f"{noun}_id": found}).order_by("-id")
    return Authorisation.objects.none()


def authorisation_seen_by(user: Any, authorisation_id: UUID | None) -> Authorisation:
    """One authorisation in sight of a member of staff. Raises NotFound."""
    found = authorisations_seen_by(user).filter(pk=authorisation_id).first()
    if found is None:
        raise NotFound("authorisation")
    return found


def transactions_seen_by(user: Any) -> QuerySet[Transaction]:
    """Cleared money of the programmes that staff may see."""
    rows = Transaction.objects.select_related("card", "account")
    allowed = staff.programmes_of(user, "authorisations.read")
    return rows if allowed is None else rows.filter(programme_id__in=allowed)


def transaction_seen_by(user: Any, transaction_id: UUID | None) -> Transaction:
    """One transaction in sight of a member of staff. Raises NotFound."""
    found = transactions_seen_by(user).filter(pk=transaction_id).first()
    if found is None:
        raise NotFound("transaction")
    return found
