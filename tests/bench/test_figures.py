"""The bench's sums: the schedule, percentiles, medians and ratios, and what is made of rounds."""

from xml.etree import ElementTree

import pytest

from bench import plot, report
from bench.figures import arrivals, median, percentile, ratio, rotated


def test_the_schedule_is_fixed_ahead_and_carries_the_whole_load():
    due = arrivals(rate=300, seconds=10, seed=7)
    assert due == arrivals(rate=300, seconds=10, seed=7) != arrivals(rate=300, seconds=10, seed=8)
    assert len(due) == 3000 and due == sorted(due) and due[0] > 0 and due[-1] < 10


def test_arrivals_come_in_bunches_as_a_poisson_process_does():
    due = arrivals(rate=400, seconds=20, seed=1)
    gaps = [after - before for before, after in zip(due, due[1:], strict=False)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert mean == pytest.approx(1 / 400, rel=0.01)
    assert spread == pytest.approx(mean, rel=0.1)  # of exponential gaps; a metronome's would be nothing


@pytest.mark.parametrize(("share", "value"), [(0, 1), (50, 50), (95, 95), (99, 99), (99.5, 100), (100, 100)])
def test_percentiles_are_by_nearest_rank(share: float, value: int):
    assert percentile(list(range(100, 0, -1)), share) == value


def test_small_sets_and_nothing():
    assert percentile([7], 99) == 7
    assert percentile([], 99) is None
    assert median([3, 1, 2]) == 2
    assert median([4, 1, 2, 3]) == 2.5
    assert median([None, 5]) == 5
    assert median([None]) is None
    assert ratio(1, 4) == 0.25
    assert ratio(1, 0) is None and ratio(None, 1) is None


def test_every_round_starts_one_further_on():
    assert [rotated(["a", "b", "c"], number) for number in range(4)] == [["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"], ["a", "b", "c"]]


def a_round(product: float, pgbench: float, **over: object) -> report.Round:
    found: report.Round = {
        "pgbench": {"per_second": pgbench, "errors": 0}, "drf": {"per_second": product / 10, "errors": 0, "unserved": 0},
        "product": {"per_second": product, "p50_ms": 8.0, "p95_ms": 12.0, "p99_ms": 15.0, "errors": 0, "unserved": 0},
        "hot": {"per_second": product * 0.8, "errors": 0, "unserved": 0},
        "empty_300": {"per_second": 300.0, "p50_ms": 1.0, "p99_ms": 3.0, "errors": 0, "unserved": 0},
        "product_300": {"per_second": 300.0, "p50_ms": 4.0, "p99_ms": 9.0, "errors": 0, "unserved": 0},
        "product_450": {"per_second": 450.0, "p50_ms": 5.0, "p99_ms": 20.0, "errors": 0, "unserved": 0}}
    found["product_450"] |= over
    return found


def test_a_ratio_is_the_median_of_the_rounds_ratios():
    # The second round met a busy machine: both sides of its ratio did.
    found = report.summary([a_round(500, 1000), a_round(100, 250), a_round(600, 1000)])
    assert found["to_pgbench"] == 0.5
    assert found["to_drf"] == 10
    assert found["hot_to_spread"] == 0.8
    assert found["p50_to_empty"] == 4
    assert found["p99_ms_at_300"] == 9 and found["p99_ms_at_450"] == 20
    assert found["large_to_small"] is None
    assert found["errors"] == found["unserved"] == 0


def test_what_the_contract_names_is_there():
    names = {"to_pgbench", "to_drf", "p50_ms_at_300", "p99_ms_at_300", "p99_ms_at_450", "hot_to_spread", "large_to_small", "errors"}
    assert names <= set(report.summary([a_round(500, 1000)]))


def test_errors_and_unserved_are_summed_over_all_rounds():
    found = report.summary([a_round(500, 1000, errors=2, unserved=1), a_round(500, 1000, errors=3)])
    assert (found["errors"], found["unserved"]) == (5, 1)
    assert report.kept("errors", found["errors"]) == "MISSED"


@pytest.mark.parametrize(("name", "value", "word"), [
    ("to_pgbench", 0.40, "holds"), ("to_pgbench", 0.399, "MISSED"), ("p99_ms_at_300", 50.0, "holds"), ("p99_ms_at_300", 50.1, "MISSED"),
    ("large_to_small", None, ""), ("p50_ms_at_300", 3.0, "")])
def test_a_floor_holds_or_is_missed(name: str, value: float | None, word: str):
    assert report.kept(name, value) == word


def test_the_table_names_every_run_and_says_what_is_missed():
    rounds = [a_round(300, 1000)]
    text = report.table(rounds, report.summary(rounds))
    assert "product, one hot account" in text and "product, large set" not in text
    assert [line.split() for line in text.splitlines() if line.startswith("to_pgbench")] == [["to_pgbench", "0.3", ">=", "0.4", "MISSED"]]


def test_the_plot_is_svg_with_a_dot_for_every_round():
    root = ElementTree.fromstring(plot.svg([a_round(500, 1000), a_round(400, 900)], title="Two <rounds>"))
    circles = root.findall("{http://www.w3.org/2000/svg}circle")
    assert len(circles) == 2 * (4 + 3)
    assert "Two <rounds>" in "".join(root.itertext())
