"""Writes of cardholders: who they are (registration), what they may do (standing). Every verb is here by its name."""

from cardholders.operations.registration import (
    BusinessRefused,
    CardholderClosed,
    ExternalIdTaken,
    Facts,
    NewCardholder,
    ProgrammeNotActive,
    create_cardholder,
    update_cardholder,
)
from cardholders.operations.standing import (
    NotApproved,
    RestrictedByHigherHand,
    StopReason,
    SuspendedByHigherHand,
    close_cardholder,
    hand_of,
    mark_kyc,
    reactivate_cardholder,
    restrict_cardholder,
    set_requirements,
    suspend_cardholder,
)

__all__ = [
    "BusinessRefused", "CardholderClosed", "ExternalIdTaken", "Facts", "NewCardholder", "NotApproved", "ProgrammeNotActive",
    "RestrictedByHigherHand", "StopReason", "SuspendedByHigherHand", "close_cardholder", "create_cardholder", "hand_of", "mark_kyc",
    "reactivate_cardholder", "restrict_cardholder", "set_requirements", "suspend_cardholder", "update_cardholder",
]
