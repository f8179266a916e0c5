"""Messages around a visit that is booked, moved, cancelled and stopped (cases 6 to 9)."""

from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask

from clinic import clock
from clinic.booking import appointments, book, telling
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.messaging import outbox, sending, tasks
from clinic.passes import passes
from tests import world
from tests.messaging.conftest import EVENING, HERS
from tests.twilio_stand_in import StandIn

pytestmark = pytest.mark.usefixtures("sms_app")
AFTERNOON = EVENING - timedelta(hours=4)  # 15:40
SEVEN = EVENING - timedelta(minutes=40)  # 19:00 on Tuesday, 24 November
DAY = timedelta(days=1)


@pytest.fixture
def city(sms_app: Flask, travel: time_machine.Traveller) -> world.City:
    assert sms_app is not None
    travel.move_to(AFTERNOON)
    return world.build()


def booked(city: world.City, start: datetime, minutes: int | None = 60, confirm: bool = False) -> book.Booked:
    """She books in Kazakh, under the cover of a parcel."""
    with writing() as s:
        cat = catalogue.current(s)
        wanted = book.Request(
            cat.by_slug[city.saya], frozenset({city.quick}), start, "kk", "parcel", HERS, minutes, confirm, None
        )
        return book.confirm(s, cat, wanted, clock.now())


def work_until(end: datetime, travel: time_machine.Traveller) -> None:
    while clock.now() < end:
        travel.shift(timedelta(minutes=5))
        tasks.expire(clock.now())
        sending.work_once(clock.now())


def move(made: book.Booked, start: datetime) -> None:
    with writing() as s:
        assert made.code is not None
        pass_ = passes.find(s, made.code)
        appointments.move(s, catalogue.current(s), pass_, made.appointment.rid, start, clock.now())


def cancel(made: book.Booked) -> None:
    with writing() as s:
        assert made.code is not None
        pass_ = passes.find(s, made.code)
        appointments.cancel(s, catalogue.current(s), pass_, made.appointment.rid, clock.now())


def test_case_6_after_a_move_one_reminder_comes_at_the_new_time(
    city: world.City, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    made = booked(city, SEVEN)
    move(made, SEVEN + DAY)
    work_until(SEVEN + DAY, travel)
    assert [(m.body, m.created_at) for m in twilio.taken] == [
        ("Сәлемдемені 25 қараша, сәрсенбі күні 19:00-де алуға болады.", SEVEN + DAY - timedelta(hours=1))
    ]
    with reading() as s:
        views = outbox.of(s, telling.about(made.appointment.rid))
    assert [(view.state, view.error) for view in views] == [("dropped", "moved"), ("accepted", "")]


def test_case_6_after_a_cancellation_nothing_comes(
    city: world.City, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    made = booked(city, SEVEN)
    travel.shift(timedelta(hours=1))
    cancel(made)
    work_until(SEVEN, travel)
    assert twilio.creates == 0


def test_case_7_a_worker_that_was_down_sends_nothing_once_the_visit_began(
    city: world.City, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    made = booked(city, SEVEN)
    travel.move_to(SEVEN)
    work_until(SEVEN + timedelta(minutes=10), travel)
    assert twilio.creates == 0
    with reading() as s:
        assert [view.state for view in outbox.of(s, telling.about(made.appointment.rid))] == ["expired"]


def test_case_8_the_message_tells_the_hour_of_the_visit_and_goes_once(
    city: world.City, twilio: StandIn, travel: time_machine.Traveller
) -> None:
    booked(city, SEVEN)
    work_until(SEVEN + timedelta(hours=7), travel)  # past local midnight
    assert ["19:00-де" in m.body for m in twilio.taken] == [True]
    assert clock.local(twilio.taken[0].created_at).hour == 18


def test_case_9_what_others_do_is_told_in_her_language(
    city: world.City, twilio: StandIn, travel: time_machine.Traveller, sms_app: Flask
) -> None:
    from flask_babel import force_locale

    made = booked(city, SEVEN)
    rid, forget_on = made.appointment.rid, made.appointment.forget_on
    with sms_app.test_request_context(headers={"Accept-Language": "en"}), force_locale("ru"), writing() as s:
        assert made.code is not None
        pass_ = passes.find(s, made.code)
        telling.take_back(s, rid, "moved", clock.now())
        assert telling.tell_moved(s, pass_, rid, SEVEN, SEVEN + DAY, forget_on, clock.now())
        assert telling.remind(s, pass_, rid, SEVEN + DAY, 60, forget_on, clock.now())
    work_until(SEVEN + DAY, travel)
    assert [m.body for m in twilio.taken] == [
        "Уақыт өзгерді: 25 қараша, сәрсенбі, 19:00.",
        "Сәлемдемені 25 қараша, сәрсенбі күні 19:00-де алуға болады.",
    ]
