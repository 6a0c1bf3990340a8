"""Money: integer minor units and an ISO 4217 currency, always together. No float, no Decimal but for display."""

from dataclasses import dataclass

import iso4217

BIGINT_MAX = 2**63 - 1
AMOUNT_MAX = 10**15
"""The most that one message may carry (ten thousand milliards of major units): sums stay far from bigint's end."""


class CurrencyMismatch(TypeError):
    """Two currencies met in one sum."""


EXPONENTS: dict[str, int] = {item.code: item.exponent for item in iso4217.Currency if item.exponent is not None}


def exponent(currency: str) -> int:
    """Digits after the point of a currency (JPY 0, GBP 2, KWD 3). Raises KeyError for an unknown code. Source: ISO 4217."""
    return EXPONENTS[currency]


def is_currency(code: object) -> bool:
    """Whether `code` is an alphabetic ISO 4217 code that money can be counted in."""
    return isinstance(code, str) and code in EXPONENTS


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of a currency: `Money(1250, "GBP")` is twelve pounds fifty."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"minor units are an int, not {type(self.minor).__name__}")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor < other.minor

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not add up")

    def major(self) -> str:
        """`1,234.50`: grouped, with the currency's own number of decimals, a true minus sign before negatives."""
        digits = exponent(self.currency)
        whole, fraction = divmod(abs(self.minor), 10**digits)
        text = f"{whole:,}" + (f".{fraction:0{digits}d}" if digits else "")
        return f"\N{MINUS SIGN}{text}" if self.minor < 0 else text

    def format(self) -> str:
        """`1,234.50 GBP`, for people."""
        return f"{self.major()} {self.currency}"
