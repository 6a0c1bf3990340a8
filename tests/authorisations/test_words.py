"""The words of a declined limit: amounts as people read them, and only such ways out as would help."""

from typing import Any

import pytest

from authorisations.explanations import explain
from authorisations.facts import Step

DAILY = {"interval": "daily", "unit": "amount", "control": "card", "limit": 30_000, "used": 1_250, "asked": 29_000,
         "resets_at": "2026-11-25T00:00:00+00:00"}


def words(currency: str = "GBP", **numbers: Any) -> str:
    steps = [Step("currency", "passed", {"billed": currency, "account": currency}), Step("limits", "refused", DAILY | numbers)]
    return explain(steps, audience="partner")[-1]["detail"]


def test_amounts_are_in_the_currency_of_the_account() -> None:
    assert words() == ("The daily limit of this card is 300.00 GBP; 12.50 GBP are used and 287.50 GBP are left. "
                       "It would pass with a smaller amount or a higher limit, or after 25 November 2026, 00:00 UTC.")
    assert words("JPY").startswith("The daily limit of this card is 30,000 JPY; 1,250 JPY are used and 28,750 JPY are left.")


@pytest.mark.parametrize(("numbers", "way"), [
    ({"asked": 40_000}, "It would pass with a smaller amount or a higher limit."),
    ({"used": 30_000}, "It would pass with a higher limit, or after 25 November 2026, 00:00 UTC."),
    ({"interval": "lifetime", "used": 29_000, "asked": 2_000}, "It would pass with a smaller amount or a higher limit."),
    ({"unit": "count", "limit": 3, "used": 3, "asked": 1}, "It would pass with a higher limit, or after 25 November 2026, 00:00 UTC."),
    ({"interval": "per_authorisation", "asked": 40_000, "used": 0}, "A smaller amount, or a higher limit, would pass."),
])
def test_only_what_would_help_is_offered(numbers: dict[str, Any], way: str) -> None:
    assert words(**numbers).endswith(way)
