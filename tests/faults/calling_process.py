"""Looks of workers at the waiting list, in processes of their own that may be killed on the way.

`python -m tests.faults.calling_process FOLDER`: reads FOLDER/environ.json and the time from FOLDER/now.
Each line of its input names the workers that look at once, by where each kills itself: "know" before it
writes what she knows, "commit" with everything written but not committed, "-" nowhere. The answer is
a line with how each of them ended.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from flask import Flask

from clinic import clock, create_app
from clinic.booking import calling, waiting
from clinic.db import db
from tests.faults.worker_process import virtual_time


def dies(*_args: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def look(app: Flask, point: str) -> None:
    """One worker's look."""
    carry_out = calling.carry_out

    def dying_carry_out(*args: Any) -> int:
        carry_out(*args)
        dies()
        return 0

    if point == "know":
        vars(waiting)["know"] = dies
    elif point == "commit":
        vars(calling)["carry_out"] = dying_carry_out
    with app.app_context():
        db.engine.dispose(close=False)  # what the parent had open is not ours
        calling.run(clock.now())


def start(app: Flask, point: str) -> int:
    """A forked worker; its process id."""
    child = os.fork()
    if child:
        return child
    try:
        look(app, point)
    except BaseException:
        os._exit(1)
    os._exit(0)


def main(folder: Path) -> None:
    clock._source = virtual_time(folder)
    app = create_app(json.loads((folder / "environ.json").read_text()))
    for line in sys.stdin:
        children = [start(app, point) for point in line.split()]
        ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(*ends, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
