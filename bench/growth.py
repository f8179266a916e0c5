"""The same searches with 10,000 and with 1,000,000 stored appointments: how much slower they become.

The stored ones lie 22 days back to 14 days ahead, evenly over places, rooms and days. No question about
free times is asked twice, so that no ready answer is measured.
"""

import random
from collections.abc import Iterable, Iterator
from datetime import timedelta
from urllib.parse import quote

from bench import city, load, serving
from bench.city import SERVICES
from bench.table import Pair, Row, in_turns
from bench.world import World
from clinic import clock

FEW, MANY = 10_000, 1_000_000
ROUNDS, SECONDS = 5, 1.5
TARGET = 1.3
TOWNS = ("Алматы", "Астана", "Шымкент", "Караганда", "Актобе")
DAYS, PART = 13, 2000


def run(world: World) -> Iterable[Row]:
    """Free times of any place and day, then the 20 nearest places with their next free time."""
    few, many = world.sqlite("few", FEW), world.sqlite("many", MANY)
    with serving.app(few) as a, serving.app(many) as b:
        asked = _of_any_place()
        first = next(asked)
        cold = Pair(_once(b.port, first), _once(a.port, first))
        yield Row("free times just after a start, 100 times the rows", 1 / cold.ratio, "", 0, _words(cold), "x")
        for port in (a.port, b.port):  # every day of every place is in memory from here on
            load.measure(port, [_slots(city.slug(n), 1, 14) for n in range(1, city.PLACES + 1)], 60, "once").expect(200)
        parts = [next(asked) for _ in range(ROUNDS)]
        found = in_turns(lambda n: _once(b.port, parts[n]), lambda n: _once(a.port, parts[n]), ROUNDS)
        yield Row("free times, 100 times the rows", 1 / found.ratio, "<=", TARGET, _words(found), "x")
        lists = [load.get(f"/api/v1/locations?q={quote(town)}&service={s}") for town in TOWNS for s in SERVICES]
        found = in_turns(
            lambda _n: load.measure(b.port, lists, SECONDS).expect(200).rate,
            lambda _n: load.measure(a.port, lists, SECONDS).expect(200).rate,
            ROUNDS,
        )
        yield Row("nearest places, 100 times the rows", 1 / found.ratio, "<=", TARGET, _words(found), "x")


def _once(port: int, questions: list[bytes]) -> float:
    return load.measure(port, questions, SECONDS, "once").expect(200).rate


def _of_any_place() -> Iterator[list[bytes]]:
    """Parts of all questions about one place and day, none twice."""
    every = [_slots(city.slug(n), ahead, 1) for n in range(1, city.PLACES + 1) for ahead in range(1, DAYS + 1)]
    random.Random(3).shuffle(every)
    return (every[at : at + PART] for at in range(0, len(every), PART))


def _slots(slug: str, ahead: int, days: int) -> bytes:
    day = clock.today() + timedelta(days=ahead)
    return load.get(f"/api/v1/locations/{slug}/slots?service={SERVICES[0]}&from={day}&days={days}")


def _words(pair: Pair) -> str:
    return f"{pair.theirs:,.0f}/s with {FEW:,}, {pair.ours:,.0f}/s with {MANY:,} stored"
