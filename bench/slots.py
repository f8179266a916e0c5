"""Free times of one place and day over the JSON face, against one indexed table of times ready to be read."""

import random
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

from bench import city, load, serving
from bench.city import SERVICES, FreeTime
from bench.table import Row, in_turns
from bench.world import World

ROUNDS, SECONDS = 5, 1.5
DAYS, PART = 9, 1500
TARGET = 0.5

Asked = list[tuple[str, str]]


def run(world: World) -> Iterable[Row]:
    """One address again and again, as a chat bot asks; tomorrow at any of 1,000 places; and no question twice."""
    times = city.free_times(world.usual, DAYS)
    table = world.folder / "slots.db"
    _fill(table, times)
    questions = sorted({(time.slug, time.day) for time in times})
    random.Random(1).shuffle(questions)
    tomorrow = [question for question in questions if question[1] == min(time.day for time in times)]
    fresh = [question for question in questions if question not in set(tomorrow)]
    with serving.app(world.usual) as app, serving.baseline("slots", {"BENCH_DATABASE": str(table)}) as bare:
        for name, asked in (("one place and day", tomorrow[:1]), ("any place tomorrow", tomorrow)):
            ours, theirs = _to_us(asked), _to_bare(asked)
            load.measure(app.port, ours, 2.0).expect(200)
            load.measure(bare.port, theirs, 1.0).expect(200)
            pair = in_turns(_cycles(app.port, ours), _cycles(bare.port, theirs), ROUNDS)
            yield Row(f"free times, {name}", pair.ratio, ">=", TARGET, pair.words("/s"))
        parts = [fresh[at : at + PART] for at in range(0, PART * ROUNDS, PART)]
        pair = in_turns(
            lambda n: load.measure(app.port, _to_us(parts[n]), SECONDS, "once").expect(200).rate,
            lambda n: load.measure(bare.port, _to_bare(parts[n]), SECONDS, "once").expect(200).rate,
            ROUNDS,
        )
        yield Row("free times, never asked before", pair.ratio, "", 0, pair.words("/s"))


def _cycles(port: int, requests: list[bytes]) -> Callable[[int], float]:
    return lambda _n: load.measure(port, requests, SECONDS).expect(200).rate


def _to_us(asked: Asked) -> list[bytes]:
    return [load.get(f"/api/v1/locations/{s}/slots?service={SERVICES[0]}&from={day}&days=1") for s, day in asked]


def _to_bare(asked: Asked) -> list[bytes]:
    return [load.get(f"/places/{slug}/slots?day={day}") for slug, day in asked]


def _fill(path: Path, times: list[FreeTime]) -> None:
    """The table of the bare view: the same times that our own answers hold."""
    with sqlite3.connect(path) as raw:
        raw.execute('CREATE TABLE slot (place TEXT, day TEXT, start TEXT, "end" TEXT)')
        raw.executemany("INSERT INTO slot VALUES (?, ?, ?, ?)", [(t.slug, t.day, t.start, t.end) for t in times])
        raw.execute("CREATE INDEX slot_of_place ON slot (place, day, start)")
    raw.close()
