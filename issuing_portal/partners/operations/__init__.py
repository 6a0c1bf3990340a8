"""Writes of partners, programmes, keys and processor connections; split by noun."""

from issuing_portal.partners.operations.connections import (
    ConnectionClosed,
    close_connection,
    create_processor_connection,
    rotate_processor_secret,
)
from issuing_portal.partners.operations.four_eyes import FourEyesNeeded
from issuing_portal.partners.operations.keys import (
    BeyondMaker,
    KeyAlreadyRotated,
    KeyNotInForce,
    KeySpec,
    issue_api_key,
    note_key_used,
    revoke_api_key,
    rotate_api_key,
)
from issuing_portal.partners.operations.partners import create_partner, reactivate_partner, suspend_partner
from issuing_portal.partners.operations.programmes import ProgrammeSpec, create_programme, reactivate_programme, suspend_programme
from issuing_portal.partners.operations.proposals import (
    propose_api_key,
    propose_api_key_rotation,
    propose_processor_connection,
    propose_secret_rotation,
)
from issuing_portal.partners.operations.wrapping import rewrap_connection_secrets

__all__ = [
    "BeyondMaker", "ConnectionClosed", "FourEyesNeeded", "KeyAlreadyRotated", "KeyNotInForce", "KeySpec", "ProgrammeSpec",
    "close_connection", "create_partner", "create_processor_connection", "create_programme", "issue_api_key", "note_key_used",
    "propose_api_key", "propose_api_key_rotation", "propose_processor_connection", "propose_secret_rotation",
    "reactivate_partner", "reactivate_programme", "revoke_api_key", "rewrap_connection_secrets", "rotate_api_key", "rotate_processor_secret",
    "suspend_partner", "suspend_programme",
]
