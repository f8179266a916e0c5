"""Drills go the way of a signal and leave nothing but their times."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from clinic import clock
from clinic.db import reading, writing
from clinic.safety.alerts import drills, forgetting, signals
from tests.alerts.conftest import calls, on_duty, take, turn, untaken
from tests.twilio_stand_in import StandIn

SECOND = timedelta(seconds=1)


def test_a_drill_goes_the_same_way_and_only_its_times_are_shown(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty("saule")
    with reading() as s:
        assert drills.figures(s, clock.now()) is None
    with writing() as s:
        drills.start(s, 1, "chief", clock.now())
    with pytest.raises(drills.DrillRuns), writing() as s:
        drills.start(s, 1, "chief", clock.now())
    travel.shift(signals.COUNTDOWN + SECOND)
    turn()
    assert calls(twilio) == ["Дежурство: 1"]
    travel.shift(timedelta(seconds=41))
    (rid,) = untaken()
    assert untaken("dala") == []  # nobody else's drill
    assert take(rid)
    with reading() as s:
        assert drills.figures(s, clock.now()) == drills.Figures(1, 0, 42, 42)
        (one,) = drills.lately(s, [1])
    assert (one.sent_seconds, one.taken_seconds) == (1.0, 42.0)
    with writing() as s:
        drills.start(s, 1, "chief", clock.now())
    for _ in range(70):
        travel.shift(timedelta(seconds=30))
        turn()
    with reading() as s:
        assert drills.figures(s, clock.now()) == drills.Figures(2, 1, 42, 42)
    travel.shift(timedelta(days=2))
    forgetting.run(clock.now())
    with reading() as s:
        assert drills.figures(s, clock.now()) == drills.Figures(2, 1, 42, 42)  # the signal is gone, its time stays


def test_nobody_on_duty_no_drill(chain: Flask) -> None:
    with pytest.raises(drills.NobodyOnDuty), writing() as s:
        drills.start(s, 1, "chief", clock.now())
