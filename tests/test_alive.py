"""A worker that is dead, or one of whose threads stands still, is seen; so is what waits behind it."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from time_machine import Traveller

from clinic import alive, clock, heartbeat, worker
from clinic.db import reading, writing
from clinic.messaging import outbox
from clinic.privacy import keys


def said(app: Flask) -> tuple[int, list[str]]:
    answer = app.test_client().get("/workz")
    return answer.status_code, answer.text.split("\n")[:-1]


def silent() -> tuple[str, ...]:
    with reading() as s:
        return heartbeat.silent(s, clock.now())


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def idle(_now: datetime) -> int:
    return 0


@pytest.fixture
def today(app: Flask, evening: Traveller) -> Traveller:
    """The key is of today."""
    keys.ring().advance(clock.today(), leap_days=100)
    return evening


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose threads have nothing to do, and come round often."""
    lanes = {name: tuple(replace(task, run=idle) for task in lane) for name, lane in worker.LANES.items()}
    monkeypatch.setattr(worker, "LANES", lanes)
    monkeypatch.setattr(worker, "TASKS", (worker.Task("idle", 60, idle),))
    monkeypatch.setattr(heartbeat, "EVERY_SECONDS", 0.05)


@contextmanager
def running(app: Flask) -> Iterator[None]:
    stop = threading.Event()
    whole = threading.Thread(target=worker.run_forever, args=(app, stop))
    whole.start()
    try:
        yield
    finally:
        stop.set()
        whole.join(30)
        assert not whole.is_alive()


@pytest.mark.usefixtures("quiet")
def test_a_worker_that_is_gone_is_seen_after_three_minutes(app: Flask, today: Traveller) -> None:
    assert said(app) == (503, ["worker (main urgent sending provider)"])
    with running(app):
        until(lambda: not silent())
        assert said(app) == (200, ["working"])
    today.shift(timedelta(minutes=4))
    assert said(app) == (503, ["worker (main urgent sending provider)"])
    assert "flask worker" in app.test_cli_runner().invoke(args=["ready"]).output


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("lane", ["urgent", "sending", "provider"])
def test_one_thread_that_stands_still_is_named(
    app: Flask, today: Traveller, monkeypatch: pytest.MonkeyPatch, lane: str
) -> None:
    stands, hangs, goes_on = threading.Event(), threading.Event(), threading.Event()

    def hang(_now: datetime) -> int:
        if stands.is_set():
            hangs.set()
            goes_on.wait(60)
        return 0

    ill = tuple(replace(task, run=hang, seconds=0.02, dated=False) for task in worker.LANES[lane])
    monkeypatch.setitem(worker.LANES, lane, ill)
    with running(app):
        try:
            until(lambda: not silent())
            stands.set()
            assert hangs.wait(30)
            today.shift(timedelta(minutes=4))
            until(lambda: silent() == (lane,))
            assert said(app) == (503, [f"worker ({lane})"])
        finally:
            goes_on.set()


def beat(now: datetime) -> None:
    with writing() as s:
        for lane in heartbeat.LANES:
            heartbeat.beat(s, lane, now)


def test_the_lanes_that_are_watched_are_those_that_run() -> None:
    assert set(heartbeat.LANES) == {"main", *worker.LANES}


def test_a_key_of_yesterday_is_seen_and_one_that_is_days_old(app: Flask, today: Traveller) -> None:
    today.move_to(clock.at(clock.today() + timedelta(days=1), 20))
    beat(clock.now())
    assert said(app) == (200, ["working"])  # twenty past midnight: it is about to turn
    today.shift(timedelta(minutes=15))
    beat(clock.now())
    assert said(app) == (503, ["keys"])
    keys.ring().advance(clock.today())
    assert said(app) == (200, ["working"])
    today.shift(timedelta(days=4))
    beat(clock.now())
    assert said(app) == (503, ["keys"])


def test_messages_that_wait_are_seen_but_not_at_night(app: Flask, today: Traveller) -> None:
    beat(clock.now())
    with writing() as s:
        later = clock.now() + timedelta(days=1)
        outbox.put(s, None, "v:1", "reminder", "+77010000001", "x", clock.now(), later, later.date())
    assert said(app) == (200, ["working"])
    today.shift(timedelta(minutes=11))
    beat(clock.now())
    assert said(app) == (503, ["messages"])
    today.move_to(clock.at(clock.today(), 23 * 60))
    beat(clock.now())
    assert said(app) == (200, ["working"])


def test_a_disk_that_is_nearly_full_is_seen(app: Flask, today: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    beat(clock.now())
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=alive.FREE_BYTES - 1))
    assert said(app) == (503, ["disk"])
