"""In which order people on duty see what nobody has taken: however many come from one network, none is hidden.

At most two of one network stand before all others; within that what says something stands first, and
beside the oldest always the newest, so that neither a flood before her nor one after her buries her.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

TOGETHER = 2  # signals of one network that stand in one row with those of others


class Waits(Protocol):
    """What is known of a signal without opening it."""

    @property
    def rid(self) -> bytes: ...
    @property
    def fires_at(self) -> datetime: ...
    @property
    def told(self) -> bool: ...
    @property
    def network(self) -> bytes | None: ...


T = TypeVar("T", bound=Waits)


def fair(waiting: Sequence[T], heard: Mapping[bytes, int] | None = None) -> list[T]:
    """All of `waiting`, each once, in the order in which they are shown and taken.

    `heard`: how many of a network somebody has taken already, so that taking one does not move up the next.
    """
    heard = heard or {}
    rows: dict[tuple[int, bool], list[T]] = defaultdict(list)
    for of_one in by_network(waiting):
        before = heard.get(of_one[0].network or b"", 0)
        for n, one in enumerate(_both_ends(of_one), before):
            rows[n // TOGETHER, not one.told].append(one)
    return [one for row in sorted(rows) for one in _both_ends(_by_age(rows[row]))]


def newest_of_few(waiting: Sequence[T]) -> datetime | None:
    """When the newest was given, of the first two of each network: the hundredth of one network is no news."""
    return max((one.fires_at for of_one in by_network(waiting) for one in of_one[:TOGETHER]), default=None)


def by_network(waiting: Sequence[T]) -> list[list[T]]:
    """Those of one network together, the oldest first; one of no network (a check-in) stands for itself."""
    found: dict[bytes, list[T]] = defaultdict(list)
    for one in _by_age(waiting):
        found[one.network if one.network is not None else b"-" + one.rid].append(one)
    return list(found.values())


def _by_age(some: Sequence[T]) -> list[T]:
    return sorted(some, key=lambda one: (one.fires_at, one.rid))


def _both_ends(some: Sequence[T]) -> list[T]:
    """The oldest, the newest, the second oldest, and so on."""
    half = (len(some) + 1) // 2
    mixed = [one for pair in zip(some[:half], reversed(some[len(some) - half :]), strict=True) for one in pair]
    return mixed[: len(some)]
