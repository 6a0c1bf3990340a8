"""The plot: throughput as bars, latency at the open-loop rates as ranges, each round a dot. SVG by hand, no library."""

from collections.abc import Sequence
from html import escape

from bench.figures import median
from bench.report import RUNS, Round

WIDTH, ROW, LEFT, RIGHT, TOP = 860, 30, 290, 90, 56
STYLE = """<style>
text{font:13px system-ui,sans-serif;fill:#1f2933}.title{font-size:16px;font-weight:600}.small{font-size:11px;fill:#52606d}
.bar{fill:#9fb3c8}.mine{fill:#2f6f6b}.range{stroke:#9fb3c8;stroke-width:10}.dot{fill:#1f2933;fill-opacity:.55}.rule{stroke:#d9e2ec}
</style>"""


def svg(rounds: Sequence[Round], *, title: str) -> str:
    """Both charts, one above the other."""
    throughput = [run for run in RUNS if not _is_open(run) and any(run in one for one in rounds)]
    latency = [run for run in RUNS if _is_open(run) and any(run in one for one in rounds)]
    parts = [_caption(24, title, "title"), _caption(44, "Taps a second, closed loop: median (bar) and every round (dots)", "small")]
    y = TOP
    top = max((value for run in throughput for value in _values(rounds, run, "per_second")), default=1.0)
    for run in throughput:
        parts += _bar(y, run, _values(rounds, run, "per_second"), top)
        y += ROW
    y += 34
    parts.append(_caption(y - 12, "Milliseconds from the scheduled arrival, open loop: p50 to p99 (medians), and each round's p99 (dots)", "small"))
    top = max((value for run in latency for value in _values(rounds, run, "p99_ms")), default=1.0)
    for run in latency:
        parts += _range(y, run, _values(rounds, run, "p50_ms"), _values(rounds, run, "p99_ms"), top)
        y += ROW
    height = y + 20
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
            f'aria-label="{escape(title)}">{STYLE}<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n')


def _is_open(run: str) -> bool:
    return run.rpartition("_")[2].isdigit()


def _values(rounds: Sequence[Round], run: str, figure: str) -> list[float]:
    return [value for one in rounds if (value := one.get(run, {}).get(figure)) is not None]


def _x(value: float, top: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * value / (top or 1.0)


def _caption(y: int, text: str, kind: str) -> str:
    return f'<text x="16" y="{y}" class="{kind}">{escape(text)}</text>'


def _label(y: int, run: str) -> str:
    return f'<text x="{LEFT - 10}" y="{y + 18}" text-anchor="end">{escape(RUNS[run])}</text>'


def _dots(y: int, values: Sequence[float], top: float) -> list[str]:
    return [f'<circle cx="{_x(value, top):.1f}" cy="{y + 13}" r="3" class="dot"/>' for value in values]


def _bar(y: int, run: str, values: Sequence[float], top: float) -> list[str]:
    middle = median(values) or 0.0
    kind = "bar" if run in ("pgbench", "drf") else "mine"
    return [_label(y, run), f'<rect x="{LEFT}" y="{y + 4}" width="{_x(middle, top) - LEFT:.1f}" height="18" class="{kind}"/>',
            *_dots(y, values, top), f'<text x="{_x(max([*values, middle]), top) + 10:.1f}" y="{y + 18}">{middle:,.0f}</text>']


def _range(y: int, run: str, low: Sequence[float], high: Sequence[float], top: float) -> list[str]:
    begin, end = median(low) or 0.0, median(high) or 0.0
    return [_label(y, run), f'<line x1="{_x(begin, top):.1f}" x2="{_x(end, top):.1f}" y1="{y + 13}" y2="{y + 13}" class="range"/>',
            *_dots(y, high, top), f'<text x="{_x(max([*high, end]), top) + 10:.1f}" y="{y + 18}">{begin:.1f} – {end:.1f}</text>']
