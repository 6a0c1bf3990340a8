"""The policy in force: what it may ask for, why it may refuse, how many approvals it wants. A case pins its version.

Each reason has its words for the applicant and the partner; CONFIDENTIAL ones have none, and look outside like every other of
their kind (DESIGN §8, three audiences).
"""

from collections.abc import Iterable

POLICY_VERSION = "2026-11.1"

REASONS: dict[str, str] = {
    "identity_not_verified": "We could not verify the identity from what was given.",
    "document_unreadable": "A document could not be read.",
    "document_expired": "A document has expired.",
    "address_not_verified": "We could not verify the address.",
    "ownership_unclear": "Who owns or controls the business is not clear yet.",
    "information_missing": "Information that was asked for is missing.",
    "outside_policy": "The programme cannot serve this customer.",
}
"""Reasons of a rejection that may be told, by code."""

CONFIDENTIAL: dict[str, str] = {
    "sanctions_match": "A sanctions match",
    "fraud_suspicion": "Suspicion of fraud",
    "document_forged": "A forged document",
    "risk_too_high": "Risk beyond appetite",
}
"""Reasons that stay with staff, in their words."""

OUTSIDE = ("declined_by_issuer", "The issuer has declined this application.")

REQUESTS: dict[str, str] = {
    "identity_document": "Please send a valid passport, identity card or driving licence.",
    "proof_of_address": "Please send a proof of address that is not older than three months.",
    "source_of_funds": "Please tell where the money comes from, with a document that shows it.",
    "ownership": "Please send a document that shows who owns the business.",
    "clarification": "Please look at your details and correct what is not right.",
}
"""What an applicant may be asked for, by code."""


def approvals_needed(version: str) -> int:
    """How many people approve a case under this version. The risk levels that ask two come with the review."""
    return 1


def told_outside(codes: Iterable[str]) -> list[dict[str, str]]:
    """Reasons as partner and applicant may read them: [{code, text}], every confidential one behind the same words."""
    told = [(code, REASONS[code]) if code in REASONS else OUTSIDE for code in codes]
    return [{"code": code, "text": text} for code, text in dict.fromkeys(told)]


def told_staff(code: str) -> str:
    """A reason in the words of staff."""
    return CONFIDENTIAL.get(code) or REASONS.get(code) or code


def requests_for(codes: Iterable[str]) -> list[dict[str, str]]:
    """[{code, text}] of REQUESTS. Raises: KeyError."""
    return [{"code": code, "text": REQUESTS[code]} for code in dict.fromkeys(codes)]
