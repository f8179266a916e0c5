"""A supervisor of the worker's urgent thread that dies where it is told to; a process of its own.

`python -m tests.faults.signal_worker ENVIRON`: reads lines "MOMENT POINT" and lets a child do the urgent
thread's work at that moment, until nothing is under way or it kills itself at the point ("-": nowhere).
Answers each line with the child's end: "done" or "killed".
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask

from clinic import clock, create_app
from clinic.db import db
from clinic.messaging import sending, urgent
from clinic.messaging.senders.twilio import TwilioSender
from clinic.messaging.watchdog import Crew
from clinic.safety.alerts import calling

TURNS = 4


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def then_die(call: Callable[..., Any]) -> Callable[..., Any]:
    """The call, and after it the end."""

    def dying(*args: Any, **kwargs: Any) -> Any:
        found = call(*args, **kwargs)
        if found or found is None:
            die()
        return found

    return dying


def arm(point: str) -> None:
    """Put the end at one point of the way from the countdown to the provider's answer."""
    match point:
        case "fire":  # inside the transaction
            vars(calling)["fire"] = then_die(calling.fire)
        case "page":
            vars(calling)["page"] = then_die(calling.page)
        case "turned":  # after its commit
            vars(calling)["turn"] = then_die(calling.turn)
        case "claim":
            vars(urgent)["claim"] = then_die(urgent.claim)
        case "claimed":
            Crew.start = die  # type: ignore[method-assign, assignment]
        case "posted":  # the provider has it, nobody here knows
            TwilioSender.send = then_die(TwilioSender.send)  # type: ignore[method-assign]
        case "record":
            vars(sending)["record"] = then_die(sending.record)


def work(app: Flask, moment: datetime, point: str) -> None:
    """One child's life."""
    clock._source = lambda: moment
    arm(point)
    with app.app_context():
        db.engine.dispose(close=False)  # what the supervisor had open is not ours
        for _ in range(TURNS):
            calling.turn(moment)
            urgent.lane().turn(moment)
            while urgent.lane().open:
                urgent.lane().turn(moment)


def supervise(environ: dict[str, str]) -> None:
    app = create_app(environ, pages=False)
    for line in sys.stdin:
        moment, point = line.split()
        child = os.fork()
        if child == 0:
            try:
                work(app, datetime.fromtimestamp(float(moment), UTC), point)
                os._exit(0)
            finally:
                os._exit(1)
        _pid, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else "done" if status == 0 else "broken", flush=True)


if __name__ == "__main__":
    supervise(json.loads(Path(sys.argv[1]).read_text()))
