"""What the benchmarks say: ratios beside their targets and the absolute rate of the baseline."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure. `sign` is ">=", "<=", or "" for what has no target; `base`: what it was measured against."""

    name: str
    value: float
    sign: str
    target: float
    base: str
    unit: str = ""

    @property
    def met(self) -> bool:
        if self.sign == ">=":
            return self.value >= self.target
        return not self.sign or self.value <= self.target

    def cells(self) -> tuple[str, ...]:
        """The row as words."""
        return (
            self.name,
            f"{self.value:.2f}{self.unit}",
            f"{self.sign} {self.target:g}{self.unit}" if self.sign else "",
            "" if not self.sign else "ok" if self.met else "MISSED",
            self.base,
        )


@dataclass(frozen=True, slots=True)
class Pair:
    """Medians of two things measured in turns."""

    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs

    def words(self, unit: str) -> str:
        """Both absolute figures."""
        return f"{self.theirs:,.0f}{unit} bare, {self.ours:,.0f}{unit} ours"


HEAD = ("what", "figure", "target", "", "against")


def in_turns(ours: Callable[[int], float], theirs: Callable[[int], float], rounds: int) -> Pair:
    """Measure both in turns (A B A B …), since a machine shared with others changes under our hands."""
    a, b = [], []
    for number in range(rounds):
        a.append(ours(number))
        b.append(theirs(number))
    return Pair(median(a), median(b))


def printed(rows: Iterable[Row]) -> str:
    """The rows as one table, and below it which targets are missed."""
    found = list(rows)
    lines = [HEAD, *(row.cells() for row in found)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    text.insert(1, "-" * max(len(line) for line in text))
    aimed = [row for row in found if row.sign]
    missed = [row for row in aimed if not row.met]
    text += [
        "",
        *(
            f"MISSED: {row.name}: {row.value:.2f}{row.unit}, wanted {row.sign} {row.target:g}{row.unit}"
            for row in missed
        ),
    ]
    text.append(f"{len(aimed) - len(missed)} of {len(aimed)} targets met.")
    return "\n".join(text)
