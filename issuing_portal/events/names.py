"""The vocabulary: `<noun>.<past participle>`, one list for timeline, metric and (later) webhook type.

PARTNER_TYPES are API.md's; STAFF_TYPES never leave the portal. A type outside these two lists is refused by record().
"""

PARTNER_TYPES = frozenset({
    "cardholder.created", "cardholder.updated", "cardholder.activated", "cardholder.restricted", "cardholder.suspended", "cardholder.closed",
    "kyc_case.submitted", "kyc_case.information_requested", "kyc_case.approved", "kyc_case.rejected",
    "card.issued", "card.activated", "card.frozen", "card.unfrozen", "card.terminated", "card.replaced", "card.expired",
    "authorisation.approved", "authorisation.declined", "authorisation.incremented", "authorisation.reversed",
    "authorisation.expired",
    "transaction.posted", "transaction.refunded", "account.funded",
    # Ours beyond API.md's list, in the same grammar.
    "kyc_case.opened", "kyc_case.withdrawn", "card.updated", "card.controls_changed", "spend_control.created",
    "reveal_session.created", "reveal_session.viewed", "account.opened", "account.updated", "account.withdrawn",
    "account.transferred", "account.closed", "api_key.created", "api_key.rotated", "api_key.revoked",
})
STAFF_TYPES = frozenset({
    "user.invited", "user.enrolled", "user.deactivated", "user.reactivated", "user.signed_in", "user.signed_out", "user.sign_in_failed",
    "user.locked_out", "user.factor_reset", "user.recovery_codes_made", "user.password_changed", "grant.given", "grant.revoked", "grant.ended",
    "proposal.made", "proposal.approved", "proposal.refused", "proposal.expired",
    "partner.created", "partner.suspended", "partner.reactivated", "programme.created", "programme.updated", "programme.funded",
    "processor_connection.created", "processor_connection.rotated", "processor_connection.closed",
    "account.restricted", "account.blocked", "account.reopened", "account.adjusted", "record.viewed", "export.made",
    "ledger.verified", "audit.verified", "kyc_case.taken", "kyc_case.first_approved",
})
ALL_TYPES = PARTNER_TYPES | STAFF_TYPES
