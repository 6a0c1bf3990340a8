"""Writes of the ledger, by noun: booking, programmes, accounts, movements, proposals. This is the outside path to all of them."""

from issuing_portal.ledger.operations.accounts import (
    AccountNotEmpty,
    CardholderClosed,
    ExternalIdTaken,
    ProgrammeNotActive,
    block_account,
    close_account,
    open_account,
    reopen_account,
    restrict_account,
    update_account,
)
from issuing_portal.ledger.operations.booking import (
    AccountClosed,
    AccountRestricted,
    HoldMissing,
    InsufficientFunding,
    InsufficientFunds,
    Leg,
    book,
    release_hold,
    take_hold,
)
from issuing_portal.ledger.operations.four_eyes import FourEyesNeeded
from issuing_portal.ledger.operations.movements import book_adjustment, book_fund, book_withdrawal, fund_account, transfer, withdraw
from issuing_portal.ledger.operations.programmes import (
    TEST_FUNDING_MINOR,
    book_confirmed_funding,
    confirm_funding,
    open_programme_accounts,
    set_up_programme,
)
from issuing_portal.ledger.operations.proposals import propose_adjustment, propose_confirmed_funding, propose_funding, propose_withdrawal
from issuing_portal.ledger.operations.verifications import record_verification

__all__ = [
    "TEST_FUNDING_MINOR", "AccountClosed", "AccountNotEmpty", "AccountRestricted", "CardholderClosed", "ExternalIdTaken", "FourEyesNeeded",
    "HoldMissing", "InsufficientFunding", "InsufficientFunds", "Leg", "ProgrammeNotActive", "block_account", "book", "book_adjustment",
    "book_confirmed_funding", "book_fund", "book_withdrawal", "close_account", "confirm_funding", "fund_account", "open_account",
    "open_programme_accounts", "propose_adjustment", "propose_confirmed_funding", "propose_funding", "propose_withdrawal", "record_verification",
    "release_hold", "reopen_account", "restrict_account", "set_up_programme", "take_hold", "transfer", "update_account", "withdraw",
]
