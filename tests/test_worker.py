"""The worker's list: what is due is forgotten to the last row, and a clock that leaps deletes nothing."""

import threading
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from time_machine import Traveller

from clinic import audit, clock, worker
from clinic.booking import forgetting
from clinic.booking.models import Appointment
from clinic.db import db, reading, writing
from clinic.desk import shift
from clinic.passes.models import Pass
from clinic.privacy import keys
from clinic.safety.referrals import codes as referrals
from tests.booking.place import booked, open_place, wish

WED = date(2026, 11, 25)
EIGHT = clock.at(WED, 20 * 60)


def counts() -> tuple[int, int]:
    with reading() as s:
        visits = s.scalar(select(func.count()).select_from(Appointment)) or 0
        return visits, s.scalar(select(func.count()).select_from(Pass)) or 0


def run(name: str) -> int:
    return worker.do(next(task for task in worker.TASKS if task.name == name))


@pytest.fixture
def confirmed(app: Flask, evening: Traveller) -> None:
    """Somebody confirmed today's date."""
    keys.ring().advance(clock.today(), leap_days=100)


@pytest.mark.usefixtures("confirmed")
def test_a_clock_that_leaps_deletes_no_visit_until_the_date_is_confirmed(evening: Traveller) -> None:
    place, kind = open_place()
    booked(wish(place, kind, EIGHT))
    evening.move_to(EIGHT + timedelta(days=40))
    run("keys")
    assert run("forget") == 0
    with pytest.raises(keys.ClockLeap):
        worker.forget_all(clock.now())
    assert counts() == (1, 1)
    keys.ring().advance(clock.today(), leap_days=100)
    assert worker.forget_all(clock.now()) > 0
    assert counts() == (0, 0)


@pytest.mark.usefixtures("confirmed")
@pytest.mark.parametrize("name", ["referrals", "shift notes", "deeds"])
def test_no_other_task_deletes_either_before_the_date_is_confirmed(evening: Traveller, name: str) -> None:
    place, _kind = open_place()
    with writing() as s:
        shift.write(s, place, "Aigul", "the lamp is broken", clock.now())
        referrals.make(s, 1, 1, "legal", 7, "aigul", clock.now())
    evening.move_to(EIGHT + timedelta(days=100))
    run("keys")
    assert run(name) == 0
    keys.ring().advance(clock.today(), leap_days=200)
    assert run(name) > 0


@pytest.mark.usefixtures("confirmed")
def test_a_provider_that_hangs_holds_up_no_other_task_and_a_long_one_is_in_the_log(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hangs, turned, stop = threading.Event(), threading.Event(), threading.Event()

    def wait(_now: datetime) -> int:
        hangs.wait(60)
        return 0

    def turn(_now: datetime) -> int:
        turned.set()
        return 0

    slow = {name: tuple(replace(t, run=wait) for t in lane) for name, lane in worker.LANES.items()}
    assert {t.name for lane in slow.values() for t in lane} >= {"duty", "send", "reconcile", "erase"}
    monkeypatch.setattr(worker, "LANES", slow)
    monkeypatch.setattr(worker, "TASKS", (worker.Task("kits", 60, turn),))
    monkeypatch.setattr(worker, "LONG_SECONDS", 0.0)
    whole = threading.Thread(target=worker.run_forever, args=(app, stop))
    whole.start()
    try:
        assert turned.wait(30)
        assert not hangs.is_set()
    finally:
        hangs.set()
        stop.set()
        whole.join(30)
    assert "task kits took" in caplog.text


@pytest.mark.usefixtures("confirmed")
def test_the_command_forgets_to_the_last_row_not_only_a_batch(
    evening: Traveller, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "BATCH", 2)
    place, kind = open_place(hours="Mo-Su 00:00-24:00", minutes=5)
    for n in range(7):
        booked(wish(place, kind, EIGHT + n * timedelta(minutes=5)))
    evening.move_to(EIGHT + timedelta(days=2))
    keys.ring().advance(clock.today(), leap_days=100)
    said = app.test_cli_runner().invoke(args=["forget"])
    assert said.exit_code == 0, said.output
    assert counts() == (0, 0)


@pytest.mark.usefixtures("confirmed")
def test_the_command_says_in_a_sentence_that_the_clock_has_leapt(evening: Traveller, app: Flask) -> None:
    evening.shift(timedelta(days=40))
    said = app.test_cli_runner().invoke(args=["forget"])
    assert said.exit_code == 1
    assert "flask keys advance" in said.output
    assert said.exception is None or isinstance(said.exception, SystemExit)


@pytest.mark.usefixtures("confirmed")
def test_deeds_of_staff_go_after_90_days(evening: Traveller) -> None:
    with writing() as s:
        audit.record(s, clock.now(), "aigul", "visit.here", "2026-11-24", 1)
    for days in (90, 91):
        evening.move_to(EIGHT - timedelta(days=1) + timedelta(days=days))
        keys.ring().advance(clock.today(), leap_days=100)
        run("deeds")
        with reading() as s:
            assert s.scalar(select(func.count()).select_from(audit.Audit)) == (1 if days == 90 else 0)


@pytest.mark.usefixtures("confirmed")
def test_what_she_erased_does_not_wait_in_the_write_ahead_log(evening: Traveller, app: Flask) -> None:
    place, kind = open_place()
    mine = booked(wish(place, kind, EIGHT))
    answer = app.test_client().post("/en/mine", data={"code": mine.code, "act": "forget"})
    assert answer.status_code == 200
    db.session.remove()
    run("forget")
    log = app.config["KESHKI_ENVIRON"]["KESHKI_DATABASE_URL"].removeprefix("sqlite:///") + "-wal"
    with open(log, "rb") as file:
        assert file.read() == b""
