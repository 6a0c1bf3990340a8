"""An account's life: opened, described, restricted, blocked, reopened, closed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from cardholders import queries as cardholders
from cardholders.models import CardholderStatus
from issuing_portal.core.actors import Actor
from issuing_portal.core.errors import DomainError, InvalidInput
from issuing_portal.core.operations import operation
from issuing_portal.events.operations import record
from issuing_portal.ledger import queries
from issuing_portal.ledger.models import Account, AccountStatus
from issuing_portal.ledger.operations.booking import AccountRestricted
from issuing_portal.ledger.wire import told
from issuing_portal.partners import queries as partners
from issuing_portal.partners.models import Programme, ProgrammeStatus


class ExternalIdTaken(DomainError):
    code, status, title = "external_id_taken", 409, "Another account has this external_id."


class ProgrammeNotActive(DomainError):
    code, status, title = "programme_not_active", 409, "The programme is {status}; accounts are opened in an active one."


class CardholderClosed(DomainError):
    code, status, title = "cardholder_closed", 409, "The cardholder is closed; no account can be opened."


class AccountNotEmpty(DomainError):
    code, status, title = "account_not_empty", 409, "The account has {posted} posted and {held} held (minor units); it closes at zero."


@operation
def open_account(*, programme_id: UUID, currency: str, cardholder_id: UUID | None = None, external_id: str | None = None,
                 metadata: dict[str, str] | None = None, by: Actor, now: datetime) -> Account:
    """Open a customer account in the programme's currency, for a cardholder or for none.

    Raises: InvalidInput (programme or cardholder not there, other currency), ProgrammeNotActive, CardholderClosed, ExternalIdTaken.
    """
    programme = _programme(by, programme_id)
    by.require("accounts.open", programme.pk)
    if currency != programme.currency:
        raise InvalidInput(("currency", "currency_not_supported", f"The programme's currency is {programme.currency}."))
    if cardholder_id is not None:
        _check_cardholder(programme, cardholder_id)
    account = Account(partner_id=programme.partner_id, livemode=programme.livemode, programme=programme, cardholder_id=cardholder_id,
                      currency=currency, external_id=external_id, metadata=metadata or {}, created_at=now, updated_at=now)
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError as error:
        raise _known(error) from error
    record("account.opened", subject=account, by=by, at=now, **told(account))
    return account


@operation
def update_account(*, account_id: UUID, changes: dict[str, Any], by: Actor, now: datetime) -> Account:
    """Change `external_id` and `metadata`, whichever are in `changes`. Raises: NotFound, ExternalIdTaken."""
    account = queries.account_for(by, account_id)
    by.require("accounts.open", account.programme_id)
    allowed = {name: value for name, value in changes.items() if name in ("external_id", "metadata")}
    try:
        with transaction.atomic():
            Account.objects.filter(pk=account.pk).update(**allowed, updated_at=now)
    except IntegrityError as error:
        raise _known(error) from error
    account.refresh_from_db()
    record("account.updated", subject=account, by=by, at=now, **told(account))
    return account


@operation
def close_account(*, account_id: UUID, reason: str = "", by: Actor, now: datetime) -> Account:
    """Close an account for good. Raises: NotFound, AccountNotEmpty, AccountRestricted (a block), IllegalMove (closed already)."""
    account = _locked(by, account_id)
    by.require("accounts.close", account.programme_id)
    if account.status == AccountStatus.BLOCKED:
        raise AccountRestricted
    if account.can_become(AccountStatus.CLOSED) and (account.posted_minor or account.held_minor):
        raise AccountNotEmpty(posted=account.posted_minor, held=account.held_minor)
    account.move_to(AccountStatus.CLOSED, now=now)
    record("account.closed", subject=account, by=by, at=now, reason=reason, **told(account))
    return account


@operation
def restrict_account(*, account_id: UUID, reason: str, by: Actor, now: datetime) -> Account:
    """No debits until reopened. From a block it is a loosening, so it asks for the block's permission. Raises: NotFound, IllegalMove."""
    return _restrain(account_id, AccountStatus.RESTRICTED, "account.restricted", reason, by, now)


@operation
def block_account(*, account_id: UUID, reason: str, by: Actor, now: datetime) -> Account:
    """Compliance: no debit, withdrawal, transfer or closure; credits are taken and held. Raises: NotFound, IllegalMove."""
    return _restrain(account_id, AccountStatus.BLOCKED, "account.blocked", reason, by, now)


@operation
def reopen_account(*, account_id: UUID, reason: str, by: Actor, now: datetime) -> Account:
    """Lift a restriction or a block. Raises: NotFound, IllegalMove."""
    return _restrain(account_id, AccountStatus.OPEN, "account.reopened", reason, by, now)


def _restrain(account_id: UUID, target: str, event: str, reason: str, by: Actor, now: datetime) -> Account:
    account = _locked(by, account_id)
    compliance = AccountStatus.BLOCKED in (account.status, target)
    by.require("accounts.block" if compliance else "accounts.restrict", account.programme_id)
    before = account.status
    account.move_to(target, now=now)
    record(event, subject=account, by=by, at=now, reason=reason, internal={"from": before, "to": target}, **told(account))
    return account


def _locked(by: Actor, account_id: UUID) -> Account:
    queries.account_for(by, account_id)
    return Account.objects.select_for_update().get(pk=account_id)


def _programme(by: Actor, programme_id: UUID) -> Programme:
    rows = partners.programmes_seen_by(None) if by.partner_id is None else partners.programmes_of(by.partner_id, bool(by.livemode))
    found = rows.filter(pk=programme_id).first()
    if found is None:
        raise InvalidInput(("programme", "not_found", "There is no such programme."))
    if found.status != ProgrammeStatus.ACTIVE:
        raise ProgrammeNotActive(status=found.status.lower())
    return found


def _check_cardholder(programme: Programme, cardholder_id: UUID) -> None:
    found = cardholders.cardholders_of(programme.partner_id, programme.livemode).filter(pk=cardholder_id).first()
    if found is None:
        raise InvalidInput(("cardholder", "not_found", "There is no such cardholder."))
    if found.programme_id != programme.pk:
        raise InvalidInput(("cardholder", "other_programme", "The cardholder belongs to another programme."))
    if found.status == CardholderStatus.CLOSED:
        raise CardholderClosed


def _known(error: IntegrityError) -> Exception:
    return ExternalIdTaken() if "account_external_id_once" in str(error) else error
