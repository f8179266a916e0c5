"""Which numbers of a row may be written out, so that nobody is counted alone.

A number under five is never written, and none of them can be worked out from those that are: beside a
total and its other parts a small part would stand there all the same, so more is held back until it
could be anything. One mark stands for all that is held back; it does not say why.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf

SMALL = 5  # nothing under this is written out
ROOM = 5  # a small number keeps at least this many other values that it could just as well have


@dataclass(frozen=True, slots=True)
class Sum:
    """What anybody knows: `total` is the sum of `parts` (names of numbers of the row)."""

    total: str
    parts: tuple[str, ...]


def shown(numbers: Mapping[str, int], sums: Sequence[Sum], unpublished: Collection[str] = ()) -> dict[str, int | None]:
    """The numbers that may be written out; None for what is held back.

    `sums` are the additions that hold between the numbers and form no circle (two sums share one number
    at most); `unpublished` ones are not on the page and still must not be worked out.
    """
    hidden = {name for name, n in numbers.items() if n < SMALL} | set(unpublished)
    while (name := _exposed(numbers, sums, hidden)) is not None:
        more = _beside(name, numbers, sums, hidden)
        if more is None:
            break
        hidden.add(more)
    return {name: None if name in hidden else n for name, n in numbers.items()}


def in_steps(n: int) -> int | None:
    """A number that grows from one edition to the next, in whole fives: 7 is "5 or more"; None under five."""
    return n // SMALL * SMALL or None


def bounds(numbers: Mapping[str, int], sums: Sequence[Sum], hidden: Collection[str]) -> dict[str, tuple[float, float]]:
    """What can be worked out about every number from those not in `hidden`: the least and the most it can be."""
    low = {name: 0.0 if name in hidden else float(n) for name, n in numbers.items()}
    high = {name: inf if name in hidden else float(n) for name, n in numbers.items()}
    changed = True
    while changed:
        before = (dict(low), dict(high))
        for sum_ in sums:
            total, parts = sum_.total, sum_.parts
            low[total] = max(low[total], sum(low[p] for p in parts))
            high[total] = min(high[total], sum(high[p] for p in parts))
            for part in parts:
                others = [p for p in parts if p != part]
                low[part] = max(low[part], low[total] - sum(high[p] for p in others))
                high[part] = min(high[part], high[total] - sum(low[p] for p in others))
        changed = (low, high) != before
    return {name: (low[name], high[name]) for name in numbers}


def _exposed(numbers: Mapping[str, int], sums: Sequence[Sum], hidden: Collection[str]) -> str | None:
    """A small number that could be worked out too nearly."""
    ranges = bounds(numbers, sums, hidden)
    for name, n in numbers.items():
        low, high = ranges[name]
        if n < SMALL and high - low < ROOM:
            return name
    return None


def _beside(name: str, numbers: Mapping[str, int], sums: Sequence[Sum], hidden: Collection[str]) -> str | None:
    """What to hold back next for `name`: the smallest part of its own sum, then the total, then anything else."""
    own = [s for s in sums if name == s.total or name in s.parts]
    for candidates in (
        [p for s in own for p in s.parts],
        [s.total for s in own],
        [p for s in sums for p in (*s.parts, s.total)],
    ):
        left = sorted({c for c in candidates if c not in hidden}, key=lambda c: (numbers[c], c))
        if left:
            return left[0]
    return None
