"""What `make run` takes of the machine's memory in all: the sum of PSS over its processes, after use."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench import load, weight
from bench.table import Row
from bench.world import World

TARGET = 200.0
SECONDS = 2.0


def run(world: World) -> Iterable[Row]:
    """After every public page was opened by eight visitors at once, and the worker has worked."""
    with weight.demo(world) as (port, process):
        pages = [load.get(path) for path in weight.pages(world, port)]
        load.measure(port, pages, SECONDS)
        time.sleep(3)
        parts = sorted(((_pss(pid), _name(pid)) for pid in tree(process.pid)), reverse=True)
        words = ", ".join(f"{name} {size:.0f}" for size, name in parts if size >= 1)
        yield Row("make run, memory", sum(size for size, _ in parts), "<=", TARGET, words, " MB")


def tree(pid: int) -> Iterator[int]:
    """A process and all that it started, and they."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from tree(int(child))


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _name(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return next((Path(word).name for word in words if not word.startswith("-") and "python" not in word), "?")
