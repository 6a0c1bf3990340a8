"""Reveal sessions: a short-lived, single-use permission for one browser to see one card's secrets (DESIGN §8, PCI boundary)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cards import queries, vault
from cards.models import Card, RevealSession
from cards.operations.moves import take
from cards.secrets import secrets_for
from issuing_portal.core.actors import Actor
from issuing_portal.core.clock import to_wire
from issuing_portal.core.errors import DomainError
from issuing_portal.core.operations import operation
from issuing_portal.events import operations as events

LIFETIME = timedelta(seconds=60)


class NotRevealable(DomainError):
    code, status, title = "card_not_revealable", 409, "The card is {status}; its details are no longer shown."


class RevealGone(DomainError):
    """Never existed, was used, or ran out: one answer for all three."""

    code, status, title = "reveal_gone", 410, "This view has ended. Ask for a new one in the app you came from."


@dataclass(frozen=True)
class Opened:
    """A new session and its token, which is handed out once and kept as a hash."""

    session: RevealSession
    token: str


@dataclass(frozen=True, repr=False)
class Revealed:
    """What one browser sees, once. Never stored, never logged (its repr is empty on purpose)."""

    number: str | None
    expiry: str | None
    cvv: str | None
    scheme: str
    livemode: bool


@operation
def open_reveal_session(*, card_id: UUID, fields: list[str], by: Actor, now: datetime) -> Opened:
    """Let one browser see `fields` (of pan, expiry, cvv) of a card within LIFETIME.

    Raises: NotFound, NotRevealable, SecretsUnavailable (cvv of a live card without an adapter).
    """
    card = take(card_id, by)
    _refuse_final(card)
    if "cvv" in fields:
        secrets_for(card.livemode)
    token = secrets.token_urlsafe(32)
    session = RevealSession.objects.create(
        partner_id=card.partner_id, livemode=card.livemode, card=card, fields=fields, token_hash=_hash(token),
        expires_at=now + LIFETIME, created_at=now, updated_at=now)
    events.record("reveal_session.created", subject=session, by=by, at=now, data=public_session(session))
    return Opened(session, token)


@operation
def view_reveal_session(*, token: str, by: Actor, now: datetime) -> Revealed:
    """Use a session up and give what it shows. Raises: RevealGone, NotRevealable, SecretsUnavailable."""
    found = RevealSession.objects.select_related("card__vault_entry").filter(token_hash=_hash(token)).first()
    if found is None or not _use_up(found, now):
        raise RevealGone
    card = found.card
    _refuse_final(card)
    number, expiry = vault.number_of(card.vault_entry), vault.Expiry(card.expiry_year, card.expiry_month)
    cvv = secrets_for(card.livemode).cvv2(number, expiry) if "cvv" in found.fields else None
    events.record("reveal_session.viewed", subject=found, by=by, at=now, data=public_session(found))
    return Revealed(
        number=" ".join(number[start:start + 4] for start in range(0, len(number), 4)) if "pan" in found.fields else None,
        expiry=f"{expiry.month:02}/{expiry.year % 100:02}" if "expiry" in found.fields else None, cvv=cvv, scheme=card.scheme, livemode=card.livemode)


def public_session(session: RevealSession) -> dict[str, Any]:
    """The session as events show it: without the token, which nothing keeps."""
    return {"id": session.public_id, "object": session.noun, "livemode": session.livemode, "created_at": to_wire(session.created_at),
            "updated_at": to_wire(session.updated_at), "card": session.card.public_id, "fields": session.fields,
            "expires_at": to_wire(session.expires_at), "viewed_at": to_wire(session.viewed_at) if session.viewed_at else None}


def _use_up(session: RevealSession, now: datetime) -> bool:
    """Compare-and-swap: two browsers at once, and one sees it."""
    used = RevealSession.objects.filter(pk=session.pk, viewed_at=None, expires_at__gt=now).update(viewed_at=now, updated_at=now)
    session.viewed_at = session.updated_at = now
    return bool(used)


def _refuse_final(card: Card) -> None:
    if card.status in queries.FINAL:
        raise NotRevealable(status=card.status.lower())


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
