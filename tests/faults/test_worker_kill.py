"""kill -9 of the worker at random points of its sends: each row of the crash table in docs, five times and more.

Two real worker processes on one database, a stand-in provider that loses answers, time from a file.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from clinic import clock
from clinic.db import db, reading, writing
from clinic.messaging import outbox
from clinic.messaging.models import Erasure, Message
from clinic.passes import passes
from tests.conftest import Maker
from tests.faults.worker_process import virtual_time
from tests.twilio_stand_in import Fault, StandIn

MORNING = datetime(2026, 11, 25, 4, 30, tzinfo=UTC)  # 09:30 in Almaty
FORGET = date(2026, 11, 27)
HITS = 5
POINTS = ("claim", "claimed", "post", "result", "hang", "settle")
STEP = timedelta(seconds=65)
PATIENCE = 150.0  # seconds; some 15 are enough on a machine that does nothing else


pytestmark = pytest.mark.alone


class Night:
    """Workers, provider and web server on one database, and the clock that all of them read."""

    def __init__(self, make_app: Maker, kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        (folder / "beats").mkdir()
        self.move_to(MORNING)
        self.chances({})
        monkeypatch.setattr(clock, "_source", virtual_time(folder))
        self.provider = StandIn(clock=clock.now)
        self.provider.start()
        self._gate = make_server("127.0.0.1", 0, lambda env, start: self.app(env, start), threaded=True)
        address = {"KESHKI_BASE_URL": f"http://127.0.0.1:{self._gate.server_port}"}
        environ = make_app.environ(kind, self.provider.environ() | address)
        (folder / "environ.json").write_text(json.dumps(environ))
        self.app: Flask = make_app.on(environ)
        threading.Thread(target=self._gate.serve_forever, args=(0.02,), daemon=True).start()
        self.began = time.monotonic()
        self._workers = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.worker_process", str(folder), "2"],
            stdin=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )

    def end(self) -> None:
        assert self._workers.stdin is not None
        self._workers.stdin.close()
        self._workers.wait(10)
        self._gate.shutdown()
        self._gate.server_close()
        self.provider.stop()

    def move_to(self, moment: datetime) -> None:
        (self.folder / "now.new").write_text(str(moment.timestamp()))
        (self.folder / "now.new").rename(self.folder / "now")

    def chances(self, of: dict[str, tuple[float, int]]) -> None:
        (self.folder / "chances.new").write_text(json.dumps(of))
        (self.folder / "chances.new").rename(self.folder / "chances.json")

    def points(self) -> Counter[str]:
        path = self.folder / "points"
        return Counter(line.split()[0] for line in path.read_text().splitlines()) if path.exists() else Counter()

    def hung(self) -> set[int]:
        path = self.folder / "points"
        lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        return {int(pid) for point, pid in lines if point == "hang"}

    def rest(self) -> None:
        """Wait until every worker that does not hang has looked at all its tasks at the present time."""
        now = clock.now().timestamp()
        while True:
            assert time.monotonic() - self.began < PATIENCE, self.report()
            assert self._workers.poll() is None, "the supervisor of the workers has ended"
            beats = {path.name: path for path in (self.folder / "beats").glob("*[0-9]")}
            words = [_read(path) for name, path in beats.items() if int(name) not in self.hung()]
            if len(words) >= 2 and all(w == f"idle {now}" for w in words) and self.provider.in_flight == 0:
                return
            time.sleep(0.02)

    def step(self, by: timedelta = STEP) -> None:
        self.rest()
        self.move_to(clock.now() + by)

    def states(self) -> dict[str, str]:
        with self.app.app_context(), reading() as s:
            return {row.about: row.state for row in s.execute(select(Message.about, Message.state))}

    def tries(self, name: str) -> int:
        with self.app.app_context(), reading() as s:
            return s.scalar(select(Message.tries).where(Message.about == name)) or 0

    def put(self, name: str, to: str, not_after: datetime, pass_id: bytes | None = None) -> None:
        with self.app.app_context(), writing() as s:
            outbox.put(s, pass_id, name, "reminder", to, f"Напоминание {name}", clock.now(), not_after, FORGET)

    def taken(self) -> Counter[str]:
        return Counter(message.to for message in self.provider.taken)

    def report(self) -> str:
        beats = {path.name: _read(path) for path in (self.folder / "beats").iterdir()}
        return f"{self.points()} {Counter(self.states().values())} {clock.now()} {beats} hung {self.hung()}"


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


@pytest.fixture(params=["sqlite", "postgresql"])
def night(
    request: pytest.FixtureRequest, make_app: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Night]:
    folder = tmp_path / "night"
    folder.mkdir()
    made = Night(make_app, request.param, folder, monkeypatch)
    yield made
    made.end()


def test_case_8_no_message_is_lost_or_doubled_wherever_a_worker_dies(night: Night) -> None:
    chance = random.Random(os.urandom(8))
    faults: Counter[str] = Counter()
    redacted: set[str] = set()

    def plan(_n: int, form: dict[str, str]) -> Fault:
        """A message's first try may go wrong in one way, or be taken, redacted and its receipt denied."""
        if night.tries(form["Body"].split()[1]) > 1:
            return Fault(takes=True, answer="201", before=0.003, after=0.003)
        if form["To"] in redacted:
            return Fault(takes=True, answer="lost")
        kind = chance.choices(("201", "receipt", "lost", "500", "429"), (70, 12, 8, 5, 5))[0]
        faults[kind] += 1
        if kind == "receipt":
            return Fault(takes=True, answer="201", before=0.002, receipt="sent", after=0.003)
        return Fault(takes=kind in ("201", "lost"), answer=kind, before=0.003, after=0.003)

    night.provider.plan = plan
    night.chances(dict.fromkeys(POINTS, (0.4, HITS)) | {"claim": (0.2, HITS), "settle": (1.0, HITS)})
    numbers: dict[str, str] = {}
    end = MORNING + timedelta(hours=11)

    def put_more(count: int) -> None:
        for i in range(len(numbers), len(numbers) + count):
            numbers[f"m{i}"] = f"+7701{i:07}"
            if i % 20 == 7:
                redacted.add(numbers[f"m{i}"])
            night.put(f"m{i}", numbers[f"m{i}"], end)

    put_more(100)
    while True:
        night.step()
        for message in night.provider.taken:
            if message.to in redacted:
                message.body = ""
        now_in = Counter(night.states().values())
        if not now_in["waiting"] + now_in["sending"]:
            hits = [night.points()[point] for point in POINTS] + [faults["receipt"], faults["lost"], now_in["unknown"]]
            if min(hits) >= HITS:
                break
            put_more(20)
    for pid in night.hung():  # the hung wake up: their leases are long over
        os.kill(pid, signal.SIGCONT)
    night.step()
    night.rest()

    states, taken = night.states(), night.taken()
    assert {name: n for name, to in numbers.items() if (n := taken[to]) != 1} == {}
    assert {numbers[name] for name, state in states.items() if state == "unknown"} <= redacted
    wrong = {name: state for name, state in states.items() if state not in ("accepted", "sent", "unknown")}
    assert wrong == {}
    with night.app.app_context(), reading() as s:
        unknown = [name for name, state in states.items() if state == "unknown"]
        assert set(outbox.troubles(s, list(numbers))) == set(unknown)
    assert night.points()["ended-by-itself"] == 0
    assert all(night.points()[point] >= HITS for point in POINTS), night.points()
    print(night.points(), faults, f"{time.monotonic() - night.began:.1f} s")


