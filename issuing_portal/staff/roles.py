"""Who may do what: one verb per act, a set of verbs per role. Which programmes a role holds for is said by its grant.

Operations ask `by.require(verb, programme_id)`; pages `@staff_page(verb)`; templates get plain booleans. A role is no
rank: an administrator runs the installation and sees no cardholder's papers, an auditor sees and never touches.
"""

from issuing_portal.staff.models import Role

EVERYONE = "everyone"
"""The verb of pages that every signed-in member of staff may open (home, my account)."""

_READ_BUSINESS = {"cardholders.read", "cards.read", "accounts.read", "authorisations.read", "programmes.read", "partners.read"}
_COMPLIANCE = _READ_BUSINESS | {"kyc.read", "kyc.decide", "personal.read", "audit.read", "proposals.read", "cards.freeze_issuer"}
_COMPLIANCE_LEAD = _COMPLIANCE | {
    "cardholders.suspend", "cardholders.reactivate", "cardholders.close", "kyc.approve",
    "accounts.restrict", "accounts.block", "cards.unfreeze_issuer", "cards.approve",
}
_EVERY_READ = _READ_BUSINESS | {"kyc.read", "api_keys.read", "connections.read", "audit.read", "staff.read", "proposals.read", "health.read"}

VERBS: dict[str, frozenset[str]] = {
    Role.ANALYST: frozenset(_COMPLIANCE),
    Role.COMPLIANCE_LEAD: frozenset(_COMPLIANCE_LEAD),
    Role.MLRO: frozenset(_COMPLIANCE_LEAD | {"audit.export", "audit.verify", "staff.read"}),
    Role.SENIOR_MANAGER: frozenset(_EVERY_READ | {
        "personal.read", "audit.export", "kyc.approve", "accounts.approve", "authorisations.approve", "cards.approve",
        "programmes.approve", "partners.approve"}),
    Role.PROGRAMME_MANAGER: frozenset(_READ_BUSINESS | {
        "personal.read", "proposals.read", "health.read", "cardholders.suspend", "cardholders.reactivate", "cardholders.close",
        "cards.issue", "cards.freeze", "cards.unfreeze", "cards.terminate", "cards.replace", "cards.controls",
        "accounts.open", "accounts.fund", "accounts.transfer", "accounts.restrict", "accounts.close",
        "authorisations.release", "programmes.create", "programmes.update", "programmes.fund", "programmes.approve",
        "partners.create", "api_keys.read", "connections.read"}),
    Role.FULFILMENT_OPERATOR: frozenset({"cardholders.read", "cards.read", "programmes.read"}),
    Role.FINANCE: frozenset(_READ_BUSINESS | {
        "accounts.open", "accounts.fund", "accounts.withdraw", "accounts.transfer", "accounts.restrict", "accounts.close",
        "accounts.adjust", "accounts.approve", "authorisations.release", "authorisations.approve", "programmes.fund",
        "audit.read", "proposals.read"}),
    Role.SUPPORT: frozenset({
        "cardholders.read", "cards.read", "cards.freeze", "cards.unfreeze", "accounts.read", "authorisations.read", "programmes.read"}),
    Role.AUDITOR: frozenset(_EVERY_READ | {"personal.read", "admin.read", "audit.export", "audit.verify"}),
    Role.EXTERNAL_AUDITOR: frozenset(_READ_BUSINESS | {"audit.read", "audit.verify", "proposals.read"}),
    Role.ADMINISTRATOR: frozenset({
        "staff.read", "staff.invite", "staff.grant", "staff.approve_grant", "staff.deactivate", "staff.reset_factor", "staff.approve_reset",
        "partners.read", "partners.create", "partners.suspend", "partners.approve", "programmes.read", "programmes.create",
        "api_keys.read", "api_keys.create", "api_keys.rotate", "api_keys.revoke",
        "connections.read", "connections.create", "connections.rotate",
        "audit.read", "audit.verify", "health.read", "admin.read", "proposals.read"}),
}

ALL_VERBS = frozenset().union(*VERBS.values())

STEP_UP_VERBS = frozenset({
    "staff.grant", "staff.approve_grant", "staff.reset_factor", "staff.approve_reset", "api_keys.create", "api_keys.rotate", "api_keys.revoke",
    "connections.create", "connections.rotate", "partners.approve", "accounts.withdraw", "accounts.adjust",
})
"""Verbs that want the second factor again, unless it was given within STAFF_STEP_UP."""
