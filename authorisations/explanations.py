"""What each rule found, in words: one text for staff with every number, one for partner and cardholder with the way out.

Every entry is {rule, outcome, detail}, in the order of evaluation (API.md §2).
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from authorisations.facts import Step
from issuing_portal.core.money import Money

Audience = Literal["staff", "partner"]
Numbers = dict[str, Any]
Text = Callable[[Numbers], str]

OWNERS = {"card": "this card", "cardholder": "this cardholder", "account": "this account", "programme": "the programme",
          "single_use": "a single-use card"}


def _owner(numbers: Numbers) -> str:
    return OWNERS.get(numbers.get("control", ""), "the programme")


def _much(numbers: Numbers, minor: int) -> str:
    """An amount as people read it, in the account's currency."""
    return Money(minor, numbers["currency"]).format()


def _limit(numbers: Numbers) -> str:
    if numbers.get("control") == "single_use":
        return "The card is good for one payment and has been used. A new card would be needed."
    owner, limit, asked = _owner(numbers), numbers["limit"], numbers["asked"]
    if numbers["interval"] == "per_authorisation":
        return (f"The limit of {owner} is {_much(numbers, limit)} for one payment; {_much(numbers, asked)} were asked. "
                "A smaller amount, or a higher limit, would pass.")
    interval, used, left = str(numbers["interval"]).replace("_", " "), numbers["used"], max(0, limit - numbers["used"])
    ways = ["a higher limit"]
    if numbers["unit"] == "count":
        told = f"The {interval} limit of {owner} is {limit} payments; {used} are used."
    else:
        told = f"The {interval} limit of {owner} is {_much(numbers, limit)}; {_much(numbers, used)} are used and {_much(numbers, left)} are left."
        if left:
            ways.insert(0, "a smaller amount")
    # A new period helps only where the payment would fit into an empty one, and a lifetime has no next.
    later = f", or after {_moment(numbers['resets_at'])}" if asked <= limit and numbers["interval"] != "lifetime" else ""
    return f"{told} It would pass with {' or '.join(ways)}{later}."


def _moment(text: str) -> str:
    """`25 November 2026, 00:00 UTC`."""
    at = datetime.fromisoformat(text).astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def _funds(numbers: Numbers) -> str:
    available = max(0, numbers["available"])
    return (f"{_much(numbers, numbers['asked'])} were asked and {_much(numbers, available)} are available. "
            f"It would pass with {_much(numbers, numbers['asked'] - numbers['available'])} more on the account.")


def _listed(what: str) -> Text:
    return lambda numbers: (f"The {what} {numbers['value']} is not allowed by the controls of {_owner(numbers)}. "
                            "Changing those controls would let it pass.")


REFUSED: dict[str, Text] = {
    "order": lambda n: "The network reversed this payment before it asked for it; nothing was held.",
    "card": lambda n: f"The card is {n['status'].lower()}. Only an active card can pay." if "status" in n else
        "No card of this programme answers to the number that the merchant sent.",
    "expiry": lambda n: f"The card was good through {n['expires_on']}. A renewed card would be needed.",
    "verification": lambda n: "The PIN was wrong." if n.get("pin") == "mismatch" else
        "The security code, the expiry date or the chip's cryptogram did not match. Entering the card's details again may help.",
    "cardholder": lambda n: "The cardholder's profile is not active. The issuer of the card can say what is needed.",
    "kyc": lambda n: "The identity checks of the cardholder are not complete.",
    "account": lambda n: "The account of this card is closed." if n.get("status") == "CLOSED" else
        "The account of this card cannot be debited at present.",
    "currency": lambda n: f"The payment was billed in {n['billed']}; the account is in {n['account']}.",
    "merchant_category": _listed("merchant category"),
    "country": _listed("country"),
    "merchant": lambda n: "The card is locked to the merchant where it was used first." if "locked_to" in n else _listed("merchant")(n),
    "channel": lambda n: f"Payments by {n['value']} are switched off for {_owner(n)}. Switching them on would let it pass.",
    "limits": _limit,
    "funds": _funds,
    "race": lambda n: "Other payments took the last of the funds or of a limit at the same moment.",
}
PASSED = {
    "order": "No reversal came before it.", "card": "The card is active.", "expiry": "The card has not expired.",
    "verification": "Nothing that was checked was false.", "cardholder": "The cardholder is active.", "kyc": "The identity checks are complete.",
    "account": "The account is open.", "currency": "The currency is the account's.", "merchant_category": "The merchant category is allowed.",
    "country": "The country is allowed.", "merchant": "The merchant is allowed.", "channel": "The channel is switched on.",
    "limits": "Within every limit.", "funds": "The funds are there.", "race": "",
}


def explain(steps: Sequence[Step], *, audience: Audience) -> list[dict[str, Any]]:
    """The evaluation in words; staff also get the numbers of every step."""
    found = []
    currency = next((step.numbers["account"] for step in steps if step.rule == "currency"), "")
    for step in steps:
        passed = step.outcome == "passed"
        entry: dict[str, Any] = {"rule": step.rule, "outcome": step.outcome,
                                 "detail": PASSED[step.rule] if passed else REFUSED[step.rule](step.numbers | {"currency": currency})}
        if audience == "staff":
            entry["numbers"] = step.numbers
        found.append(entry)
    return found
