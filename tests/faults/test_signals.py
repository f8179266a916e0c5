"""Signals under kill -9, and how long they take: real worker processes, on both databases."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from clinic import clock
from clinic.db import reading, writing
from clinic.messaging import outbox
from clinic.safety.alerts import answering, check_ins, offering, signals, standing
from clinic.safety.alerts.models import Alert, Duty
from clinic.safety.alerts.told import Told
from tests.alerts.conftest import PHONES, furnish, log, on_duty, staff_id, state
from tests.conftest import EVENING, Maker
from tests.twilio_stand_in import Fault, StandIn

pytestmark = pytest.mark.alone
ROOT = Path(__file__).parents[2]
POINTS = ("fire", "page", "turned", "claim", "claimed", "posted", "record")
MOST_SECONDS = 3.0


@pytest.fixture
def provider() -> Iterator[StandIn]:
    server = StandIn(clock=clock.now)
    server.start()
    yield server
    server.stop()


def calls(provider: StandIn) -> int:
    return sum("проверка" not in message.body for message in provider.taken)


@pytest.fixture(params=["sqlite", "postgresql"])
def killed(
    request: pytest.FixtureRequest, make_app: Maker, provider: StandIn, tmp_path: Path
) -> Iterator[tuple[Flask, Callable[[str], str]]]:
    """An app, and a function that lets a worker work now, and die at a point."""
    environ = make_app.environ(request.param, provider.environ())
    (tmp_path / "environ.json").write_text(json.dumps(environ))
    app = make_app.on(environ)
    furnish()
    command = [sys.executable, "-m", "tests.faults.signal_worker", str(tmp_path / "environ.json")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def work(point: str) -> str:
            print(f"{clock.now().timestamp()} {point}", file=process.stdin, flush=True)
            return process.stdout.readline().strip()  # type: ignore[union-attr]

        yield app, work
        process.stdin.close()


def test_killed_anywhere_each_signal_and_check_in_fires_once_and_ends_in_seen_or_in_call(
    killed: tuple[Flask, Callable[[str], str]], provider: StandIn
) -> None:
    _app, work = killed
    with time_machine.travel(EVENING, tick=False) as travel:
        on_duty(hours=12)
        work("-")
        for point in POINTS:
            with writing() as s:
                due = clock.now() + check_ins.SHORTEST
                check_ins.start(s, Told(wish="x"), due, "2583", "9136", clock.now())
                travel.shift(check_ins.SHORTEST - signals.COUNTDOWN)
                given = signals.find(s, signals.start(s, Told(), clock.now()))
            travel.shift(signals.COUNTDOWN)
            before = calls(provider)
            assert work(point) == "killed", point
            assert work("-") == "done"
            with reading() as s:
                open_ = list(s.scalars(select(Alert.rid).where(Alert.state == "calling")))
            assert len(open_) == 2, point
            assert given in open_
            assert [log(rid) for rid in open_] == [["given", "fired"]] * 2
            travel.shift(signals.LATE)
            work("-")
            for rid in open_:
                with reading() as s:
                    assert standing.stand(s, rid, clock.now()).late  # nobody has taken it: her page says to call
            travel.shift(timedelta(seconds=31))  # two minutes after the first call the next
            work("-")
            assert 1 <= calls(provider) - before <= 2, point
            for rid in open_:
                with writing() as s:
                    assert answering.take(s, rid, staff_id("saule"), "saule", clock.now())
                assert state(rid) == "taken"
            travel.shift(timedelta(minutes=5))
            work("-")
    assert {message.body.partition(":")[0] for message in provider.taken} <= {"Дежурство", "Дежурство, проверка"}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_from_the_end_of_the_countdown_to_the_providers_socket_in_under_three_seconds(
    make_app: Maker, provider: StandIn, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """While a queue of reminders goes out through the same provider, which takes a second for each."""
    from clinic.privacy import keys

    provider.plan = lambda _n, form: Fault(takes=True, answer="201", before=1.0 if "Напоминание" in form["Body"] else 0)
    arrived: list[float] = []
    provider.on_create = lambda form: arrived.append(time.time()) if form["To"] == PHONES["saule"] else None
    environ = make_app.environ(kind, provider.environ() | {"KESHKI_SMS_WINDOW": "00:00-24:00"})
    make_app.on(environ)
    keys.ring().advance(clock.today(), leap_days=100_000)
    furnish()
    now = clock.now()
    with writing() as s:
        for n in range(80):
            outbox.put(
                s, None, f"appointment:{n}", "reminder", f"+7702{n:07}", f"Напоминание {n}", now,
                now + timedelta(hours=1), clock.today() + timedelta(days=1),
            )  # fmt: skip
    rid = on_duty()
    serve = "from clinic import create_app, worker; worker.serve(create_app(pages=False))"  # no migrations were run
    with subprocess.Popen([sys.executable, "-c", serve], env=environ_of(environ), cwd=ROOT) as worker:
        try:
            deadline = time.monotonic() + 40
            while not provider.in_flight or not arrived:  # it is busy with the queue, and has sent the test
                assert time.monotonic() < deadline
                time.sleep(0.05)
            latencies = []
            for ahead in (0.6, 0.75, 0.9, 1.05):  # anywhere between two of its looks
                arrived.clear()
                with writing() as s:
                    s.execute(update(Duty).where(Duty.rid == rid).values(paged_at=None))
                    fires_at = clock.now() + timedelta(seconds=ahead)
                    alert = signals.put(s, Told(), fires_at, clock.now())
                while not arrived:
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
                latencies.append(arrived[0] - fires_at.timestamp())
                with writing() as s:
                    assert answering.take(s, alert, staff_id("saule"), "saule", clock.now())
            assert provider.in_flight  # the queue was never empty
            with reading() as s:
                assert offering.offer(s, clock.now()) is not None  # the worker's pulse is there
        finally:
            worker.terminate()
    assert max(latencies) < MOST_SECONDS, latencies
    with capsys.disabled():
        print(f"\n{kind}: from the end of the countdown to the provider {sorted(round(x, 2) for x in latencies)} s")


def environ_of(environ: dict[str, str]) -> dict[str, str]:
    """The settings of the app beside what a process needs."""
    import os

    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KESHKI_", "TWILIO_"))}
    return {**kept, **environ, "PYTHONPATH": str(ROOT)}
