"""What goes out, when, and what each answer of the provider leads to."""

import socket
from collections.abc import Callable
from datetime import date, timedelta
from urllib.parse import parse_qs

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, select

from clinic import clock, messaging
from clinic.db import db, reading, writing
from clinic.messaging import gate, outbox, reconciling, sending, tasks
from clinic.messaging.models import Attempt, Message
from clinic.messaging.senders import Later
from tests.conftest import Maker
from tests.messaging.conftest import EVENING, FORGET, HERS, error, put, state
from tests.twilio_stand_in import Fault, StandIn, settings_for

pytestmark = pytest.mark.usefixtures("sms_app")


def send() -> int:
    return sending.work_once(clock.now())


def test_a_due_message_goes_out_once(twilio: StandIn) -> None:
    rid = put()
    assert send() == 1
    assert send() == 0
    assert [(m.to, m.body, m.sender) for m in twilio.taken] == [
        (HERS, "Напоминание: вторник, 24 ноября, 20:20.", "Keshki")
    ]
    assert state(rid) == "accepted"
    assert twilio.taken[0].callback.startswith("http://localhost/hooks/twilio/status/")


def test_the_provider_may_not_try_past_the_visit_nor_past_the_hours(
    twilio: StandIn, travel: time_machine.Traveller
) -> None:
    put()
    put(about="late", to="+77010000002", start=EVENING + timedelta(hours=9))
    send()
    assert [round(m.validity, -2) for m in sorted(twilio.taken, key=lambda m: m.validity)] == [40 * 60, 80 * 60]


def test_nothing_goes_out_before_it_is_due_or_once_the_visit_began(twilio: StandIn) -> None:
    early = put(due=EVENING + timedelta(minutes=1))
    late = put(about="other", due=EVENING - timedelta(hours=1), start=EVENING)
    assert send() == 0
    assert (state(early), state(late)) == ("waiting", "waiting")
    assert tasks.expire(clock.now()) == 1
    assert (state(early), state(late)) == ("waiting", "expired")
    assert twilio.creates == 0


@pytest.mark.parametrize(("hours", "goes"), [(-11, False), (0, True), (1.33, True), (1.34, False), (13.33, False)])
def test_case_7_nothing_goes_out_outside_the_hours(
    twilio: StandIn, travel: time_machine.Traveller, hours: float, goes: bool
) -> None:
    travel.shift(timedelta(hours=hours))
    put(start=EVENING + timedelta(days=1))
    send()
    assert bool(twilio.taken) is goes


def test_case_7_a_message_that_the_night_held_up_goes_out_in_the_morning(
    twilio: StandIn, travel: time_machine.Traveller
) -> None:
    useful = put(due=EVENING + timedelta(minutes=30), start=EVENING + timedelta(hours=15))
    useless = put(about="b", due=EVENING + timedelta(minutes=30), start=EVENING + timedelta(hours=2))
    for _ in range(8 * 60):  # the worker was away from 20:00 to 03:00, then looks every two minutes
        slept = clock.now() > EVENING
        travel.shift(timedelta(minutes=2) if slept else timedelta(hours=7, minutes=20))
        tasks.expire(clock.now())
        if send():
            break
    assert clock.local(clock.now()).strftime("%d %H:%M") == "25 09:00"
    assert (state(useful), state(useless)) == ("accepted", "expired")
    assert len(twilio.taken) == 1


def test_a_dropped_message_never_goes_out(twilio: StandIn) -> None:
    rid = put()
    with writing() as s:
        assert outbox.drop(s, "appointment:1", None, clock.now(), "moved") == 1
    assert send() == 0
    assert (state(rid), error(rid)) == ("dropped", "moved")
    assert twilio.creates == 0


def test_one_dropped_between_claim_and_post_is_not_posted(twilio: StandIn) -> None:
    rid = put()
    with writing() as s:
        claimed = sending.claim(s, clock.now(), 10)
    with writing() as s:
        outbox.drop(s, "appointment:1", None, clock.now())
    assert state(rid) == "sending"
    mail = sending.Mail(messaging.sender(), gate.gate(), db.engine)
    assert sending.post(mail, claimed[0]) == sending.Unsent()
    with writing() as s:
        sending.record(s, [(claimed[0], sending.Unsent())], clock.now())
    assert state(rid) == "dropped"
    assert twilio.creates == 0


def test_a_second_live_message_of_one_kind_is_refused_until_the_first_is_dropped() -> None:
    from sqlalchemy.exc import IntegrityError

    put()
    with pytest.raises(IntegrityError):
        put()
    with writing() as s:
        outbox.drop(s, "appointment:1", ("reminder",), clock.now())
    put()


def test_number_and_text_stand_nowhere_in_the_database() -> None:
    rid = put()
    with db.engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT * FROM message").one()
    assert all(HERS not in repr(value) and "Напоминание" not in repr(value) for value in row)
    with reading() as s:
        assert s.get(Message, rid) is not None


