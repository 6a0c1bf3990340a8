"""Every verb on cards, their controls and their secrets."""

from cards.operations.controls import (
    NeedsFourEyes,
    NothingLoosened,
    propose_card_controls,
    propose_programme_controls,
    set_account_controls,
    set_card_controls,
    set_cardholder_controls,
    set_programme_controls,
)
from cards.operations.issuing import (
    AccountNotOpen,
    BulkRefused,
    CardholderNotEligible,
    NewCard,
    ProgrammeNotActive,
    issue_card,
    issue_cards,
    update_card,
)
from cards.operations.keys import rewrap_vault_keys
from cards.operations.lifecycle import (
    EXPIRE_BATCH,
    FrozenByHigherHand,
    activate_card,
    expire_due,
    freeze_card,
    propose_unfreeze,
    terminate_card,
    unfreeze_card,
)
from cards.operations.replacement import AlreadyReplaced, NotReplaceable, Replaced, replace_card
from cards.operations.reveal import NotRevealable, Opened, Revealed, RevealGone, open_reveal_session, view_reveal_session

__all__ = [
    "EXPIRE_BATCH", "AccountNotOpen", "AlreadyReplaced", "BulkRefused", "CardholderNotEligible", "FrozenByHigherHand", "NeedsFourEyes", "NewCard",
    "NotReplaceable", "NotRevealable", "NothingLoosened", "Opened", "ProgrammeNotActive", "Replaced", "RevealGone", "Revealed", "activate_card",
    "expire_due", "freeze_card", "issue_card", "issue_cards", "open_reveal_session", "propose_card_controls", "propose_programme_controls", "propose_unfreeze",
    "replace_card",
    "rewrap_vault_keys", "set_account_controls", "set_card_controls", "set_cardholder_controls", "set_programme_controls", "terminate_card",
    "unfreeze_card", "update_card", "view_reveal_session",
]
