"""The table at the end: decisions by reason, departments against the file's own sums, latencies, the proof of the ledger.

What was booked is read back through the partner's API, twice over: by adding up the transactions of each account, and by what
is left of its funding. Both must be the file's sum to the penny.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from issuing_portal.core.money import Money
from issuing_portal.sandbox.replay.lines import PartnerLine
from issuing_portal.sandbox.replay.onboarding import Stage
from issuing_portal.sandbox.replay.reading import PurchaseFile
from issuing_portal.sandbox.replay.sending import Sent

FINDINGS_SHOWN = 20


@dataclass(frozen=True)
class Department:
    """Net amounts in minor units: by the file, by the transactions, by the balance; `held`: what is still on hold."""

    name: str
    by_file: int
    by_transactions: int
    by_balance: int
    held: int

    @property
    def agrees(self) -> bool:
        return self.by_file == self.by_transactions == self.by_balance and self.held == 0


@dataclass(frozen=True)
class LedgerProof:
    """What `manage.py verify_ledger` said."""

    passed: bool
    sentence: str


@dataclass(frozen=True)
class Report:
    """Everything that the table shows. Latencies in microseconds by kind of message."""

    file: PurchaseFile
    sent: Sent
    departments: tuple[Department, ...]
    latencies: dict[str, list[int]]
    ledger: LedgerProof
    seconds: float

    @property
    def passed(self) -> bool:
        return self.ledger.passed and not self.sent.findings and all(department.agrees for department in self.departments)

    def lines(self) -> list[str]:
        """The table as text."""
        return [*self._rows(), "", *self._decisions(), "", *self._departments(), "", *self._latencies(), "", *self._end()]

    def _rows(self) -> list[str]:
        refunds = sum(purchase.is_refund for purchase in self.file.purchases)
        lines = [f"Rows        {len(self.file.purchases):,} sent: {len(self.file.purchases) - refunds:,} purchases, {refunds:,} refunds; "
                 f"{self.file.spellings} spellings of {len(self.file.departments)} departments; {len(self.file.refused):,} rows refused"]
        return lines + [f"  line {line}: {why}" for line, why in self.file.refused]

    def _decisions(self) -> list[str]:
        lines = ["Decisions", *(f"  {reason:<32}{count:>10,}" for reason, count in self.sent.decisions.most_common()), "Messages after them"]
        lines += [f"  {f'{path} {result}':<32}{count:>10,}" for (path, result), count in sorted(self.sent.results.items())]
        if self.sent.repeated:
            lines.append(f"  {'taps repeated after a fault':<32}{self.sent.repeated:>10,}")
        shown = self.sent.findings[:FINDINGS_SHOWN]
        lines += [f"  FINDING line {line}: {what}" for line, what in shown]
        return lines + ([f"  … and {len(self.sent.findings) - len(shown)} more"] if len(self.sent.findings) > len(shown) else [])

    def _departments(self) -> list[str]:
        def line(name: str, by_file: str, booked: str, left: str, mark: str) -> str:
            return f"  {name:<32}{by_file:>18}{booked:>18}{left:>18}  {mark}"

        def money(minor: int) -> str:
            return Money(minor, self.file.currency).major()

        lines = [f"{f'Departments ({self.file.currency})':<34}{'file':>18}{'transactions':>18}{'balance':>18}"]
        lines += [line(one.name[:31], money(one.by_file), money(one.by_transactions), money(one.by_balance),
                       "equal" if one.agrees else "DIFFERS" + (f", {money(one.held)} still held" if one.held else "")) for one in self.departments]
        by_file, booked, left = (money(sum(getattr(one, name) for one in self.departments)) for name in ("by_file", "by_transactions", "by_balance"))
        return [*lines, line("all", by_file, booked, left, "equal" if all(one.agrees for one in self.departments) else "DIFFERS")]

    def _latencies(self) -> list[str]:
        lines = [f"{'Latency (ms, round trip)':<34}{'messages':>10}{'p50':>10}{'p95':>10}{'p99':>10}{'max':>10}"]
        for path, found in self.latencies.items():
            figures = "".join(f"{_milliseconds(percentile(found, share)):>10}" for share in (50, 95, 99, 100))
            lines.append(f"  {path:<32}{len(found):>10,}{figures}")
        return lines

    def _end(self) -> list[str]:
        verdict = "Every sum equals the file's." if self.passed else "NOT PROVEN: see above."
        return [f"Ledger      {self.ledger.sentence}", f"{verdict} {self.seconds:,.0f} s in all."]


def percentile(found: Sequence[int], share: int) -> int:
    """The nearest-rank percentile; `share` 100 is the greatest."""
    return sorted(found)[max(1, math.ceil(len(found) * share / 100)) - 1]


def _milliseconds(microseconds: int) -> str:
    return f"{microseconds // 1000}.{microseconds % 1000 // 100}"


def booked(line: PartnerLine, file: PurchaseFile, stage: Stage) -> tuple[Department, ...]:
    """Read back what every account says. Raises: ReplayFailed."""
    sums = file.sums
    found = []
    for key, name in file.departments.items():
        account = stage.accounts[key]
        balance = line.get(f"/v1/accounts/{account}")["balance"]
        transactions = sum(row["amount"] if row["type"] != "refund" else -row["amount"] for row in line.every("/v1/transactions", account=account))
        found.append(Department(name, sums[key], transactions, stage.funded[key] - balance["posted"], balance["held"]))
    return tuple(found)
