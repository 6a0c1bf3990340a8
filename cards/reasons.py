"""Why a card is stopped: the codes that staff choose from, and those that never leave the house (DESIGN §8, three audiences).

Partners give reasons of their own words; only RESERVED ones are refused, so that no word of theirs reads as ours.
"""

from django.db import models

CARDHOLDER_REQUEST = "cardholder_request"
PARTNER_REQUEST = "partner_request"
REPLACED, EXPIRED = "replaced", "expired"
UNDER_REVIEW, REVIEW_CLOSED, ISSUER_DECISION = "under_review", "review_closed", "issuer_decision"
"""All that is said outside of what the issuer's own hand did: a stop, its lifting, an end."""


class OpenReason(models.TextChoices):
    """May be said outside."""

    CARDHOLDER_REQUEST = CARDHOLDER_REQUEST, "The cardholder asked for it"
    PARTNER_REQUEST = PARTNER_REQUEST, "The partner asked for it"
    LOST = "lost", "Lost"
    STOLEN = "stolen", "Stolen"
    PROGRAMME_RULES = "programme_rules", "Against the programme's rules"
    OTHER = "other", "Something else"


class ConfidentialReason(models.TextChoices):
    """Outside all of these are one and the same."""

    FRAUD_SUSPICION = "fraud_suspicion", "Suspicion of fraud"
    SCREENING_MATCH = "screening_match", "A screening match"
    COMPLIANCE_REVIEW = "compliance_review", "A compliance review"
    AUTHORITY_REQUEST = "authority_request", "An authority asked for it"


CONFIDENTIAL = frozenset(ConfidentialReason.values)
RESERVED = CONFIDENTIAL | {UNDER_REVIEW, REVIEW_CLOSED, ISSUER_DECISION}
STAFF_REASONS = [*OpenReason.choices, *ConfidentialReason.choices]
