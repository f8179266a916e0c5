"""Two of everything at the same moment: one signal fires once and belongs to one, on both databases."""

from contextlib import suppress
from datetime import timedelta
from multiprocessing.pool import ThreadPool
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from clinic import clock
from clinic.db import reading, writing
from clinic.privacy import sealing
from clinic.safety.alerts import calling, check_ins, drills, duty, signals, told
from clinic.safety.alerts.models import CheckIn, Duty
from clinic.safety.alerts.told import Told
from tests.alerts.conftest import PHONES, calls, fired, give, log, on_duty, staff_id, stand, state, take, turn
from tests.twilio_stand_in import StandIn


def test_two_at_the_same_moment_one_has_it(chain_on: Flask, travel: time_machine.Traveller) -> None:
    on_duty("saule")
    on_duty("aizhan")
    for _ in range(3):
        rid = fired(travel)

        def press(login: str, rid: bytes = rid) -> bool:
            with chain_on.app_context():
                return take(rid, login)

        with ThreadPool(2) as pool:
            assert sorted(pool.map(press, ("saule", "aizhan"))) == [False, True]
        assert log(rid).count("taken") == 1


def test_two_workers_fire_and_call_once(chain_on: Flask, twilio: StandIn, travel: time_machine.Traveller) -> None:
    on_duty()
    rid = give()
    travel.shift(signals.COUNTDOWN)
    moment = clock.now()

    def work(_n: int) -> int:
        with chain_on.app_context():
            return calling.turn(moment)

    with ThreadPool(4) as pool:
        pool.map(work, range(8))
    turn()
    assert log(rid) == ["given", "fired"]
    assert calls(twilio) == ["Дежурство: 1"]


def test_a_tap_that_stops_it_and_the_worker_at_the_same_moment_agree(
    chain_on: Flask, travel: time_machine.Traveller
) -> None:
    on_duty()
    for _ in range(4):
        rid = give()
        travel.shift(signals.COUNTDOWN)
        moment = clock.now()

        def race(n: int, rid: bytes = rid, moment: object = moment) -> object:
            with chain_on.app_context():
                if n:
                    return calling.turn(moment)  # type: ignore[arg-type]
                with writing() as s:
                    return signals.end(s, rid, moment)  # type: ignore[arg-type]

        with ThreadPool(2) as pool:
            ended = pool.map(race, (0, 1))[0]
        assert log(rid) in (["given", "stopped"], ["given", "fired", "she_stopped"])
        assert state(rid) == ended


def test_two_presses_at_the_same_moment_are_one_duty(chain_on: Flask, travel: time_machine.Traveller) -> None:
    def press(_n: int) -> None:
        with chain_on.app_context(), writing() as s:
            duty.begin(s, staff_id("saule"), 1, "Saule", PHONES["saule"], 8, clock.now())

    with ThreadPool(4) as pool:
        pool.map(press, range(4))
    with reading() as s:
        now = clock.now()
        assert len(s.scalars(select(Duty.rid).where(Duty.ends_at > now)).all()) == 1


def meet(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
    """Both writers read before either writes, unless one keeps the other waiting: then the first goes on alone."""
    real, both = getattr(module, name), Barrier(2, timeout=1)

    def read(*given: object) -> object:
        found = real(*given)
        with suppress(BrokenBarrierError):
            both.wait()
        return found

    monkeypatch.setattr(module, name, read)


def test_what_she_writes_is_not_lost_to_her_position_sent_at_the_same_moment(
    chain_on: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_duty()
    rid = give()
    meet(monkeypatch, told, "open_")
    written = {"where": "у вокзала", "phone": "+77015550142", "may_103": True}
    changes: list[dict[str, Any]] = [written, {"lat": 43.2412, "lng": 76.9311}]

    def tell(n: int) -> None:
        with chain_on.app_context(), writing() as s:
            signals.add(s, rid, changes[n], clock.now())

    with ThreadPool(2) as pool:
        pool.map(tell, (0, 1))
    monkeypatch.undo()
    found = stand(rid).told
    assert (found.where, found.phone, found.may_103) == ("у вокзала", "+77015550142", True)
    assert (found.lat, found.lng) == (43.2412, 76.9311)


def test_two_wrong_numbers_at_the_same_moment_count_as_two(chain_on: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with writing() as s:
        duty.begin(s, staff_id("saule"), 1, "Saule", PHONES["saule"], 8, clock.now())
        code = check_ins.start(s, Told(), clock.now() + timedelta(hours=1), "2581", "9136", clock.now())
    meet(monkeypatch, sealing, "open_")

    def guess(n: int) -> None:
        with chain_on.app_context(), writing() as s:
            if n % 2:
                check_ins.check_in(s, code, "1111", None, clock.now())
            else:
                duty.confirm(s, staff_id("saule"), "x", clock.now())

    with ThreadPool(4) as pool:
        pool.map(guess, range(4))
    monkeypatch.undo()
    with reading() as s:
        assert s.scalars(select(CheckIn.wrong)).one() == 2
        assert s.scalars(select(Duty.wrong)).one() == 2


def test_two_coordinators_at_the_same_moment_start_one_drill(
    chain_on: Flask, travel: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_duty("saule")
    both, to_call = Barrier(2), duty.to_call

    def asked(*what: Any, **named: Any) -> Any:
        with suppress(BrokenBarrierError):
            both.wait(0.5)  # both have seen that none runs before either starts one, if they can
        return to_call(*what, **named)

    monkeypatch.setattr(duty, "to_call", asked)

    def begin(login: str) -> bool:
        with chain_on.app_context(), suppress(drills.DrillRuns), writing() as s:
            drills.start(s, 1, login, clock.now())
            return True
        return False

    with ThreadPool(2) as pool:
        assert sorted(pool.map(begin, ("chief", "other"))) == [False, True]
