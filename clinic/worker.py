"""What runs in the background, in one list: each task, how often, and nothing else."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask

from clinic import clock
from clinic.booking import forgetting
from clinic.db import db, writing
from clinic.kits import releasing
from clinic.messaging import tasks
from clinic.privacy import keys, once
from clinic.staff import sign_in

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of background work: `run(now)` every `seconds`; it says how much it did."""

    name: str
    seconds: float
    run: Callable[[datetime], int]


def _advance_keys(_now: datetime) -> int:
    try:
        return int(keys.advance_if_due())
    except keys.ClockLeap as leap:
        log.error("%s", leap)
        return 0


def _forget_answers(now: datetime) -> int:
    with writing() as s:
        return once.forget(s, now) + sign_in.forget(s, now)


TASKS = (
    Task("send", 1, tasks.send_due),
    Task("reconcile", 5, tasks.reconcile),
    Task("expire", 30, tasks.expire),
    Task("erase", 30, tasks.erase),
    Task("keys", 60, _advance_keys),
    Task("kits", 60, releasing.run),
    Task("forget", 300, forgetting.run),
    Task("answers", 60, _forget_answers),
)


def run_forever(app: Flask, stop: threading.Event) -> None:
    """Run every task when it is due until `stop` is set; a task that fails is logged and tried again."""
    due = dict.fromkeys((t.name for t in TASKS), 0.0)
    while not stop.is_set():
        for task in TASKS:
            if stop.is_set() or due[task.name] > time.monotonic():
                continue
            with app.app_context():
                worked = _run(task)
            due[task.name] = time.monotonic() + (0 if worked else task.seconds)
        stop.wait(max(0.05, min(due.values()) - time.monotonic()))


def run_once(app: Flask) -> int:
    """Run every task once, in order (tests, and after a restore); how much was done in all."""
    with app.app_context():
        return sum(task.run(clock.now()) for task in TASKS)


def _run(task: Task) -> int:
    try:
        return task.run(clock.now())
    except Exception:  # one task's trouble must not stop the others
        log.exception("task %s failed", task.name)
        return 0
    finally:
        db.session.remove()


def serve(app: Flask) -> None:
    """The worker process: until SIGTERM or SIGINT."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    run_forever(app, stop)
