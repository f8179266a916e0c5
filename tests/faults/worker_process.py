"""A supervisor of real worker processes that die, or hang, at random points; a process of its own.

`python -m tests.faults.worker_process FOLDER WORKERS`: reads FOLDER/environ.json, keeps so many workers
alive (a fork each, after the imports), and ends with its standard input. Each worker is
`clinic.worker.run_forever` with the messaging tasks on a short beat; it takes the time from FOLDER/now
and its chances of dying from FOLDER/chances.json. What happened stands in FOLDER/points, a line each,
written before the deed.
"""

import json
import os
import random
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask

from clinic import clock, create_app, worker
from clinic.db import db, writing
from clinic.messaging import reconciling, sending
from clinic.messaging.senders.twilio import TwilioSender
from clinic.messaging.watchdog import Crew
from clinic.passes import phones

BEAT = 0.03
TASKS = ("send", "reconcile", "erase", "expire")
IN_POST_SECONDS = 0.012
BEFORE_ALL = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)  # nothing is due so early


class Fate:
    """Decides where this worker dies: only while every claimed message is on its first try.

    A message whose second try is in doubt may end as unknown by design; the test wants to see that
    only where it denied the provider's answers itself.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.random = random.Random(os.urandom(8))
        self.spared = False
        self.crew: Crew[Any, Any] | None = None

    def meets(self, point: str) -> bool:
        """Whether it happens here, this time; each point a limited number of times."""
        plan = json.loads((self.folder / "chances.json").read_text())
        chance, at_most = plan.get(point, (0.0, 0))
        if self.spared and point != "settle":
            return False
        if self.random.random() >= chance or self.count(point) >= at_most:
            return False
        self.write(point)
        return True

    def count(self, point: str) -> int:
        path = self.folder / "points"
        return path.read_text().split().count(point) if path.exists() else 0

    def write(self, line: str) -> None:
        descriptor = os.open(self.folder / "points", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, f"{line} {os.getpid()}\n".encode())
        os.close(descriptor)

    def dies(self, point: str) -> None:
        if self.meets(point):
            os.kill(os.getpid(), signal.SIGKILL)

    def hangs(self) -> None:
        """Stops as a whole, with nothing under way, until the test wakes it."""
        if self.crew is not None and not self.crew.open and self.meets("hang"):
            os.kill(os.getpid(), signal.SIGSTOP)


def virtual_time(folder: Path) -> Callable[[], datetime]:
    """The moment that the test wrote, to the second."""
    return lambda: datetime.fromtimestamp(float((folder / "now").read_text()), UTC)


def prepare(folder: Path, fate: Fate) -> None:
    """Put the points of death into the worker's own functions."""
    clock._source = virtual_time(folder)
    vars(sending)["monotonic"] = lambda: clock.now().timestamp()  # the lease runs in the test's time too
    sending.CLAIM, sending.CONCURRENCY = 2, 3
    claim, record, settle = sending.claim, sending.record, reconciling.settle
    send, work = TwilioSender.send, sending.work_once

    def dying_claim(s: Any, now: datetime, n: int) -> list[sending.Claimed]:
        claimed = claim(s, now, n)
        fate.spared = fate.spared or any(c.n > 1 for c in claimed)
        if claimed:
            fate.dies("claim")
        return claimed

    def dying_record(s: Any, done: Any, now: datetime, wait: Any = None) -> None:
        record(s, done, now, wait)
        if done:
            fate.dies("result")

    def dying_send(self: TwilioSender, message: Any) -> Any:
        if fate.meets("post"):
            die = threading.Timer(fate.random.uniform(0, IN_POST_SECONDS), os.kill, (os.getpid(), signal.SIGKILL))
            die.start()
        return send(self, message)

    def dying_settle(s: Any, doubts: Any, copies: Any, now: datetime) -> int:
        if doubts:
            fate.dies("settle")
        return settle(s, doubts, copies, now)

    def watched_work(now: datetime) -> int:
        fate.spared = False
        beat("busy")
        return work(now)

    def beat(word: str) -> None:
        path = folder / "beats" / str(os.getpid())
        path.with_suffix(".new").write_text(word)
        path.with_suffix(".new").rename(path)

    def idle(now: datetime) -> int:
        beat(f"idle {now.timestamp()}")
        return 0

    class WatchedCrew(Crew[Any, Any]):
        def __init__(self, size: int, seconds: float) -> None:
            super().__init__(size, seconds)
            fate.crew = self

        def start(self, key: Any, call: Any) -> None:
            fate.dies("claimed")
            fate.hangs()
            super().start(key, call)

    sending.claim, sending.record = dying_claim, dying_record
    sending.work_once = watched_work
    vars(sending)["Crew"] = WatchedCrew
    reconciling.settle = dying_settle
    TwilioSender.send = dying_send  # type: ignore[method-assign]
    tasks = tuple(replace(task, seconds=BEAT, dated=False) for task in every_task() if task.name in TASKS)
    vars(worker)["LANES"] = {}  # one thread, so that its beat says where all of it stands
    vars(worker)["TASKS"] = (*tasks, worker.Task("idle", BEAT, idle, dated=False))


def every_task() -> tuple[worker.Task, ...]:
    """What all threads of a worker do."""
    return (*worker.TASKS, *(task for lane in worker.LANES.values() for task in lane))


def work(app: Flask, folder: Path) -> None:
    """One worker's life."""
    prepare(folder, Fate(folder))
    with app.app_context():
        db.engine.dispose(close=False)  # what the supervisor had open is not ours
    worker.run_forever(app, threading.Event())


def warm(app: Flask) -> None:
    """What each fork would have to do anew: imports, compiled statements, the metadata of numbers."""
    import twilio.rest  # noqa: F401

    with app.app_context():
        for task in every_task():
            if task.name in TASKS:
                task.run(BEFORE_ALL)
        with writing() as s:
            sending.claim(s, BEFORE_ALL, 1)
        phones.country("+77010000001")


def supervise(folder: Path, workers: int) -> None:
    """Keep `workers` alive until standard input ends; those that hang are replaced, not counted."""
    app = create_app(json.loads((folder / "environ.json").read_text()))
    warm(app)
    alive: set[int] = set()
    hanging: set[int] = set()
    while True:
        while len(alive) < workers:
            child = os.fork()
            if child == 0:
                try:
                    work(app, folder)
                finally:
                    os._exit(1)
            alive.add(child)
        if select.select([sys.stdin], [], [], 0.01)[0] and not sys.stdin.read(1):
            break
        for child in list(alive | hanging):
            pid, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
            if pid == 0:
                continue
            alive.discard(child)
            if os.WIFSTOPPED(status):
                hanging.add(child)
                continue
            hanging.discard(child)
            (folder / "beats" / str(child)).unlink(missing_ok=True)
            if os.WIFEXITED(status):
                Fate(folder).write("ended-by-itself")
        time.sleep(0)
    for child in alive | hanging:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    supervise(Path(sys.argv[1]), int(sys.argv[2]))