@pytest.mark.parametrize(
    ("answer", "after", "its_error"),
    [
        ("429", "waiting", ""),
        ("20003", "waiting", "20003"),
        ("21408", "waiting", "21408"),
        ("21211", "failed", "21211"),
        ("21610", "failed", "21610"),
        ("500", "sending", ""),
        ("lost", "sending", ""),
        ("garbled", "sending", ""),
    ],
)
def test_each_answer_leads_where_the_table_says(twilio: StandIn, answer: str, after: str, its_error: str) -> None:
    twilio.plan = lambda _n, _form: Fault(takes=answer in ("lost", "garbled"), answer=answer)
    rid = put()
    send()
    assert (state(rid), error(rid)) == (after, its_error)


def test_a_refused_connection_is_tried_again_later(make_app: Maker, travel: time_machine.Traveller) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{closed.getsockname()[1]}"
    make_app("sqlite", settings_for(base))
    rid = put()
    assert send() == 1
    assert state(rid) == "waiting"
    with reading() as s:
        due = s.scalars(select(Message.due_at)).one()
    assert timedelta(seconds=20) < due - EVENING < timedelta(seconds=45)


def test_a_429_waits_longer_each_time_and_is_sent_in_the_end(twilio: StandIn, travel: time_machine.Traveller) -> None:
    twilio.plan = lambda n, _form: Fault(takes=n > 3, answer="201" if n > 3 else "429")
    rid = put()
    waits = []
    for _ in range(4):
        before = clock.now()
        while not send():
            travel.shift(timedelta(seconds=5))
        waits.append(clock.now() - before)
    assert state(rid) == "accepted"
    assert waits[1] < waits[2] < waits[3]
    assert len(twilio.taken) == 1


def test_an_answer_that_drips_for_ever_is_given_up(twilio: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "POST_SECONDS", 0.3)
    twilio.plan = lambda _n, _form: Fault(takes=True, answer="drip")
    rid = put()
    assert send() == 1
    assert state(rid) == "sending"


