"""Every verb about people. Four eyes in general are in staff/proposals.py."""

from issuing_portal.staff.operations.factors import FactorCheck, change_factor, make_recovery_codes, step_up
from issuing_portal.staff.operations.grants import end_what_is_over, expire_grants, propose_grant, propose_revocation
from issuing_portal.staff.operations.invitations import (
    Accepted,
    Invited,
    Newcomer,
    accept_invitation,
    add_demo_person,
    invite_again,
    invite_first_administrator,
    invite_user,
)
from issuing_portal.staff.operations.people import change_password, deactivate_user, end_other_sessions, propose_factor_reset, reactivate_user
from issuing_portal.staff.operations.signing_in import Circumstances, record_failed_password, record_sign_out, sign_in
from issuing_portal.staff.operations.wrapping import rewrap_authenticators

__all__ = [
    "Accepted", "Circumstances", "FactorCheck", "Invited", "Newcomer", "accept_invitation", "add_demo_person", "change_factor",
    "change_password", "deactivate_user", "end_other_sessions", "end_what_is_over", "expire_grants", "invite_again", "invite_first_administrator",
    "invite_user", "make_recovery_codes", "propose_factor_reset", "propose_grant", "propose_revocation", "reactivate_user",
    "record_failed_password", "record_sign_out", "rewrap_authenticators", "sign_in", "step_up",
]
