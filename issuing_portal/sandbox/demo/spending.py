"""Weeks of taps on the demo's cards, with what follows them: clearings, reversals, refunds, and declines for every common reason.

Drawn from a seeded generator, so that every installation shows the same weeks; dated back from the day on which it is loaded.
"""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from authorisations import operations as authorisations
from authorisations.messages import Merchant as TapMerchant
from authorisations.messages import PartialMerchant, Presentment, Reversal, Tap, Verification
from authorisations.operations.taps import Arrival, Line
from cards.models import Card
from issuing_portal.sandbox.demo import cast

SEED = 20260714
DAYS, TAPS_A_DAY = 21, 12
CLEARED, REVERSED = 88, 5
"""Of a hundred approved taps; the rest stay open."""
MISHAPS = 16
"""Of a hundred taps, those that are made to fail."""


@dataclass
class Spending:
    """One run over the stage. `line` is the demo partner's processor connection."""

    line: Line
    currency: str
    paying: list[Card]
    refused: list[Card]
    began: datetime
    now: datetime
    random: Random = field(default_factory=lambda: Random(SEED))
    agenda: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    numbers: Any = field(default_factory=count)

    def run(self) -> None:
        """Everything that falls before `now`, in the order of time."""
        for day in range(DAYS):
            for _ in range(self.random.randrange(TAPS_A_DAY - 5, TAPS_A_DAY + 6)):
                at = self.began + timedelta(days=day, minutes=self.random.randrange(7 * 60, 21 * 60), seconds=self.random.randrange(60))
                self._plan(at, self._mishap if self.random.randrange(100) < MISHAPS else self._purchase)
        for day in (5, 17):
            self._plan(self.began + timedelta(days=day, hours=6), self._forced_clearing)
        while self.agenda:
            at, _, act = heapq.heappop(self.agenda)
            if at < self.now:
                act(at)

    def _plan(self, at: datetime, act: Callable[[datetime], None]) -> None:
        heapq.heappush(self.agenda, (at, next(self.numbers), act))

    def _purchase(self, at: datetime) -> None:
        card, merchant = self.random.choice(self.paying), self.random.choice(cast.MERCHANTS)
        reference, amount = self._reference(), self._amount(merchant)
        answer = self._tap(reference, card, merchant, amount, at)
        if answer["decision"] != "approved":
            return
        fate = self.random.randrange(100)
        if fate < CLEARED:
            self._plan(self._later(at, 1, 3), lambda then: self._clear(reference, card, merchant, amount, then))
        elif fate < CLEARED + REVERSED:
            self._plan(at + timedelta(minutes=self.random.randrange(2, 90)), lambda then: self._reverse(reference, then))

    def _mishap(self, at: datetime) -> None:
        """A tap that some rule refuses."""
        card, merchant = self.random.choice(self.paying), self.random.choice(cast.MERCHANTS)
        amount, reference = self._amount(merchant), self._reference()
        kind = self.random.randrange(8)
        if kind < 3:
            self._tap(reference, self.random.choice(self.refused), merchant, amount, at)
        elif kind == 3:
            self._tap(reference, card, cast.CASINO, self._amount(cast.CASINO), at)
        elif kind == 4:
            self._tap(reference, card, cast.FAR_AWAY, self._amount(cast.FAR_AWAY), at)
        elif kind == 5:
            self._tap(reference, card, merchant, 50_100 + amount, at)
        elif kind == 6:
            self._tap(reference, card, merchant, amount, at, verification=Verification(cvv="mismatch", expiry="match"))
        else:
            self._tap(reference, card, cast.CASH_MACHINE, 1_000 * self.random.randrange(1, 20), at, kind="cash",
                      verification=Verification(pin=self.random.choice(["match", "mismatch"])))

    def _tap(self, reference: str, card: Card, merchant: cast.Merchant, amount: int, at: datetime, **more: Any) -> dict[str, Any]:
        tap = Tap(**{"network_reference": reference, "kind": "authorisation", "card": card.public_id, "amount": amount, "currency": self.currency,
                     "channel": merchant.channel, "finality": "final", **more,
                     "merchant": TapMerchant(id=merchant.id, name=merchant.name, mcc=merchant.mcc, country=merchant.country, city=merchant.city)})
        return authorisations.authorise(tap=tap, line=self.line, arrival=Arrival(at=at, started=time.perf_counter()))

    def _clear(self, reference: str, card: Card, merchant: cast.Merchant, amount: int, at: datetime) -> None:
        told = Presentment(network_reference=f"{reference}C", original_network_reference=reference, currency=self.currency, card=card.public_id,
                           amount=amount if self.random.randrange(12) else max(1, amount - amount // 5))
        authorisations.clear(told=told, line=self.line, by=self.line.actor, now=at)
        if not self.random.randrange(20):
            self._plan(self._later(at, 3, 8), lambda then: self._refund(reference, card, merchant, amount, then))

    def _reverse(self, reference: str, at: datetime) -> None:
        told = Reversal(network_reference=f"{reference}R", original_network_reference=reference, currency=self.currency)
        authorisations.reverse(told=told, line=self.line, by=self.line.actor, now=at)

    def _refund(self, reference: str, card: Card, merchant: cast.Merchant, amount: int, at: datetime) -> None:
        told = Presentment(network_reference=f"{reference}F", original_network_reference=reference, currency=self.currency, card=card.public_id,
                           amount=max(1, amount // 2), merchant=_acceptor(merchant))
        authorisations.refund(told=told, line=self.line, by=self.line.actor, now=at)

    def _forced_clearing(self, at: datetime) -> None:
        card, merchant = self.random.choice(self.paying), self.random.choice(cast.MERCHANTS)
        told = Presentment(network_reference=self._reference(), currency=self.currency, card=card.public_id, amount=self._amount(merchant),
                           merchant=_acceptor(merchant))
        authorisations.clear(told=told, line=self.line, by=self.line.actor, now=at)

    def _later(self, at: datetime, least: int, most: int) -> datetime:
        return (at + timedelta(days=self.random.randrange(least, most + 1))).replace(hour=self.random.randrange(2, 6))

    def _amount(self, merchant: cast.Merchant) -> int:
        """Small ones are frequent, large ones rare."""
        return min(self.random.randrange(merchant.least, merchant.most + 1) for _ in range(3))

    def _reference(self) -> str:
        return f"{262331000000000000 + next(self.numbers)}"


def _acceptor(merchant: cast.Merchant) -> PartialMerchant:
    return PartialMerchant(id=merchant.id, name=merchant.name, mcc=merchant.mcc, country=merchant.country, city=merchant.city)
