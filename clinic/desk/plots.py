"""Bars by month, as numbers for an SVG that the server draws; what is held back is a mark, not a bar."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 12, 26
GAP = 0.25  # of a month's width stays empty
STEPS = (1, 2, 5)
MOST_TICKS = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of series `series` (0…), in pixels from the top left corner."""

    x: float
    y: float
    width: float
    height: float
    series: int


@dataclass(frozen=True, slots=True)
class Plot:
    """What the template draws: bars, marks (x, y) of what is held back, grid lines (y, number), months (x, words)."""

    bars: tuple[Bar, ...]
    marks: tuple[tuple[float, float], ...]
    ticks: tuple[tuple[float, int], ...]
    months: tuple[tuple[float, str], ...]


def bars(labels: Sequence[str], series: Sequence[Sequence[int | None]]) -> Plot:
    """Groups of bars, a group for each label; `series` are as long as `labels`."""
    step = tick_step(max((n for one in series for n in one if n is not None), default=0))
    highest = step * max(1, -(-max((n for one in series for n in one if n is not None), default=0) // step))
    inner_width, inner_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    group = inner_width / max(1, len(labels))
    width = group * (1 - GAP) / max(1, len(series))
    base = HEIGHT - BOTTOM
    drawn, marks = [], []
    for at, _label in enumerate(labels):
        for which, one in enumerate(series):
            x, n = LEFT + group * (at + GAP / 2) + width * which, one[at]
            if n is None:
                marks.append((round(x + width / 2, 1), base - 5.0))
            else:
                height = inner_height * n / highest
                drawn.append(Bar(round(x, 1), round(base - height, 1), round(width, 1), round(height, 1), which))
    return Plot(
        bars=tuple(drawn),
        marks=tuple(marks),
        ticks=tuple((round(base - inner_height * n / highest, 1), n) for n in range(0, highest + 1, step)),
        months=tuple((round(LEFT + group * (at + 0.5), 1), label) for at, label in enumerate(labels)),
    )


def tick_step(highest: int) -> int:
    """The distance of grid lines: 1, 2 or 5 times a power of ten, at most four of them above zero."""
    power = 1
    while True:
        for one in STEPS:
            if one * power * MOST_TICKS >= highest:
                return one * power
        power *= 10
