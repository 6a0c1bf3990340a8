"""From rounds to one page: the medians, the table, the JSON. Every round is kept."""

from collections.abc import Sequence
from typing import Any

from bench.figures import median, ratio

Round = dict[str, dict[str, Any]]
RUNS = {
    "pgbench": "pgbench, the tap's own statements",
    "drf": "baseline: DRF, ORM, select_for_update",
    "product": "product, spread",
    "hot": "product, one hot account",
    "large": "product, large set",
    "empty_300": "signed empty view at 300/s",
    "product_300": "product at 300/s",
    "product_450": "product at 450/s",
}
"""Name of a run → its title; in the order of the table."""
FLOORS = {"to_pgbench": (">=", 0.40), "to_drf": (">=", 8.0), "p50_to_empty": ("<=", 5.0), "p99_ms_at_300": ("<=", 50.0),
          "p99_ms_at_450": ("<=", 100.0), "hot_to_spread": (">=", 0.7), "large_to_small": (">=", 0.9), "errors": ("<=", 0), "unserved": ("<=", 0)}
"""What the tap path is held to on two cores that also run the database and the generator."""


def summary(rounds: Sequence[Round]) -> dict[str, Any]:
    """The figures to quote. A ratio is the median of the rounds' ratios: the two sides of each were measured seconds apart."""
    def of(run: str, figure: str) -> list[float | None]:
        return [one.get(run, {}).get(figure) for one in rounds]

    def ratios(run: str, other: str, figure: str = "per_second") -> float | None:
        return median([ratio(mine, theirs) for mine, theirs in zip(of(run, figure), of(other, figure), strict=True)])

    found: dict[str, Any] = {
        "to_pgbench": ratios("product", "pgbench"), "to_drf": ratios("product", "drf"),
        "p50_ms_at_300": median(of("product_300", "p50_ms")), "p99_ms_at_300": median(of("product_300", "p99_ms")),
        "p50_ms_at_450": median(of("product_450", "p50_ms")), "p99_ms_at_450": median(of("product_450", "p99_ms")),
        "p50_ms_empty_at_300": median(of("empty_300", "p50_ms")), "p50_to_empty": ratios("product_300", "empty_300", "p50_ms"),
        "hot_to_spread": ratios("hot", "product"), "large_to_small": ratios("large", "product"),
    }
    found = {name: value if value is None else round(value, 3) for name, value in found.items()}
    return found | {figure: sum(run.get(figure) or 0 for one in rounds for run in one.values()) for figure in ("errors", "unserved")}


def kept(name: str, value: float | None) -> str:
    """How a figure stands to its floor: "", "holds" or "MISSED"."""
    if name not in FLOORS or value is None:
        return ""
    sign, bound = FLOORS[name]
    return "holds" if (value >= bound if sign == ">=" else value <= bound) else "MISSED"


def table(rounds: Sequence[Round], found: dict[str, Any]) -> str:
    """The page for the terminal."""
    head = f"medians of {len(rounds)} round(s)"
    lines = ["", f"{head:<42}{'per s':>9}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'errors':>8}{'unserved':>10}"]
    for run, title in RUNS.items():
        if any(run in one for one in rounds):
            cells = [median([one.get(run, {}).get(figure) for one in rounds]) for figure in ("per_second", "p50_ms", "p95_ms", "p99_ms")]
            lost = [sum(one.get(run, {}).get(figure) or 0 for one in rounds) for figure in ("errors", "unserved")]
            lines.append(f"{title:<42}" + f"{_cell(cells[0], 0):>9}" + "".join(f"{_cell(cell, 1):>9}" for cell in cells[1:])
                         + f"{lost[0]:>8}{lost[1]:>10}")
    lines.append("")
    for name, value in found.items():
        bound = f"{FLOORS[name][0]} {FLOORS[name][1]:g}" if name in FLOORS else ""
        lines.append(f"{name:<24}{'–' if value is None else f'{value:g}':>10}   {bound:<8} {kept(name, value)}".rstrip())
    return "\n".join(lines)


def _cell(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
