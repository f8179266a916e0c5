"""Two of everything at the same moment: one signal fires once and belongs to one, on both databases."""

from multiprocessing.pool import ThreadPool

import time_machine
from flask import Flask

from clinic import clock
from clinic.db import writing
from clinic.safety.alerts import calling, signals
from tests.alerts.conftest import calls, fired, give, log, on_duty, state, take, turn
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
        assert log(rid) in (["given", "stopped"], ["given", "fired", "safe"])
        assert state(rid) == ended
