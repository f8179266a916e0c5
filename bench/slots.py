"""Free times of one place and day over the JSON face, against one indexed table of times ready to be read."""

import random
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from bench import city, load, serving
from bench.city import SERVICES, FreeTime
from bench.table import Pair, Row, in_turns
from bench.world import World

ROUNDS, SECONDS = 5, 2.0
DAYS, ASKED = 7, 4000
TARGET = 0.5


def run(world: World) -> Iterable[Row]:
    """One address again and again, as a chat bot asks; then any of 1,000 places on any of seven days."""
    times = city.free_times(world.usual, DAYS)
    table = world.folder / "slots.db"
    _fill(table, times)
    questions = sorted({(time.slug, time.day) for time in times})
    asked = random.Random(1).sample(questions, ASKED)
    with serving.app(world.usual) as app, serving.baseline("slots", {"BENCH_DATABASE": str(table)}) as bare:
        for name, some in (("one place and day", asked[:1]), ("any place and day", asked)):
            pair = _compared(app.port, bare.port, some)
            yield Row(f"free times, {name}", pair.ratio, ">=", TARGET, pair.words("/s"))


def _compared(ours: int, bare: int, asked: list[tuple[str, str]]) -> Pair:
    to_us = [load.get(f"/api/v1/locations/{s}/slots?service={SERVICES[0]}&from={day}&days=1") for s, day in asked]
    to_bare = [load.get(f"/places/{slug}/slots?day={day}") for slug, day in asked]
    load.measure(ours, to_us, 1.0).expect(200)
    load.measure(bare, to_bare, 1.0).expect(200)
    return in_turns(
        lambda _n: load.measure(ours, to_us, SECONDS).expect(200).rate,
        lambda _n: load.measure(bare, to_bare, SECONDS).expect(200).rate,
        ROUNDS,
    )


def _fill(path: Path, times: list[FreeTime]) -> None:
    """The table of the bare view: the same times that our own answers hold."""
    with sqlite3.connect(path) as raw:
        raw.execute('CREATE TABLE slot (place TEXT, day TEXT, start TEXT, "end" TEXT)')
        raw.executemany("INSERT INTO slot VALUES (?, ?, ?, ?)", [(t.slug, t.day, t.start, t.end) for t in times])
        raw.execute("CREATE INDEX slot_of_place ON slot (place, day, start)")
    raw.close()
