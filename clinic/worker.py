"""What runs in the background, in lists: each task, how often, and nothing else.

What people on duty wait for has a thread of its own, so that no slow task stands before it. So has what
waits for the provider's answers: while it hangs, days turn, places stop and who waits is told all the same.
"""

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from flask import Flask

from clinic import audit, backup, clock, heartbeat, patience, start
from clinic.booking import calling, forgetting, offering, stopping
from clinic.config import ConfigError, settings
from clinic.db import db, writing
from clinic.desk import shift
from clinic.directory import checks
from clinic.kits import releasing
from clinic.messaging import tasks
from clinic.privacy import keys, once
from clinic.safety.alerts import calling as signals
from clinic.safety.alerts import forgetting as alerts
from clinic.safety.referrals import codes as referrals
from clinic.safety.reports import canary, conversations
from clinic.safety.trainings import forgetting as trainings
from clinic.staff import invitations, shared_desks, sign_in

log = logging.getLogger(__name__)
STOP_SECONDS = 12.0  # for the other threads to end what they have begun
AWAY_EVERY_SECONDS = 60.0
LONG_SECONDS = 30.0  # a task that takes longer holds others up, and is in the log


class Away:
    """A database that is away is in the log once a minute, not with every task that meets it."""

    def __init__(self) -> None:
        self._noted = float("-inf")

    def note(self, task: str, error: Exception) -> None:
        if time.monotonic() - self._noted >= AWAY_EVERY_SECONDS:
            self._noted = time.monotonic()
            log.error("the database does not answer (task %s, %s): it is tried again", task, type(error).__name__)


_away = Away()


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of background work: `run(now)` every `seconds`; it says how much it did.

    What decides by the date waits while the date is not sure; `dated` is False for what may go on all the same.
    """

    name: str
    seconds: float
    run: Callable[[datetime], int]
    dated: bool = True


def _advance_keys(_now: datetime) -> int:
    try:
        return int(keys.advance_if_due())
    except keys.ClockLeap as leap:
        log.error("%s", leap)
        return 0


def date_is_sure(now: datetime) -> bool:
    """Whether what is due may be done: the day key has come to this day, and nobody has just set the clock.

    Otherwise a clock that is a day ahead for a minute would take visits, reminders and answers away.
    """
    return keys.ring().has_come(clock.local(now).date()) and not clock.watch.was_set_within(keys.STEADY_SECONDS)


def _forget_answers(now: datetime) -> int:
    with writing() as s:
        return sum(part.forget(s, now) for part in (once, sign_in, checks, invitations))


def _forget_referrals(now: datetime) -> int:
    with writing() as s:
        return referrals.forget(s, now)


def _forget_shift_notes(now: datetime) -> int:
    with writing() as s:
        return shift.forget(s, clock.local(now).date())


def _forget_deeds(now: datetime) -> int:
    with writing() as s:
        return audit.forget(s, now) + shared_desks.forget(s, clock.local(now).date())


def _forget_notes(now: datetime) -> int:
    with writing() as s:
        gone = conversations.forget(s, now)
    if gone:
        forgetting.truncate_log()
    return gone


def _beat(lane: str, now: datetime) -> int:
    with writing() as s:
        heartbeat.beat(s, lane, now)
    return 0


def _call(now: datetime) -> int:
    """What is due for signals, and at once the messages that it put."""
    return signals.turn(now) + tasks.send_urgent(now)


TASKS = (
    Task("expire", 30, tasks.expire),
    Task("keys", 60, _advance_keys, dated=False),
    Task("kits", 60, releasing.run),
    Task("stopped", 60, stopping.call_off),
    Task("seats", 60, trainings.run),
    Task("waiting", 10, calling.run),
    Task("offered", 3600, offering.run),
    Task("forget", 300, forgetting.run),
    Task("answers", 60, _forget_answers),
    Task("shift notes", 3600, _forget_shift_notes),
    Task("referrals", 3600, _forget_referrals),
    Task("deeds", 3600, _forget_deeds),
    Task("notes", 300, _forget_notes),
    Task("canary", 3600, canary.send_due),
    Task("alerts", 60, alerts.run),
)
LANES = {  # each a thread
    "urgent": (Task("duty", 0.5, _call, dated=False),),
    "sending": (Task("send", 1, tasks.send_due),),
    "provider": (
        Task("reconcile", 5, tasks.reconcile, dated=False),
        Task("erase", 30, tasks.erase, dated=False),
    ),
}


def run_forever(app: Flask, stop: threading.Event) -> None:
    """Run every task when it is due until `stop` is set; a task that fails is logged and tried again."""
    lanes = [
        threading.Thread(target=_run_all, args=(app, stop, name, lane), name=name, daemon=True)
        for name, lane in LANES.items()
    ]
    for lane in lanes:
        lane.start()
    _run_all(app, stop, "main", TASKS)
    end = time.monotonic() + STOP_SECONDS
    for lane in lanes:
        lane.join(max(0.0, end - time.monotonic()))


def _run_all(app: Flask, stop: threading.Event, lane: str, own: tuple[Task, ...]) -> None:
    patience.waits.set(patience.WORKER_SECONDS)
    tasks_ = (*own, Task("beat", heartbeat.EVERY_SECONDS, partial(_beat, lane), dated=False))
    due = dict.fromkeys((t.name for t in tasks_), 0.0)
    while not stop.is_set():
        for task in tasks_:
            if stop.is_set() or due[task.name] > time.monotonic():
                continue
            with app.app_context():
                worked = do(task)
            due[task.name] = time.monotonic() + (0 if worked else task.seconds)
        stop.wait(max(0.05, min(due.values(), default=0.0) - time.monotonic()))


def forget_all(now: datetime) -> int:
    """Everything that is to be forgotten at `now`, to the last row; how many. Raises ClockLeap and deletes nothing.

    A person asks for it, who sees the clock.
    """
    keys.ring().advance(clock.today())
    gone = 0
    forgets = (
        releasing.run, trainings.run, _forget_referrals, forgetting.run, _forget_answers, _forget_shift_notes,
        _forget_deeds, _forget_notes, alerts.run,
    )  # fmt: skip
    for forget in forgets:
        while done := forget(now):
            gone += done
    return gone


def do(task: Task) -> int:
    """One turn of a task, if its time is sure; how much was done. Never raises: what fails is in the log."""
    began = time.monotonic()
    try:
        now = clock.now()
        return task.run(now) if not task.dated or date_is_sure(now) else 0
    except Exception as error:  # one task's trouble must not stop the others
        if patience.is_away(error):
            _away.note(task.name, error)
        else:
            log.exception("task %s failed", task.name)
        return 0
    finally:
        db.session.remove()
        if (took := time.monotonic() - began) > LONG_SECONDS:
            log.warning("task %s took %d seconds", task.name, took)


def serve(app: Flask) -> None:
    """The worker process: until SIGTERM or SIGINT."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    run_forever(app, stop)


def main(app: Flask) -> None:
    """The worker process from start to end; exits with one sentence when it may not start."""
    try:
        start.check(app)
    except ConfigError as error:
        sys.exit(str(error))
    with app.app_context():
        mark = backup.in_use(settings())
    serve(app)
    if mark:
        mark.close()