def test_a_pass_deleted_while_its_message_is_sent_leaves_no_copy_at_the_provider(night: Night) -> None:
    rids: dict[str, passes.OpenPass] = {}
    for i in range(HITS + 1):
        to = f"+7702{i:07}"
        with night.app.app_context(), writing() as s:
            rids[to], _code = passes.open_pass(s, "ru", "plain", to, FORGET)

    def forget(form: dict[str, str]) -> None:
        with night.app.app_context(), writing() as s:
            passes.forget(s, rids[form["To"]])

    night.provider.on_create = forget
    for i, (to, pass_) in enumerate(rids.items()):
        night.put(f"p{i}", to, MORNING + timedelta(hours=5), pass_.rid)
    deadline = time.monotonic() + 20
    while len(night.provider.taken) < len(rids):
        assert time.monotonic() < deadline, night.report()
        night.step(timedelta(seconds=10))
    for message in night.provider.taken:
        message.status = "sent"
    for _ in range(3):
        night.step(timedelta(minutes=15))
    night.rest()
    assert night.states() == {}
    assert night.taken() == Counter(list(rids))
    assert all(message.deleted for message in night.provider.taken)
    with night.app.app_context(), reading() as s:
        assert list(s.scalars(select(Erasure.sid))) == []


def test_a_provider_away_for_two_hours_gets_nothing_twice(night: Night) -> None:
    away = [True]

    def plan(_n: int, _form: dict[str, str]) -> Fault:
        return Fault(takes=False, answer="500") if away[0] else Fault(takes=True, answer="201")

    night.provider.plan = plan
    night.provider.list_answers = lambda _n: not away[0]
    numbers = {f"a{i}": f"+7705{i:07}" for i in range(2 * HITS + 2)}
    for i, (name, to) in enumerate(numbers.items()):
        night.put(name, to, MORNING + (timedelta(minutes=90) if i % 2 else timedelta(hours=6)))
    while clock.now() < MORNING + timedelta(hours=2):
        night.step(timedelta(minutes=6))
    assert not night.provider.taken
    posts = night.provider.creates
    assert posts <= 2 * 5  # two workers, three unclear calls in a row each, and what was under way beside them
    away[0] = False
    while any(state in ("waiting", "sending") for state in night.states().values()):
        night.step()
    states = night.states()
    assert {name: states[name] for i, name in enumerate(numbers) if i % 2} == {
        name: "expired" for i, name in enumerate(numbers) if i % 2
    }
    assert {states[name] for i, name in enumerate(numbers) if not i % 2} == {"accepted"}
    assert night.taken() == Counter(to for i, to in enumerate(numbers.values()) if not i % 2)
    with night.app.app_context(), reading() as s:
        assert len(outbox.troubles(s, list(numbers))) == HITS + 1
    db.session.remove()
