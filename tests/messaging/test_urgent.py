"""Messages to people on duty go at once: at night, past a stopped queue, out of their own budget."""

import time
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from clinic import clock, messaging
from clinic.db import reading, writing
from clinic.messaging import outbox, sending, today, urgent
from clinic.messaging.gate import gate
from clinic.messaging.senders import Stop
from tests.conftest import Maker
from tests.messaging.conftest import EVENING, FORGET, put, state
from tests.twilio_stand_in import Fault, StandIn

pytestmark = pytest.mark.usefixtures("sms_app")
THEIRS = "+77010000099"


def call(n: int = 1, to: str = THEIRS, kind: str = "duty") -> bytes:
    now = clock.now()
    with writing() as s:
        return outbox.put(s, None, f"duty:x:{n}", kind, to, "Дежурство: 1", now, now + timedelta(minutes=2), FORGET)


def turn(until_empty: bool = True) -> None:
    lane = urgent.lane()
    lane.turn(clock.now())
    while until_empty and lane.open:
        lane.turn(clock.now())


def test_at_night_past_two_a_day_and_past_a_stopped_queue(twilio: StandIn, travel: time_machine.Traveller) -> None:
    travel.shift(timedelta(hours=6))  # 01:40
    hers = put(start=clock.now() + timedelta(hours=12))
    gate().heard(Stop("20003"), clock.now())
    rids = [call(n) for n in range(3)]
    sending.work_once(clock.now())
    assert state(hers) == "waiting"
    turn()
    assert [state(rid) for rid in rids] == ["accepted"] * 3
    assert {m.to for m in twilio.taken} == {THEIRS}


def test_the_queue_of_reminders_leaves_them_alone_and_does_not_count_them(twilio: StandIn) -> None:
    rid = call()
    assert sending.work_once(clock.now()) == 0
    assert state(rid) == "waiting"
    turn()
    known = today.today(clock.now())
    with reading() as s:
        known.read(s, ())
    assert not known.total


def test_a_refusal_for_now_is_tried_again_within_seconds(twilio: StandIn, travel: time_machine.Traveller) -> None:
    twilio.plan = lambda n, _form: Fault(takes=n > 1, answer="201" if n > 1 else "429")
    rid = call()
    turn()
    assert state(rid) == "waiting"
    travel.shift(urgent.SOON)
    turn()
    assert state(rid) == "accepted"


def test_a_provider_that_hangs_on_some_does_not_hold_up_the_next(twilio: StandIn) -> None:
    twilio.plan = lambda n, _form: Fault(takes=True, answer="201", before=0.0 if n > 3 else 7.0)
    for n in range(3):
        call(n)
    began = time.monotonic()
    turn(until_empty=False)
    last = call(9)
    while state(last) != "accepted":
        turn(until_empty=False)
        assert time.monotonic() - began < 6
    assert twilio.creates == 4


def test_their_budget_is_their_own(make_app: Maker, twilio: StandIn) -> None:
    make_app("sqlite", {**twilio.environ(), "KESHKI_DUTY_DAILY_CAP": "2"})
    rids = [call(n) for n in range(3)]
    hers = put()
    turn()
    assert sorted(state(rid) for rid in rids) == ["accepted", "accepted", "waiting"]
    with reading() as s:
        assert urgent.budget(s, clock.now()) == 0
    sending.work_once(clock.now())
    assert state(hers) == "accepted"


def test_without_a_sender_nothing_is_tried(make_app: Maker, travel: time_machine.Traveller) -> None:
    from clinic.messaging import tasks

    app: Flask = make_app()
    assert app is not None
    assert not messaging.enabled()
    assert tasks.send_urgent(EVENING) == 0
