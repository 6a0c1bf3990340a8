"""Staff-made funding, withdrawals and adjustments: one person proposes, another approves, and then it is booked."""

from datetime import datetime
from typing import Any
from uuid import UUID

from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import InvalidInput, NotFound
from issuing_portal.core.ids import parse_id
from issuing_portal.core.money import Money
from issuing_portal.core.operations import operation
from issuing_portal.ledger import queries
from issuing_portal.ledger.models import SYSTEM_KINDS, Account, JournalEntry
from issuing_portal.ledger.operations.booking import InsufficientFunds
from issuing_portal.ledger.operations.movements import book_adjustment, book_fund, book_withdrawal
from issuing_portal.ledger.operations.programmes import book_confirmed_funding
from issuing_portal.partners import queries as partners
from issuing_portal.partners.models import Programme
from issuing_portal.staff.models import Proposal
from issuing_portal.staff.proposals import Payload, four_eyes, propose


@operation
def propose_funding(*, account_id: UUID, amount: int, reference: str, reason: str, by: Actor, now: datetime) -> Proposal:
    """Propose fund_account (minor units). Raises: NotFound, PermissionRefused."""
    account = queries.account_for(by, account_id)
    by.require("accounts.fund", account.programme_id)
    return propose(verb="ledger.fund", subject=account, summary=f"Fund {_money(amount, account)} to {account.public_id}",
                   payload=_payload(account, amount, reference), reason=reason, by=by, now=now)


@operation
def propose_withdrawal(*, account_id: UUID, amount: int, reference: str, reason: str, by: Actor, now: datetime) -> Proposal:
    """Propose withdraw (minor units). Raises: NotFound, PermissionRefused, InsufficientFunds (already now)."""
    account = queries.account_for(by, account_id)
    by.require("accounts.withdraw", account.programme_id)
    if amount > account.available_minor:
        raise InsufficientFunds(available=account.available_minor, asked=amount)
    return propose(verb="ledger.withdraw", subject=account, summary=f"Withdraw {_money(amount, account)} from {account.public_id}",
                   payload=_payload(account, amount, reference), reason=reason, by=by, now=now)


@operation
def propose_adjustment(*, account_id: UUID, against: str, amount: int, reference: str, reason: str, by: Actor, now: datetime) -> Proposal:
    """Propose a correction by a signed amount against a system account of kind `against`. Raises: NotFound, PermissionRefused, InvalidInput."""
    account = queries.account_for(by, account_id)
    by.require("accounts.adjust", account.programme_id)
    if against not in SYSTEM_KINDS or not amount:
        raise InvalidInput(("against", "invalid", "Choose a system account and an amount that is not zero."))
    return propose(verb="ledger.adjust", subject=account, summary=f"Adjust {account.public_id} by {_money(amount, account)} against {against}",
                   payload=_payload(account, amount, reference) | {"against": against}, reason=reason, by=by, now=now)


@operation
def propose_confirmed_funding(*, programme_id: UUID, amount: int, reference: str, reason: str, by: Actor, now: datetime) -> Proposal:
    """Propose confirm_funding (minor units). Raises: NotFound, PermissionRefused."""
    programme = _programme(programme_id)
    by.require("programmes.fund", programme.pk)
    return propose(verb="ledger.confirm_funding", subject=programme,
                   summary=f"Confirm {Money(amount, programme.currency).format()} of funding for {programme.name}",
                   payload={"programme": programme.public_id, "amount_minor": amount, "currency": programme.currency, "reference": reference},
                   reason=reason, by=by, now=now)


def _state(payload: Payload) -> Payload:
    """What a decision about money rests on: an account that was blocked in the meantime is another question."""
    return {"status": str(_account(payload).status)}


def _balance(payload: Payload) -> Payload:
    """A correction rests on the balance that it corrects."""
    account = _account(payload)
    return {"status": str(account.status), "posted_minor": account.posted_minor}


@four_eyes("ledger.fund", permission="accounts.approve", evidence=_state)
def _fund(*, payload: Payload, by: Actor, now: datetime) -> Account:
    return book_fund(**_arguments(payload), by=by, now=now)


@four_eyes("ledger.withdraw", permission="accounts.approve", evidence=_state)
def _withdraw(*, payload: Payload, by: Actor, now: datetime) -> Account:
    return book_withdrawal(**_arguments(payload), by=by, now=now)


@four_eyes("ledger.adjust", permission="accounts.approve", evidence=_balance)
def _adjust(*, payload: Payload, by: Actor, now: datetime) -> Account:
    return book_adjustment(**_arguments(payload), against=payload["against"], by=by, now=now)


@four_eyes("ledger.confirm_funding", permission="programmes.approve")
def _confirm(*, payload: Payload, by: Actor, now: datetime) -> JournalEntry:
    programme = _programme(parse_id("programme", payload["programme"]))
    return book_confirmed_funding(programme_id=programme.pk, amount=payload["amount_minor"], reference=payload["reference"], by=by, now=now)


def _payload(account: Account, amount: int, reference: str) -> Payload:
    return {"account": account.public_id, "amount_minor": amount, "currency": account.currency, "reference": reference}


def _account(payload: Payload) -> Account:
    return queries.account_for(Actor.system("four eyes"), _id(payload))


def _id(payload: Payload) -> UUID:
    found = parse_id("account", payload["account"])
    if found is None:
        raise NotFound("account")
    return found


def _arguments(payload: Payload) -> dict[str, Any]:
    return {"account_id": _id(payload), "amount": payload["amount_minor"], "reference": payload["reference"]}


def _money(amount: int, account: Account) -> str:
    return Money(amount, account.currency).format()


def _programme(programme_id: UUID | None) -> Programme:
    found = partners.programmes_seen_by(None).filter(pk=programme_id).first() if programme_id else None
    if found is None:
        raise NotFound("programme")
    return found
