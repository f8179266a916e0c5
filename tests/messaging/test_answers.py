"""What the provider's answers are about: a text, a number, or our account; each way it may say so, each code."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, select

from clinic import clock, ready
from clinic.db import reading, writing
from clinic.messaging import outbox, receipts, reconciling, sending, tasks, today
from clinic.messaging.models import Attempt, Message
from clinic.messaging.senders import answers
from clinic.passes import passes
from tests.messaging.conftest import FORGET, HERS, error, put, state, token
from tests.twilio_stand_in import Fault, StandIn

OTHER = "+77010000002"
CODES = [(str(code), kind) for kind, codes in answers.CODES.items() for code in codes]
QUARTER = timedelta(minutes=16)


def a_pass(phone: str = HERS) -> bytes:
    with writing() as s:
        return passes.open_pass(s, "ru", "plain", phone, FORGET)[0].rid


def of(pass_id: bytes) -> passes.OpenPass:
    with reading() as s:
        return passes.of(s, pass_id)


def hers(pass_id: bytes, minutes: int = 0, about: str = "appointment:1", phone: str = HERS) -> bytes:
    now = clock.now()
    return put(phone, now + timedelta(minutes=minutes), now + timedelta(hours=1), about, pass_id=pass_id)


def send() -> int:
    return sending.work_once(clock.now())


def by_answer(twilio: StandIn, rid: bytes, code: str) -> None:
    """The provider refuses it when it is sent."""
    twilio.plan = lambda _n, _form: Fault(takes=False, answer=code)
    send()


def by_receipt(twilio: StandIn, rid: bytes, code: str) -> None:
    """It takes it, and says later that it did not arrive."""
    send()
    with writing() as s:
        receipts.take(s, token(rid), twilio.taken[-1].sid, "undelivered", code, clock.now())


def by_question(twilio: StandIn, rid: bytes, code: str) -> None:
    """No receipt comes, so we ask."""
    send()
    twilio.taken[-1].status, twilio.taken[-1].error = "failed", int(code)
    reconciling.look_once(clock.now() + timedelta(minutes=11))


def at_once(twilio: StandIn, rid: bytes, code: str) -> None:
    """It takes it, and says in the same answer that it has failed."""
    twilio.plan = lambda _n, _form: Fault(takes=True, answer="201", status="failed", error=int(code))
    send()


@pytest.mark.parametrize("way", [by_answer, by_receipt, by_question, at_once])
def test_every_code_does_what_its_kind_does(
    sms_app: Flask, twilio: StandIn, restarted: Callable[[], None], way: Callable[[StandIn, bytes, str], None]
) -> None:
    for nth, (code, kind) in enumerate(CODES):
        restarted()
        phone = f"+770100{nth:05}"
        pass_id = a_pass(phone)
        rid = hers(pass_id, 0, f"v:{nth}", phone)
        later = hers(pass_id, 30, f"w:{nth}", phone)
        way(twilio, rid, code)
        bad = "undelivered" if way is by_receipt else "failed"
        assert state(rid) == ("waiting" if kind in (answers.ACCOUNT, answers.LATER) else bad), code
        assert state(later) == ("dropped" if kind == answers.NUMBER else "waiting"), code
        reached = (None, True) if kind == answers.NUMBER else (phone, False)
        assert (of(pass_id).phone, of(pass_id).unreached) == reached, code
        with writing() as s:
            assert outbox.held_up(s) == (code if kind == answers.ACCOUNT else ""), code
            s.execute(delete(Message))


@pytest.mark.parametrize("code", ["20003", "21212", "21606", "21612", "21267"])
def test_a_refused_sender_stops_the_queue_and_nothing_is_lost(
    sms_app: Flask, twilio: StandIn, travel: time_machine.Traveller, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    mended = [False]
    twilio.plan = lambda _n, _form: Fault(takes=mended[0], answer="201" if mended[0] else code)
    start = clock.now() + timedelta(hours=1)
    rids = [put(f"+7701000000{n}", start=start, about=f"v:{n}") for n in range(10)]
    send()
    tried = twilio.creates
    send()
    assert twilio.creates == tried <= 10
    assert {state(rid) for rid in rids} == {"waiting"}
    assert code in caplog.text
    with sms_app.test_request_context(), reading() as s:
        assert any(code in str(lack) for lack in ready.missing(s))
    mended[0] = True
    travel.shift(QUARTER)
    for _ in range(3):
        send()
    assert {state(rid) for rid in rids} == {"accepted"}
    assert len(twilio.taken) == 10
    with reading() as s:
        assert outbox.held_up(s) == ""


def test_one_number_that_the_sender_does_not_reach_stops_nobody_else(
    sms_app: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    twilio.plan = lambda _n, form: Fault(True, "201") if form["To"] != HERS else Fault(False, "21612")
    put(OTHER, about="v:1")
    send()
    pass_id = a_pass()
    rid = hers(pass_id)
    send()
    assert (state(rid), error(rid), of(pass_id).unreached) == ("failed", "21612", True)
    third = put("+77010000003", about="v:3")
    send()
    assert state(third) == "accepted"


def test_a_number_that_she_gives_anew_is_tried_again_and_an_old_answer_does_not_erase_it(
    sms_app_on: Flask, twilio: StandIn
) -> None:
    pass_id = a_pass()
    rid = hers(pass_id)
    send()
    with writing() as s:
        passes.set_contact(s, passes.of(s, pass_id), "ru", "plain", OTHER)
        receipts.take(s, token(rid), twilio.taken[0].sid, "undelivered", "30005", clock.now())
    assert (of(pass_id).phone, of(pass_id).unreached) == (OTHER, False)
    again = hers(pass_id, about="appointment:2", phone=OTHER)
    send()
    with writing() as s:
        receipts.take(s, token(again), twilio.taken[1].sid, "undelivered", "30005", clock.now())
    assert (of(pass_id).phone, of(pass_id).unreached) == (None, True)
    with writing() as s:
        passes.set_contact(s, passes.of(s, pass_id), "ru", "plain", OTHER)
    assert (of(pass_id).phone, of(pass_id).unreached) == (OTHER, False)


def test_a_suspended_account_that_took_messages_loses_none_and_sends_each_once(
    sms_app_on: Flask, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    rid = put(start=clock.now() + timedelta(hours=1))
    send()
    with writing() as s:
        receipts.take(s, token(rid), twilio.taken[0].sid, "failed", "30002", clock.now())
    assert state(rid) == "waiting"
    travel.shift(QUARTER)
    send()
    assert state(rid) == "accepted"
    with writing() as s:  # the old receipt once more changes nothing
        receipts.take(s, token(rid), twilio.taken[0].sid, "failed", "30002", clock.now())
    assert state(rid) == "accepted"
    assert len(twilio.taken) == 2


def test_what_failed_too_late_for_another_try_has_failed(sms_app: Flask, twilio: StandIn) -> None:
    rid = put(start=clock.now() + timedelta(minutes=10))
    send()
    with writing() as s:
        receipts.take(s, token(rid), twilio.taken[0].sid, "failed", "30002", clock.now())
    assert state(rid) == "failed"


def test_retry_after_is_honoured(sms_app: Flask, twilio: StandIn, travel: time_machine.Traveller) -> None:
    twilio.plan = lambda n, _form: Fault(n > 1, "201") if n > 1 else Fault(False, "429", retry_after="900")
    rid = put(start=clock.now() + timedelta(hours=1))
    send()
    other = put(OTHER, start=clock.now() + timedelta(hours=1), about="v:2")
    travel.shift(timedelta(minutes=14))
    assert send() == 0
    travel.shift(timedelta(minutes=2))
    send()
    tasks.expire(clock.now())
    assert (state(rid), state(other)) == ("accepted", "accepted")


def test_a_claim_reads_only_what_is_new_however_many_went_out_today(
    sms_app_on: Flask, twilio: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing() as s:
        for n in range(40):
            put_one(s, n)
    while send():
        pass
    known, read = today.today(clock.now()), []
    with reading() as s:
        known.read(s, ())
    monkeypatch.setattr(today.Today, "_count", lambda _self, one, _outcome, _to: read.append(one))
    with reading() as s:
        known.read(s, ())
    assert read == []
    assert known.total == 40


def put_one(s, n: int) -> None:  # type: ignore[no-untyped-def]
    outbox.put(s, None, f"v:{n}", "reminder", f"+770100000{n:02}", "x", clock.now(), clock.now() + QUARTER, FORGET)


def test_no_code_stands_in_two_kinds() -> None:
    codes = [code for codes in answers.CODES.values() for code in codes]
    assert len(codes) == len(set(codes))


def test_every_attempt_of_a_claim_has_its_number(sms_app_on: Flask, twilio: StandIn) -> None:
    put()
    send()
    put(OTHER, about="v:2")
    send()
    with reading() as s:
        first, second = s.scalars(select(Attempt.claim).order_by(Attempt.claim))
    assert 0 < first < second
