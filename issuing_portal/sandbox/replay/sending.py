"""The processor's side: every purchase as a signed authorisation and its clearing, every negative row as a refund.

Day by day in time order; within a day several clients send at once, the purchases of one card always one after the other.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from threading import Lock
from typing import Any

from issuing_portal.core.clock import to_wire
from issuing_portal.sandbox.purchase_mapping import channel_for, country_for, mcc_for, merchant_id_for
from issuing_portal.sandbox.replay.lines import ProcessorLine
from issuing_portal.sandbox.replay.onboarding import Stage
from issuing_portal.sandbox.replay.reading import Purchase, PurchaseFile


@dataclass
class Sent:
    """What came of it. `decisions` by reason, `results` by (message, result), `findings` as (line, what)."""

    decisions: Counter[str] = field(default_factory=Counter)
    results: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Sending:
    """One run of it. `step` is told after each purchase."""

    line: ProcessorLine
    file: PurchaseFile
    stage: Stage
    clients: int
    step: Callable[[], None]
    sent: Sent = field(default_factory=Sent)
    lock: Any = field(default_factory=Lock)

    def run(self) -> Sent:
        """Send everything. Raises: ReplayFailed when nobody answers any more."""
        with ThreadPoolExecutor(self.clients) as pool:
            try:
                for day in _days(self.file.purchases):
                    list(pool.map(self._one_after_the_other, day))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        self.sent.findings.sort()
        return self.sent

    def _one_after_the_other(self, purchases: list[Purchase]) -> None:
        for purchase in purchases:
            if purchase.is_refund:
                self._refund(purchase)
            else:
                self._pay(purchase)
            self.step()

    def _pay(self, purchase: Purchase) -> None:
        reference = self.file.reference(purchase)
        tap = {"network_reference": reference, "kind": "authorisation", "card": self.stage.cards[purchase.card], "amount": purchase.billed,
               "currency": purchase.billing_currency, "merchant": merchant_of(purchase), "channel": channel_for(purchase.merchant_name),
               "finality": "final", "requested_at": to_wire(purchase.at)} | foreign_amount(purchase)
        answer = self.line.send("authorisations", tap)
        with self.lock:
            self.sent.decisions[answer["reason"]] += 1
        if answer["decision"] != "approved":
            self._find(purchase, f"declined: {answer['reason']}")
            return
        self._tell("clearings", purchase, {"original_network_reference": reference})

    def _refund(self, purchase: Purchase) -> None:
        self._tell("refunds", purchase, {})

    def _tell(self, path: str, purchase: Purchase, more: dict[str, Any]) -> None:
        message = {"network_reference": self.file.reference(purchase), "card": self.stage.cards[purchase.card], "amount": abs(purchase.billed),
                   "currency": purchase.billing_currency, "merchant": merchant_of(purchase), "final": True,
                   "cleared_at": to_wire(purchase.at)} | foreign_amount(purchase) | more
        result = self.line.send(path, message)["result"]
        with self.lock:
            self.sent.results[path, result] += 1
        if result not in ("booked", "replayed"):
            self._find(purchase, f"{path}: {result}")

    def _find(self, purchase: Purchase, what: str) -> None:
        with self.lock:
            self.sent.findings.append((purchase.line, what))


def merchant_of(purchase: Purchase) -> dict[str, str]:
    """The card acceptor, as far as the file and our mapping know it."""
    return {"id": merchant_id_for(purchase.merchant_name), "name": purchase.merchant_name, "mcc": mcc_for(purchase.category),
            "country": country_for(purchase.currency)}


def foreign_amount(purchase: Purchase) -> dict[str, Any]:
    """The merchant's own amount, where the purchase was in another currency than the bill."""
    if purchase.currency == purchase.billing_currency:
        return {}
    return {"merchant_amount": abs(purchase.amount), "merchant_currency": purchase.currency}


def _days(purchases: tuple[Purchase, ...]) -> Iterator[list[list[Purchase]]]:
    """Each day's purchases, by card."""
    for _, of_day in groupby(purchases, key=lambda purchase: purchase.on):
        by_card = defaultdict(list)
        for purchase in of_day:
            by_card[purchase.card].append(purchase)
        yield list(by_card.values())
