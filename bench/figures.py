"""Pure sums of the bench: arrival times, percentiles, medians, ratios. No clock, no network."""

import math
import random
from collections.abc import Sequence


def arrivals(*, rate: int, seconds: float, seed: int) -> list[float]:
    """Seconds from the start at which each of `rate * seconds` requests is due: a Poisson process, fixed ahead.

    Exponential gaps, scaled so that exactly that many arrive within `seconds`: each run carries the same load.
    """
    count = round(rate * seconds)
    chance = random.Random(seed)  # noqa: S311 - load, not secrets
    gaps = [chance.expovariate(1.0) for _ in range(count + 1)]
    scale = seconds / sum(gaps)
    due, passed = [], 0.0
    for gap in gaps[:-1]:
        passed += gap
        due.append(passed * scale)
    return due


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile: the smallest value that at least `share` per cent of all do not exceed. None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)]


def median(values: Sequence[float | None]) -> float | None:
    """The middle of what there is, or the mean of the two in the middle. None of nothing."""
    ordered = sorted(value for value in values if value is not None)
    if not ordered:
        return None
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def ratio(one: float | None, other: float | None) -> float | None:
    """one ÷ other; None where either is not there or the divisor is zero."""
    return one / other if one is not None and other else None


def rotated(names: Sequence[str], round_number: int) -> list[str]:
    """The order of one round: each starts one further on, so that none always follows the same neighbour's dirt."""
    start = round_number % len(names)
    return [*names[start:], *names[:start]]