def test_a_wrong_token_stops_the_queue_until_later(
    twilio: StandIn, travel: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    twilio.plan = lambda n, _form: Fault(takes=n > 1, answer="20003" if n == 1 else "201")
    put()
    send()
    other = put(about="b", to="+77010000002")
    assert send() == 0
    assert "20003" in caplog.text
    assert "+7701" not in caplog.text
    travel.shift(timedelta(minutes=16))
    assert send() == 2
    assert state(other) == "accepted"


def test_three_unclear_calls_in_a_row_stop_claims_until_one_question_is_answered(
    twilio: StandIn, travel: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "CONCURRENCY", 1)
    twilio.plan = lambda _n, _form: Fault(takes=False, answer="500")
    twilio.list_answers = lambda _n: False
    rids = [put(about=str(i), to=f"+7701000{i:04}", start=EVENING + timedelta(hours=1)) for i in range(12)]
    send()
    assert twilio.creates == 3
    assert [state(rid) for rid in rids].count("sending") == 3
    assert send() == 0
    travel.shift(timedelta(minutes=3))
    reconciling.work_once(clock.now())
    assert send() == 0
    twilio.list_answers = lambda _n: True
    twilio.plan = lambda _n, _form: Fault(takes=True, answer="201")
    travel.shift(timedelta(minutes=2))
    reconciling.work_once(clock.now())
    assert send() == 9
    travel.shift(timedelta(minutes=2))
    reconciling.work_once(clock.now())
    send()
    assert {state(rid) for rid in rids} == {"accepted"}
    assert len(twilio.taken) == 12


def test_a_lease_that_is_over_forbids_the_post(twilio: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    rid = put()
    with writing() as s:
        claimed = sending.claim(s, clock.now(), 10)[0]
    later = claimed.held_since + 60
    monkeypatch.setattr(sending, "monotonic", lambda: later)
    mail = sending.Mail(messaging.sender(), gate.gate(), db.engine)
    assert sending.post(mail, claimed) == sending.Unsent()
    assert twilio.creates == 0
    assert state(rid) == "sending"


def test_at_most_two_messages_a_day_to_one_number(twilio: StandIn, travel: time_machine.Traveller) -> None:
    rids = [put(about=str(i), start=EVENING + timedelta(hours=20)) for i in range(3)]
    other = put(about="other", to="+77010000002")
    send()
    send()
    assert sorted(state(rid) for rid in rids) == ["accepted", "accepted", "waiting"]
    assert state(other) == "accepted"
    travel.move_to(EVENING + timedelta(hours=13, minutes=19))  # 08:59 the next morning
    send()
    assert len([m for m in twilio.taken if m.to == HERS]) == 2
    travel.shift(timedelta(minutes=1))
    send()
    assert len([m for m in twilio.taken if m.to == HERS]) == 3


def test_the_limit_of_a_number_holds_after_a_restart(twilio: StandIn, restarted: Callable[[], None]) -> None:
    for i in range(2):
        put(about=str(i))
    send()
    restarted()
    rid = put(about="third")
    assert send() == 0
    assert (state(rid), error(rid)) == ("expired", "two a day")


def test_two_claims_side_by_side_share_nothing_and_count_together(make_app: Maker, twilio: StandIn) -> None:
    from threading import Thread

    app = make_app("postgresql", twilio.environ())
    for i in range(6):
        put(about=str(i))
        put(about=f"other {i}", to=f"+7701000{i + 10:04}")
    found: list[sending.Claimed] = []

    def one() -> None:
        with app.app_context(), writing() as s:
            found.extend(sending.claim(s, EVENING, 4))

    threads = [Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({c.message_id for c in found}) == len(found)
    assert [c.to for c in found].count(HERS) == 2


def test_the_daily_cap_holds_back_the_rest(make_app: Maker, twilio: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    make_app("sqlite", twilio.environ() | {"KESHKI_SMS_DAILY_CAP": "3"})
    for i in range(5):
        put(about=str(i), to=f"+7701000{i:04}")
    send()
    assert len(twilio.taken) == 3
    assert send() == 0
    assert caplog.text.count("KESHKI_SMS_DAILY_CAP") == 1


def test_only_allowed_countries_are_written_to(make_app: Maker, twilio: StandIn) -> None:
    rid = put(to="+79261234567")
    send()
    assert (state(rid), error(rid)) == ("failed", "country")
    make_app("sqlite", twilio.environ() | {"KESHKI_SMS_COUNTRIES": "KZ,RU"})
    rid = put(to="+79261234567")
    send()
    assert state(rid) == "accepted"
    assert [m.to for m in twilio.taken] == ["+79261234567"]


def test_what_has_been_forgotten_is_not_sent(sms_app: Flask, twilio: StandIn, travel: time_machine.Traveller) -> None:
    from clinic.privacy import keys

    rid = put(start=EVENING + timedelta(days=5))
    travel.move_to(EVENING + timedelta(days=3))
    keys.ring().advance(date(2026, 11, 27), leap_days=90)
    assert FORGET < clock.today()
    send()
    assert (state(rid), error(rid)) == ("expired", "forgotten")
    assert twilio.creates == 0


def test_a_pass_deleted_while_sending_has_its_copy_erased_at_once(twilio: StandIn) -> None:
    from sqlalchemy import delete

    from clinic.messaging import erasing

    rid = put()

    def forget(_form: dict[str, str]) -> None:
        with sms_engine.begin() as connection:
            connection.execute(delete(Message).where(Message.rid == rid))

    sms_engine = db.engine
    twilio.on_create = forget
    send()
    assert state(rid) == "gone"
    twilio.taken[0].status = "sent"
    assert erasing.work_once(clock.now() + timedelta(seconds=5)) == 1
    assert twilio.taken[0].deleted


def test_forty_messages_go_out_side_by_side(twilio: StandIn) -> None:
    peak = 0

    def watch(_form: dict[str, str]) -> None:
        nonlocal peak
        peak = max(peak, twilio.in_flight)

    twilio.on_create = watch
    twilio.plan = lambda _n, _form: Fault(takes=True, answer="201", after=0.01)
    for i in range(40):
        put(about=str(i), to=f"+7701000{i:04}")
    assert send() == 40
    assert len({m.to for m in twilio.taken}) == len(twilio.taken) == 40
    assert 3 <= peak <= sending.CONCURRENCY
    with reading() as s:
        assert set(s.scalars(select(Attempt.outcome))) == {"accepted"}


def test_the_sender_keeps_numbers_out_of_addresses_and_logs(
    twilio: StandIn, caplog: pytest.LogCaptureFixture, travel: time_machine.Traveller
) -> None:
    caplog.set_level("DEBUG")
    twilio.plan = lambda _n, _form: Fault(takes=True, answer="lost")
    put()
    send()
    travel.shift(timedelta(minutes=3))
    reconciling.work_once(clock.now())
    assert twilio.queries
    assert all("To" not in parse_qs(query) and "7701" not in query for query in twilio.queries)
    assert "7701" not in caplog.text


def test_a_gate_pauses_longer_with_each_refusal_in_a_row() -> None:
    doorkeeper = gate.Gate()
    doorkeeper.heard(Later("429"), EVENING)
    assert not doorkeeper.may_claim(EVENING + timedelta(seconds=4))
    assert doorkeeper.may_claim(EVENING + timedelta(seconds=5))
    doorkeeper.heard(Later("429"), EVENING)
    assert not doorkeeper.may_claim(EVENING + timedelta(seconds=9))


def test_who_books_and_forgets_again_and_again_reaches_a_number_no_more_than_twice_a_day(twilio: StandIn) -> None:
    for n in range(5):
        rid = put(about=f"visit {n}")
        send()
        with writing() as s:
            s.execute(delete(Message).where(Message.rid == rid))
    assert len(twilio.taken) == 2
