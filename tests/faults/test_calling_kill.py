"""kill -9 of the worker while it tells those who wait, and two workers at once: in order, none lost, none twice."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from time_machine import Traveller

from clinic import clock
from clinic.db import db
from tests.booking.line import TEN, TWILIO, cancel, full_evening, told, waits
from tests.conftest import Maker

pytestmark = pytest.mark.alone
Look = Callable[[str], list[int]]


@pytest.fixture(params=["sqlite", "postgresql"])
def look(request: pytest.FixtureRequest, make_app: Maker, evening: Traveller, tmp_path: Path) -> Iterator[Look]:
    """Workers that look at once, at the present time: how each ended."""
    environ = make_app.environ(request.param, TWILIO)
    make_app.on(environ)
    (tmp_path / "environ.json").write_text(json.dumps(environ))
    workers = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.calling_process", str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert workers.stdin
    assert workers.stdout

    def ask(points: str) -> list[int]:
        (tmp_path / "now").write_text(str(clock.now().timestamp()))
        workers.stdin.write(points + "\n")  # type: ignore[union-attr]
        workers.stdin.flush()  # type: ignore[union-attr]
        return [int(end) for end in workers.stdout.readline().split()]  # type: ignore[union-attr]

    yield ask
    workers.stdin.close()
    workers.stdout.close()
    workers.wait(10)


def test_killed_or_two_at_once_each_hears_in_order_and_once(look: Look, evening: Traveller) -> None:
    place, services, visits = full_evening()
    women = [waits(place, services) for _ in range(3)]
    evening.move_to(TEN)
    cancel(visits[1])
    db.session.remove()
    for point in ("know", "commit"):
        assert look(point) == [-signal.SIGKILL]
        assert told(*women) == [0, 0, 0]
    for n in (1, 2, 3, 3):
        assert look("- -") == [0, 0]
        assert told(*women) == [1] * n + [0] * (3 - n)
        assert look("-") == [0]
        assert told(*women) == [1] * n + [0] * (3 - n)
        evening.shift(20 * 60)
