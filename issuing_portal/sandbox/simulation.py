"""The sandbox plays the processor: what a partner asks for becomes a signed message to the real processor entry.

These verbs are no @operation and open no transaction: they are calls over the network, and what follows from them is
committed by the entry. They are idempotent by the network reference, which the edge derives from the idempotency key.
"""

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from authorisations import queries as authorisations
from authorisations.models import Authorisation
from cards import queries as cards
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError
from issuing_portal.core.ids import parse_id, public_id
from issuing_portal.core.redaction import redact_value
from issuing_portal.partners import queries as partners
from issuing_portal.sandbox import processor_client

ABOUT = {"clear": "clearings", "reverse": "reversals", "refund": "refunds", "expire": "expiries", "increment": "increments", "advise": "advices"}
"""What the sandbox can say of an authorisation → the address of that message."""


class NoProcessorConnection(DomainError):
    code, status, title = "no_processor_connection", 409, "The partner has no processor connection in force; make one first."


@dataclass(frozen=True)
class Outcome:
    """What was sent and answered, with the authorisation as it stands afterwards (None: the message made or found none)."""

    authorisation: Authorisation | None
    request: dict[str, Any]
    response: dict[str, Any]
    latency_ms: int


def reference_for(*, by: Actor, path: str, key: str | None) -> str:
    """The network reference of a message: the same for the same key, so that a retry is a replay; fresh without one."""
    if key is None:
        return uuid4().hex
    return hashlib.sha256(f"{by.partner_id}:{by.livemode}:{path}:{key}".encode()).hexdigest()[:32]


def tap(*, card_id: UUID, message: dict[str, Any], by: Actor) -> Outcome:
    """One authorisation message (API.md §3 without `card`) for a card of this partner.

    Raises: NotFound (card), NoProcessorConnection, ProcessorUnavailable, MessageRefused.
    """
    card = cards.card_for(by, card_id)
    return _exchange(_own_connection(by), "authorisations", message | {"card": card.public_id}, by)


def tell(*, verb: str, authorisation_id: UUID, message: dict[str, Any], by: Actor) -> Outcome:
    """What follows a tap (`verb` of ABOUT) of one authorisation, by the connection that it came by.

    Raises: NotFound, NoProcessorConnection, ProcessorUnavailable, MessageRefused.
    """
    assert by.partner_id is not None
    found = authorisations.authorisation(by.partner_id, bool(by.livemode), authorisation_id)
    about = {"original_network_reference": found.network_reference, "currency": found.currency}
    if found.card_id:
        about["card"] = public_id("card", found.card_id)
    outcome = _exchange(found.connection_id, ABOUT[verb], message | about, by)
    return Outcome(_found(public_id("authorisation", found.pk), by), outcome.request, outcome.response, outcome.latency_ms)


def force_clearing(*, card_id: UUID, message: dict[str, Any], by: Actor) -> Outcome:
    """A clearing that no authorisation went before. Raises: NotFound (card), NoProcessorConnection, ProcessorUnavailable, MessageRefused."""
    card = cards.card_for(by, card_id)
    return _exchange(_own_connection(by), "clearings", message | {"card": card.public_id}, by)


def _own_connection(by: Actor) -> UUID:
    """The partner's oldest connection in force."""
    assert by.partner_id is not None
    found = partners.connections_of(by.partner_id, bool(by.livemode)).filter(active=True).order_by("id").first()
    if found is None:
        raise NoProcessorConnection
    return found.pk


def _exchange(connection_id: UUID, path: str, message: dict[str, Any], by: Actor) -> Outcome:
    secrets = partners.connection_secrets(connection_id, timezone.now())
    if not secrets:
        raise NoProcessorConnection
    done = processor_client.send(connection=public_id("processor_connection", connection_id), secrets=secrets, path=path, message=message)
    authorisation = _found(done.response.get("authorisation"), by)
    return Outcome(authorisation, redact_value(done.request), done.response, done.latency_ms)


def _found(authorisation: str | None, by: Actor) -> Authorisation | None:
    assert by.partner_id is not None
    known = parse_id("authorisation", authorisation)
    return authorisations.authorisation(by.partner_id, bool(by.livemode), known) if known else None
