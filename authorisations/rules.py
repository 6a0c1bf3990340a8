"""The decision: pure, ordered, explainable. No ORM, no clock, no settings.

The same decide() serves the live tap and the dry run. Each rule looks at facts and tap and returns the stable reason
of its refusal, or None, with the numbers it looked at; the first refusal ends the evaluation.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from authorisations.facts import ControlFacts, Decision, Step, Take, TapFacts
from authorisations.messages import Tap
from cards.controls import BEGINNING, window_of

VERSION = "2026-11-23"
"""Of the rules below: stored with every decision; raise it when one of them changes its mind."""

Finding = tuple[str | None, dict[str, Any]]
Rule = Callable[[TapFacts, Tap, datetime], Finding]

SINGLE_USE, MERCHANT_LOCK = "single_use", "merchant"
LIFETIME = int(BEGINNING.timestamp())
CHANNEL_SWITCHES = {"ecommerce": "ecommerce", "manual": "ecommerce", "recurring": "ecommerce",
                    "contactless": "contactless", "magstripe": "magstripe", "atm": "atm"}
"""Tap channel → the switch that governs it; chip has none (API.md, controls)."""
MEASURES = (("amount", "limit_exceeded"), ("count", "count_limit_exceeded"))
"""What a limit may bound → the reason of going over it. An increment was counted when its authorisation was made."""
CARD_REASONS = {"INACTIVE": "card_inactive", "FROZEN": "card_frozen", "TERMINATED": "card_terminated", "EXPIRED": "card_expired"}


def order(facts: TapFacts, tap: Tap, at: datetime) -> Finding:
    """A reversal that came before its authorisation is kept, and wins."""
    return ("reversed_before_authorisation" if facts.reversed_before else None), {}


def card(facts: TapFacts, tap: Tap, at: datetime) -> Finding:
    if facts.card is None:
        return "card_not_found", {}
    return CARD_REASONS.get(facts.card.status), {"status": facts.card.status}


def expiry(facts: TapFacts, tap: Tap, at: datetime) -> Finding:
    """The card is good through the last day of its month, by the programme's calendar."""
    assert facts.card and facts.programme
    today = at.astimezone(ZoneInfo(facts.programme.timezone)).date()
    return ("card_expired" if today > facts.card.expires_on else None), {"expires_on": str(facts.card.expires_on), "on": str(today)}


def verification(facts: TapFacts, tap: Tap, at: datetime) -> Finding:
    """What the processor found false of CVV2, expiry, cryptogram or PIN."""
    told = tap.verification
    numbers = {"cvv": told.cvv, "expiry": told.expiry, "cryptogram": told.cryptogram, "pin": told.pin}
    if told.pin == "mismatch":
        return "pin_incorrect", numbers
    return ("verification_failed" if "mismatch" in (told.cvv, told.expiry, told.cryptogram) else None), numbers


def cardholder(facts: TapFacts, tap: Tap, at: datetime) -> Finding:
    """The card user, and the business it is carried for, must not be suspended or closed."""
    people = [person for person in (facts.user, facts.business) if person]
    numbers = {"user": facts.user.status if facts.user else None, "business": facts.business.status if facts.business else None}
    return ("cardholder_not_active" if any(person.status in ("SUSPENDED", "CLOSED") for person in people) else None), numbers


def kyc(facts: TapFacts, tap: Tap, at: datetime) -> Finding:
    """The customer is approved, and the card user meets the programme's card_user_policy."""
    assert facts.user and facts.programme and facts.customer
    numbers = {"customer": facts.customer.kyc_status, "user": facts.user.kyc_status, "policy": facts.programme.card_user_policy}
    if facts.customer.kyc_status != "APPROVED":
        return "kyc_incomplete", numbers
    if facts.business and facts.programme.card_user_policy == "full_kyc" and facts.user.kyc_status != "APPROVED":
        return "kyc_incomplete", numbers
    if facts.business and facts.programme.card_user_policy == "screening_only" and facts.user.screening_status != "CLEAR":
        return "kyc_incomplete", numbers
    return None, numbers


def account(facts: TapFacts, tap: Tap, at: datetime) -> Finding:
    assert facts.account and facts.programme
    numbers = {"status": facts.account.status, "programme": facts.programme.status}
    if facts.account.status == "CLOSED":
        return "account_closed", numbers
    refused = facts.account.status != "OPEN" or facts.programme.status != "ACTIVE"
    return ("account_restricted" if refused else None), numbers


def currency(facts: TapFacts, tap: Tap, at: datetime) -> Finding:
    """The billed amount is in the account's currency; the merchant's own may be any."""
    assert facts.account
    return (None if tap.currency == facts.account.currency else "currency_not_supported"), {"billed": tap.currency, "account": facts.account.currency}


def _listed(facts: TapFacts, value: str, allowed: str, blocked: str, reason: str) -> Finding:
    for control in facts.controls:
        permitted, refused = control.spec.get(allowed) or [], control.spec.get(blocked) or []
        if value in refused or permitted and value not in permitted:
            return reason, {"value": value, "control": control.owner_kind, "version": control.version}
    return None, {"value": value}


def merchant_category(facts: TapFacts, tap: Tap, at: datetime) -> Finding:
    return _listed(facts, tap.merchant.mcc, "allowed_mccs", "blocked_mccs", "mcc_blocked")


def country(facts: TapFacts, tap: Tap, at: datetime) -> Finding:
    return _listed(facts, tap.merchant.country, "allowed_countries", "blocked_countries", "country_blocked")


