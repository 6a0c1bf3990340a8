"""The processor's side: every purchase as a signed authorisation and its clearing, every negative row as a refund.

Day by day in time order. A day's authorisations first, several clients at once, those of one card always one after the other;
then its clearings and refunds, as a network presents them in one file, those of one account one after the other: they lock the
account's row for longer than a tap may wait.
"""

import time
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

REPEATS = 8
"""A tap that the entry could not decide at all (`system_error`, nothing recorded) is repeated under its own reference."""


@dataclass
class Sent:
    """What came of it. `decisions` by reason, `results` by (message, result), `findings` as (line, what), `repeated` taps."""

    decisions: Counter[str] = field(default_factory=Counter)
    results: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: list[tuple[int, str]] = field(default_factory=list)
    repeated: int = 0


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
                    approved = [one for found in pool.map(self._taps, _grouped(day, lambda one: one.card)) for one in found]
                    presented = sorted([one for one in day if one.is_refund] + approved, key=lambda one: (one.at, one.line))
                    list(pool.map(self._presentments, _grouped(presented, lambda one: one.department)))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        self.sent.findings.sort()
        return self.sent

    def _taps(self, purchases: list[Purchase]) -> list[Purchase]:
        """Send the authorisations of one card; those that were approved."""
        approved = []
        for purchase in purchases:
            if purchase.is_refund:
                continue
            if self._tap(purchase):
                approved.append(purchase)
            else:
                self.step()
        return approved

    def _presentments(self, purchases: list[Purchase]) -> None:
        for purchase in purchases:
            if purchase.is_refund:
                self._tell("refunds", purchase, {})
            else:
                self._tell("clearings", purchase, {"original_network_reference": self.file.reference(purchase)})
            self.step()

    def _tap(self, purchase: Purchase) -> bool:
        tap = {"network_reference": self.file.reference(purchase), "kind": "authorisation", "card": self.stage.cards[purchase.card],
               "amount": purchase.billed, "currency": purchase.billing_currency, "merchant": merchant_of(purchase),
               "channel": channel_for(purchase.merchant_name), "finality": "final", "requested_at": to_wire(purchase.at)} | foreign_amount(purchase)
        answer = self.line.send("authorisations", tap)
        for attempt in range(REPEATS):
            if answer["reason"] != "system_error" or answer["authorisation"]:
                break
            time.sleep(0.1 * 2**attempt)
            answer = self.line.send("authorisations", tap)
            with self.lock:
                self.sent.repeated += 1
        with self.lock:
            self.sent.decisions[answer["reason"]] += 1
        if answer["decision"] != "approved":
            self._find(purchase, f"declined: {answer['reason']}")
        return bool(answer["decision"] == "approved")

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


def _days(purchases: tuple[Purchase, ...]) -> Iterator[list[Purchase]]:
    for _, of_day in groupby(purchases, key=lambda purchase: purchase.on):
        yield list(of_day)


def _grouped(purchases: list[Purchase], key: Callable[[Purchase], object]) -> list[list[Purchase]]:
    groups: dict[object, list[Purchase]] = defaultdict(list)
    for purchase in purchases:
        groups[key(purchase)].append(purchase)
    return list(groups.values())
