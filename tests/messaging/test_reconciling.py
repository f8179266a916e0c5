"""Messages of which nobody here knows whether they went out: asked about, never sent blindly."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from clinic import clock
from clinic.db import reading, writing
from clinic.messaging import outbox, receipts, reconciling, sending
from clinic.messaging.models import Attempt
from clinic.messaging.senders import Accepted
from tests.messaging.conftest import EVENING, HERS, error, put, state, token
from tests.twilio_stand_in import Fault, StandIn

pytestmark = pytest.mark.usefixtures("sms_app_on")
LOST = Fault(takes=True, answer="lost")
NEVER_CAME = Fault(takes=False, answer="500")


def send() -> int:
    return sending.work_once(clock.now())


def ask() -> int:
    return reconciling.work_once(clock.now())


def ask_after(travel: time_machine.Traveller, seconds: int) -> int:
    travel.shift(timedelta(seconds=seconds))
    return ask()


def test_nothing_is_asked_until_a_minute_after_the_lease(twilio: StandIn, travel: time_machine.Traveller) -> None:
    twilio.plan = lambda _n, _form: LOST
    rid = put()
    send()
    assert ask_after(travel, 118) == 0
    assert twilio.lists == 0
    assert ask_after(travel, 4) == 1
    assert state(rid) == "accepted"


def test_a_message_whose_answer_was_lost_is_found_and_never_sent_again(
    twilio: StandIn, travel: time_machine.Traveller
) -> None:
    twilio.plan = lambda _n, _form: LOST
    rid = put()
    send()
    ask_after(travel, 125)
    send()
    assert state(rid) == "accepted"
    assert len(twilio.taken) == 1
    with reading() as s:
        assert s.scalars(select(Attempt.sid)).one() == twilio.taken[0].sid


def test_one_that_never_came_is_sent_once_more_after_two_absences_a_minute_apart(
    twilio: StandIn, travel: time_machine.Traveller
) -> None:
    twilio.plan = lambda n, _form: NEVER_CAME if n == 1 else Fault(takes=True, answer="201")
    rid = put()
    send()
    assert ask_after(travel, 125) == 0
    assert ask_after(travel, 50) == 0
    assert (state(rid), send()) == ("sending", 0)
    assert ask_after(travel, 15) == 1
    assert (state(rid), send()) == ("waiting", 1)
    assert state(rid) == "accepted"
    assert len(twilio.taken) == 1


def test_absent_after_a_second_unclear_try_is_unknown_and_never_sent_again(
    twilio: StandIn, travel: time_machine.Traveller
) -> None:
    twilio.plan = lambda _n, _form: NEVER_CAME
    rid = put(start=EVENING + timedelta(hours=1))
    for _ in range(12):
        send()
        ask_after(travel, 65)
    assert state(rid) == "unknown"
    assert twilio.creates == 2
    with reading() as s:
        assert outbox.troubles(s, ["appointment:1"])["appointment:1"].state == "unknown"


def test_while_lists_fail_nothing_is_sent_blindly(twilio: StandIn, travel: time_machine.Traveller) -> None:
    twilio.plan = lambda n, _form: NEVER_CAME if n == 1 else Fault(takes=True, answer="201")
    twilio.list_answers = lambda _n: False
    rid = put(start=EVENING + timedelta(minutes=70))
    send()
    for _ in range(30):
        ask_after(travel, 65)
        send()
    assert (state(rid), twilio.creates) == ("sending", 1)
    assert 20 < twilio.lists < 40
    twilio.list_answers = lambda _n: True
    for _ in range(3):
        ask_after(travel, 65)
        send()
    assert (state(rid), len(twilio.taken)) == ("accepted", 1)


def test_what_lost_its_use_while_in_doubt_expires(twilio: StandIn, travel: time_machine.Traveller) -> None:
    twilio.plan = lambda _n, _form: NEVER_CAME
    rid = put(start=EVENING + timedelta(minutes=3))
    send()
    for _ in range(4):
        ask_after(travel, 65)
        send()
    assert (state(rid), twilio.creates) == ("expired", 1)


def test_what_was_dropped_while_in_doubt_is_never_sent_again(twilio: StandIn, travel: time_machine.Traveller) -> None:
    twilio.plan = lambda _n, _form: NEVER_CAME
    rid = put()
    send()
    with writing() as s:
        outbox.drop(s, "appointment:1", None, clock.now())
    for _ in range(5):
        ask_after(travel, 65)
        send()
    assert (state(rid), twilio.creates) == ("dropped", 1)


def test_a_redacted_copy_leaves_it_unknown(twilio: StandIn, travel: time_machine.Traveller) -> None:
    twilio.plan = lambda _n, _form: LOST
    rid = put()
    send()
    twilio.taken[0].body = ""
    ask_after(travel, 125)
    send()
    assert (state(rid), error(rid), twilio.creates) == ("unknown", "redacted", 1)


def test_no_answer_for_a_day_leaves_it_unknown(twilio: StandIn, travel: time_machine.Traveller) -> None:
    twilio.plan = lambda _n, _form: NEVER_CAME
    twilio.list_answers = lambda _n: False
    rid = put()
    send()
    ask_after(travel, 23 * 3600)
    assert state(rid) == "sending"
    ask_after(travel, 3600 * 2)
    assert (state(rid), error(rid)) == ("unknown", "no answer")


def test_twins_of_one_text_and_number_are_not_taken_for_each_other(
    twilio: StandIn, travel: time_machine.Traveller
) -> None:
    """Two equal messages, one known to be taken: its copy says nothing about the other."""
    twilio.plan = lambda n, _form: NEVER_CAME if n == 2 else Fault(takes=True, answer="201")
    first = put(about="a")
    send()
    second = put(about="b")
    send()
    assert (state(first), state(second)) == ("accepted", "sending")
    ask_after(travel, 125)
    ask_after(travel, 65)
    # a third message to her on one day is not sent: the two that may have gone out count
    assert state(second) == "waiting"
    send()
    assert (state(first), state(second)) == ("accepted", "accepted")
    assert len(twilio.taken) == 2


def test_a_copy_is_found_on_a_later_page(twilio: StandIn, travel: time_machine.Traveller) -> None:
    twilio.page_size = 3
    twilio.plan = lambda n, _form: LOST if n == 1 else Fault(takes=True, answer="201")
    rid = put()
    send()
    for i in range(10):
        put(about=str(i), to=f"+7701000{i + 10:04}")
    send()
    ask_after(travel, 125)
    assert state(rid) == "accepted"


def test_an_older_message_of_the_same_words_is_no_proof(twilio: StandIn, travel: time_machine.Traveller) -> None:
    body = "Напоминание: вторник, 24 ноября, 20:20."
    twilio.take({"To": HERS, "Body": body, "From": "Keshki"}).created_at = EVENING - timedelta(minutes=10)
    twilio.plan = lambda _n, _form: NEVER_CAME
    rid = put()
    send()
    ask_after(travel, 125)
    ask_after(travel, 65)
    assert state(rid) == "waiting"


def test_a_receipt_settles_the_doubt_before_anybody_asks(twilio: StandIn, travel: time_machine.Traveller) -> None:
    twilio.plan = lambda _n, _form: LOST
    rid = put()
    send()
    with writing() as s:
        assert receipts.take(s, token(rid), twilio.taken[0].sid, "delivered", "", clock.now())
    assert ask_after(travel, 125) == 0
    assert twilio.lists == 0
    assert state(rid) == "delivered"


def test_a_receipt_that_comes_while_we_ask_wins(twilio: StandIn, travel: time_machine.Traveller) -> None:
    twilio.plan = lambda _n, _form: NEVER_CAME
    rid = put()
    send()
    travel.shift(timedelta(seconds=125))
    with writing() as s:
        doubts = reconciling.take_up(s, clock.now())
    with writing() as s:
        receipts.take(s, token(rid), "SM1", "sent", "", clock.now())
    with writing() as s:
        assert reconciling.settle(s, doubts, [], clock.now()) == 0
    assert state(rid) == "sent"


def test_one_asker_at_a_time(twilio: StandIn, travel: time_machine.Traveller) -> None:
    twilio.plan = lambda _n, _form: LOST
    put()
    send()
    travel.shift(timedelta(seconds=125))
    with writing() as s:
        assert len(reconciling.take_up(s, clock.now())) == 1
    with writing() as s:
        assert reconciling.take_up(s, clock.now()) == []
    # the asker died: asked again when its own lease is over
    assert ask_after(travel, 125) == 1


def test_where_no_receipt_comes_we_ask_for_news(twilio: StandIn, travel: time_machine.Traveller) -> None:
    rid = put()
    send()
    assert reconciling.look_once(clock.now()) == 0
    assert twilio.fetches == 0
    travel.shift(timedelta(minutes=11))
    twilio.taken[0].status = "sent"
    assert reconciling.look_once(clock.now()) == 1
    assert state(rid) == "sent"
    assert reconciling.look_once(clock.now()) == 0
    travel.shift(timedelta(minutes=25))
    twilio.taken[0].status = "delivered"
    reconciling.look_once(clock.now())
    assert (state(rid), twilio.fetches) == ("delivered", 2)


def test_every_doubt_of_many_is_settled_by_one_question(
    twilio: StandIn, travel: time_machine.Traveller, sms_app_on: Flask
) -> None:
    assert sms_app_on is not None
    twilio.plan = lambda n, _form: LOST if n % 2 else Fault(takes=True, answer="201")
    rids = [put(about=str(i), to=f"+7701000{i:04}") for i in range(12)]
    send()
    ask_after(travel, 125)
    assert {state(rid) for rid in rids} == {"accepted"}
    assert (len(twilio.taken), twilio.lists) == (12, 2)


def test_a_late_answer_under_a_sid_that_a_twin_holds_breaks_nothing(twilio: StandIn) -> None:
    first, second = put(about="a"), put(about="b")
    with writing() as s:
        claimed = sending.claim(s, clock.now(), 10)
    one, other = sorted(claimed, key=lambda c: c.message_id != first)
    with writing() as s:
        sending.record(s, [(one, Accepted("SM1"))], clock.now())
    with writing() as s:
        sending.record(s, [(other, Accepted("SM1")), (one, Accepted("SM1"))], clock.now())
    assert (state(first), state(second)) == ("accepted", "accepted")
    assert twilio.creates == 0
    with reading() as s:
        assert set(s.scalars(select(Attempt.sid))) == {"SM1", None}