def merchant(facts: TapFacts, tap: Tap, at: datetime) -> Finding:
    """Merchant lists, and the merchant that a merchant-locked card is locked to."""
    assert facts.card
    lock = facts.window(facts.card.windows_id, MERCHANT_LOCK, LIFETIME)
    if facts.card.type == "merchant_locked" and lock and lock.label != tap.merchant.id:
        return "merchant_blocked", {"value": tap.merchant.id, "locked_to": lock.label}
    return _listed(facts, tap.merchant.id, "allowed_merchants", "blocked_merchants", "merchant_blocked")


def channel(facts: TapFacts, tap: Tap, at: datetime) -> Finding:
    wanted = [CHANNEL_SWITCHES[tap.channel]] if tap.channel in CHANNEL_SWITCHES else []
    wanted += ["wallet"] if tap.wallet else []
    for control in facts.controls:
        switches = control.spec.get("channels") or {}
        for name in wanted:
            if switches.get(name) is False:
                return "channel_blocked", {"value": name, "control": control.owner_kind, "version": control.version}
    return None, {"value": tap.channel}


def limits(facts: TapFacts, tap: Tap, at: datetime) -> Finding:
    """Every limit of every control in force: the stricter wins, because each must hold."""
    if not tap.holds:
        return None, {}
    checked = []
    for control in facts.controls:
        for limit in control.spec.get("limits") or []:
            for measure, reason in MEASURES if facts.raises is None else MEASURES[:1]:
                if limit.get(measure) is not None:
                    found = measured(facts, control, limit, measure, tap.amount, at)
                    if found["over"]:
                        return reason, found
                    checked.append(found)
    assert facts.card
    used = facts.window(facts.card.windows_id, SINGLE_USE, LIFETIME)
    if facts.card.type == "single_use" and used and used.count and facts.raises is None:
        return "count_limit_exceeded", {"interval": "lifetime", "limit": 1, "used": used.count, "control": "single_use"}
    return None, {"checked": checked}


def measured(facts: TapFacts, control: ControlFacts, limit: dict[str, Any], measure: str, amount: int, at: datetime) -> dict[str, Any]:
    """One limit held against one amount: used, asked, and whether it would go over."""
    most, asked = limit[measure], amount if measure == "amount" else 1
    numbers = {"interval": limit["interval"], "limit": most, "unit": measure, "control": control.owner_kind, "version": control.version}
    if limit["interval"] == "per_authorisation":
        used = facts.raises or 0 if measure == "amount" else 0
        return numbers | {"used": used, "asked": asked, "over": used + asked > most}
    starts_at, ends_at = window_of(limit["interval"], control.spec.get("timezone") or "UTC", at)
    window = facts.window(facts.window_owner(control), limit["interval"], int(starts_at.timestamp()))
    used = (window.spent_minor if measure == "amount" else window.count) if window else 0
    return numbers | {"used": used, "asked": asked, "over": used + asked > most, "resets_at": ends_at.isoformat()}


def funds(facts: TapFacts, tap: Tap, at: datetime) -> Finding:
    """The whole amount, or what there is of it where the terminal takes a part."""
    if not tap.holds:
        return None, {}
    assert facts.account
    available = facts.account.available_minor
    numbers = {"available": available, "asked": tap.amount, "partial_supported": tap.partial_supported}
    enough = tap.amount <= available or tap.partial_supported and available > 0
    return (None if enough else "insufficient_funds"), numbers


RULES: tuple[Rule, ...] = (order, card, expiry, verification, cardholder, kyc, account, currency, merchant_category, country,
                           merchant, channel, limits, funds)


def decide(facts: TapFacts, tap: Tap, at: datetime) -> Decision:
    """Approve or decline one tap on these facts; `at` is the instant for windows and expiry."""
    steps = []
    for rule in RULES:
        reason, numbers = rule(facts, tap, at)
        steps.append(Step(rule.__name__, "refused" if reason else "passed", numbers))
        if reason:
            return Decision(approved=False, reason=reason, approved_minor=0, held_minor=0, takes=(), steps=tuple(steps))
    assert facts.account
    approved = min(tap.amount, facts.account.available_minor) if tap.holds else 0
    reason = "approved_partial" if tap.holds and approved < tap.amount else "approved"
    takes = takes_of(facts, tap, approved, at) if tap.holds else ()
    return Decision(approved=True, reason=reason, approved_minor=approved, held_minor=approved, takes=takes, steps=tuple(steps))


def takes_of(facts: TapFacts, tap: Tap, amount: int, at: datetime) -> tuple[Take, ...]:
    """What an approval takes of which windows, in the one order in which everyone takes them."""
    found: dict[tuple[str, str], Take] = {}
    times = 1 if facts.raises is None else 0
    for control in facts.controls:
        for limit in control.spec.get("limits") or []:
            if limit["interval"] == "per_authorisation":
                continue
            starts_at, ends_at = window_of(limit["interval"], control.spec.get("timezone") or "UTC", at)
            owner = facts.window_owner(control)
            known = found.get((str(owner), limit["interval"]))
            found[str(owner), limit["interval"]] = Take(
                owner_id=owner, limit_key=limit["interval"], starts_at=starts_at, ends_at=ends_at, amount_minor=amount, count=times,
                max_minor=limit.get("amount") if limit.get("amount") is not None else known.max_minor if known else None,
                max_count=limit.get("count") if limit.get("count") is not None else known.max_count if known else None)
    assert facts.card
    starts_at, ends_at = window_of("lifetime", "UTC", at)
    if facts.card.type == "single_use":
        found[str(facts.card.windows_id), SINGLE_USE] = Take(facts.card.windows_id, SINGLE_USE, starts_at, ends_at, amount, times, max_count=1)
    if facts.card.type == "merchant_locked":
        found[str(facts.card.windows_id), MERCHANT_LOCK] = Take(facts.card.windows_id, MERCHANT_LOCK, starts_at, ends_at, amount, times, label=tap.merchant.id)
    return tuple(found[key] for key in sorted(found))
