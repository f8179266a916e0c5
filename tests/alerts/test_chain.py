"""The chain from her press to somebody who has seen it, and what happens when a link fails."""

from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DatabaseError

from clinic import clock
from clinic.db import db, reading, writing
from clinic.heartbeat import Heartbeat
from clinic.messaging.models import Message
from clinic.safety.alerts import answering, duty, forgetting, signals
from clinic.safety.alerts.models import Alert, AlertEvent, AlertWord, Duty
from clinic.safety.alerts.told import Told
from clinic.staff.models import Membership, Staff
from tests.alerts.conftest import (
    PHONES,
    calls,
    fired,
    give,
    log,
    offered,
    on_duty,
    staff_id,
    stand,
    state,
    take,
    turn,
    untaken,
)
from tests.twilio_stand_in import Fault, StandIn

SECOND = timedelta(seconds=1)


def test_it_is_offered_only_while_somebody_would_come_to_know(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    assert not offered()
    with writing() as s:
        duty.begin(s, staff_id("saule"), 1, "Saule", PHONES["saule"], 12, clock.now())
        duty.beat(s, clock.now())
    assert not offered()  # on duty, but nothing proves that she can be reached
    turn()
    assert [m.body[:22] for m in twilio.taken] == ["Дежурство, проверка: " + twilio.taken[0].body[21]]
    with writing() as s:
        assert not duty.confirm(s, staff_id("saule"), "x", clock.now())
        assert duty.confirm(s, staff_id("saule"), twilio.taken[0].body[-4:], clock.now())
    assert offered()
    travel.shift(timedelta(seconds=61))
    assert not offered()  # no worker looks after signals any more
    turn()
    assert offered()
    travel.shift(timedelta(hours=12))
    turn()
    assert not offered()  # twelve hours are over


def test_five_wrong_numbers_ask_for_another_test_and_there_are_four(chain: Flask) -> None:
    with writing() as s:
        duty.begin(s, staff_id("saule"), 1, "Saule", PHONES["saule"], 12, clock.now())
    for _ in range(5):
        with writing() as s:
            assert not duty.confirm(s, staff_id("saule"), "12345", clock.now())
    with reading() as s:
        assert not duty.mine(s, staff_id("saule"), clock.now()).may_confirm  # type: ignore[union-attr]
    for _ in range(3):
        with writing() as s:
            duty.test(s, staff_id("saule"), clock.now())
    with pytest.raises(duty.TooManyTests), writing() as s:
        duty.test(s, staff_id("saule"), clock.now())


def test_nothing_goes_out_before_ten_seconds_and_one_tap_stops_it(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    rid = give(Told(where="жёлтый ларёк"))
    travel.shift(timedelta(seconds=9))
    turn()
    assert state(rid) == "counting"
    with writing() as s:
        assert signals.end(s, rid, clock.now()) == "stopped"
    travel.shift(timedelta(minutes=5))
    turn()
    assert calls(twilio) == []
    assert log(rid) == ["given", "stopped"]
    assert not stand(rid).told.where  # nobody was called, so nothing of it is of use


def test_it_goes_out_once_says_nothing_and_the_first_to_take_it_has_it(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty("saule")
    travel.shift(SECOND)
    on_duty("aizhan")
    rid = fired(travel, Told(where="у вокзала", phone="+7 701 555 01 42"))
    for _ in range(4):
        turn()
    assert calls(twilio) == ["Дежурство: 1"]
    assert calls(twilio, "aizhan") == []
    assert stand(rid).called == ("Saule",)
    assert stand(rid).sent_at == clock.now()
    assert not stand(rid).late
    assert take(rid)
    assert not take(rid, "aizhan")
    found = stand(rid)
    assert (found.state, found.taken_as, found.taken_at) == ("taken", "Saule", clock.now())
    with reading() as s:
        assert answering.open_(s, rid, staff_id("saule")).told.phone == "+7 701 555 01 42"
        with pytest.raises(answering.NotYours):
            answering.open_(s, rid, staff_id("aizhan"))
    travel.shift(timedelta(minutes=5))
    turn()
    assert len(calls(twilio)) == 1  # whoever took it is not called again
    assert log(rid) == ["given", "fired", "taken"]


def test_a_silent_responder_the_next_is_called_and_her_page_says_to_call(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty("saule")
    travel.shift(SECOND)
    on_duty("aizhan")
    rid = fired(travel)
    travel.shift(timedelta(seconds=89))
    turn()
    assert not stand(rid).late
    travel.shift(SECOND)
    turn()
    assert stand(rid).late
    assert (len(calls(twilio)), len(calls(twilio, "aizhan"))) == (1, 1)
    for _ in range(29 * 60 // 30):
        travel.shift(timedelta(seconds=30))
        turn()
    assert state(rid) == "unanswered"
    assert stand(rid).late
    sent = len(calls(twilio))
    assert sent == 5  # at once and after 2, 4, 8 and 16 minutes
    travel.shift(timedelta(minutes=10))
    turn()
    assert len(calls(twilio)) == sent
    assert take(rid)  # it stays in the list
    assert log(rid)[-2:] == ["unanswered", "taken"]


def test_with_the_provider_away_her_page_says_so_within_twenty_seconds(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    for answer in ("500", "lost", "20003", "429", "21211"):
        twilio.plan = lambda _n, _form, answer=answer: Fault(takes=False, answer=answer)  # type: ignore[misc]
        before = len(calls(twilio))
        rid = fired(travel)
        travel.shift(timedelta(seconds=20))
        turn()
        assert stand(rid).late, answer
        assert stand(rid).sent_at is None
        twilio.plan = lambda _n, _form: Fault(takes=True, answer="201")
        for _ in range(5):
            travel.shift(timedelta(seconds=30))
            turn()
        assert stand(rid).sent_at is not None  # called again by itself once it is back
        assert len(calls(twilio)) > before
        assert take(rid)
        travel.shift(timedelta(minutes=3))


def test_whom_a_call_did_not_reach_is_not_offered_before_another_test(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    twilio.plan = lambda _n, _form: Fault(takes=False, answer="21211")
    rid = fired(travel)
    assert not offered()
    with reading() as s:
        assert duty.mine(s, staff_id("saule"), clock.now()).doubted  # type: ignore[union-attr]
    assert take(rid)  # what is there already may be taken
    twilio.plan = lambda _n, _form: Fault(takes=True, answer="201")
    with writing() as s:
        duty.test(s, staff_id("saule"), clock.now())
    travel.shift(SECOND)
    turn()
    with writing() as s:
        assert duty.confirm(s, staff_id("saule"), twilio.taken[-1].body[-4:], clock.now())
    assert offered()


def test_whoever_has_left_is_called_no_more(chain: Flask, travel: time_machine.Traveller) -> None:
    on_duty("saule")
    on_duty("aizhan")
    with writing() as s:
        s.execute(update(Staff).where(Staff.login == "saule").values(off_at=clock.now()))
        s.execute(delete(Membership).where(Membership.staff_id == staff_id("aizhan")))
    assert not offered()


def test_without_a_worker_her_page_says_to_call(chain: Flask, travel: time_machine.Traveller) -> None:
    on_duty()
    rid = give()
    travel.shift(signals.COUNTDOWN + signals.UNSENT)
    assert stand(rid).state == "counting"
    assert stand(rid).late


@pytest.mark.parametrize("hours", [-30, -1, 1, 30])
def test_a_clock_that_is_set_fires_once_and_ends_in_seen_or_in_call(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, hours: float
) -> None:
    on_duty("saule", hours=12)
    passed = [0.0]
    monkeypatch.setattr("clinic.safety.alerts.stopwatch.monotonic", lambda: passed[0])
    rid = give()
    turn()
    travel.shift(timedelta(hours=hours))
    passed[0] += 10
    for _ in range(40):
        turn()
        travel.shift(timedelta(seconds=3))
        passed[0] += 3
    assert log(rid).count("fired") == 1
    assert len(calls(twilio)) in (1, 2) or stand(rid).late
    assert stand(rid).late or take(rid)


def test_a_thousand_false_signals_hold_up_no_true_one(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty()
    false = []
    with writing() as s:
        for _ in range(1000):
            false.append(signals.find(s, signals.start(s, Told(), clock.now())))
    travel.shift(signals.COUNTDOWN)
    for _ in range(3):
        turn()
    assert calls(twilio) == ["Дежурство: 1000"] or len(calls(twilio)) == 1
    true = give(Told(where="за рынком"))
    travel.shift(signals.COUNTDOWN)
    turn()
    assert state(true) == "calling"
    assert stand(true).crowded
    assert stand(true).late  # the numbers stand there at once
    assert len(calls(twilio)) == 1
    assert untaken()[0] == true  # what says something stands first
    assert take(true)
    travel.shift(timedelta(minutes=2))
    turn()
    assert calls(twilio)[1:] == ["Дежурство: 1000"]
    assert {state(rid) for rid in false} == {"calling"}


def test_more_than_anybody_can_look_at_is_refused_with_the_numbers(
    chain: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "MOST_OPEN", 3)
    for _ in range(3):
        give()
    with pytest.raises(signals.Overrun):
        give()


def test_the_log_is_final_and_survives_what_is_rolled_back(chain_on: Flask, travel: time_machine.Traveller) -> None:
    on_duty()
    rid = fired(travel)
    with pytest.raises(DatabaseError), writing() as s:
        s.execute(text("UPDATE alert_event SET what = 'nothing'"))
    with suppress(ZeroDivisionError), writing() as s:
        signals.end(s, rid, clock.now())
        _ = 1 / 0
    assert log(rid) == ["given", "fired"]
    assert state(rid) == "calling"


def test_all_of_it_is_gone_after_24_hours(chain_on: Flask, travel: time_machine.Traveller) -> None:
    on_duty()
    rid = fired(travel, Told(where="x", phone="+7 701 555 01 42"))
    assert take(rid)
    with writing() as s:
        assert answering.answer(s, rid, staff_id("saule"), "Вижу вас.", clock.now())
        assert signals.say(s, rid, "her", "Спасибо", clock.now())
    travel.shift(timedelta(hours=23, minutes=59))
    assert forgetting.run(clock.now()) == 0
    assert state(rid) == "taken"
    travel.shift(timedelta(minutes=2))
    assert forgetting.run(clock.now()) > 0
    travel.shift(timedelta(days=3))
    forgetting.run(clock.now())
    with reading() as s:
        for table in (Alert, AlertEvent, AlertWord, Message, Duty):
            assert s.scalar(select(func.count()).select_from(table)) == 0, table


def test_a_worker_that_lost_the_row_of_its_pulse_makes_it_again(chain: Flask) -> None:
    on_duty()
    with writing() as s:
        s.execute(delete(Heartbeat))
    assert not offered()
    turn()
    assert offered()
    db.session.remove()


def test_after_a_worker_that_was_away_for_long_everybody_is_called_all_the_same(
    chain: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    on_duty("saule")
    on_duty("aizhan")
    rid = give()
    travel.shift(timedelta(minutes=45))
    turn()
    travel.shift(signals.STEP)
    turn()
    assert (state(rid), calls(twilio, "aizhan")) == ("calling", ["Дежурство: 1"])
