"""Her page on the evening itself: that a message will come, until when they wait, another time tonight, what rings."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select, update
from time_machine import Traveller
from werkzeug.test import TestResponse

from clinic import clock
from clinic.booking import calendar, typed
from clinic.booking.models import Appointment
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location
from tests.site.conftest import Offered, book, code, hidden, words

PHONE = "+7 727 250 00 00"


def reached(offered: Offered) -> None:
    """Its place has published a number, and waits for ten minutes."""
    with writing() as s:
        s.execute(update(Location).where(Location.slug == offered.slug).values(phone=PHONE, grace_minutes=10))
        catalogue.changed(s)


def mine(she: FlaskClient, secret: str, **more: str) -> TestResponse:
    return she.post("/ru/mine", data={"code": secret, **more})


def test_the_ticket_says_that_a_message_will_come_and_when(she: FlaskClient, offered: Offered) -> None:
    plain = book(she, offered)
    assert "SMS:" not in words(plain)
    other = Offered(she)
    told = book(she, other, act="book", phone="+7 701 555 01 41", lead="15", cover="plain", language="ru")
    assert re.search(r"SMS: придёт в \d?\d:\d\d", words(told)), words(told)[:600]


def test_who_is_late_reads_until_when_they_wait_and_moves_within_the_evening(
    city: Flask, she: FlaskClient, offered: Offered, evening: Traveller
) -> None:
    reached(offered)
    ticket = book(she, offered)
    secret = code(ticket)
    assert f'href="tel:{PHONE.replace(" ", "")}"' in ticket.text
    evening.move_to(offered.start + timedelta(minutes=5))
    page = mine(she, secret)
    visit = hidden(page, "visit")[0]
    assert "Подождём до" in words(page)
    assert f'href="tel:{PHONE.replace(" ", "")}"' in page.text
    assert "Другое время этим вечером" in words(page)
    times = mine(she, secret, act="times", visit=visit)
    starts = re.findall(r'name="start" value="([^"]+)"', times.text)
    assert starts
    with reading() as s:
        day = s.scalars(select(Appointment.day)).one()
    moved = mine(she, secret, act="move", visit=visit, start=starts[-1])
    assert moved.status_code == 200, words(moved)[:400]
    with reading() as s:
        row = s.execute(select(Appointment.day, Appointment.start_cell)).one()
    assert row.day == day
    assert clock.moment(row.start_cell) > clock.now()
    assert clock.service_day(clock.moment(row.start_cell)) == day


def test_another_day_and_after_they_have_waited_it_is_too_late(
    she: FlaskClient, offered: Offered, evening: Traveller
) -> None:
    reached(offered)
    secret = code(book(she, offered))
    visit = hidden(mine(she, secret), "visit")[0]
    evening.move_to(offered.start + timedelta(minutes=5))
    tomorrow = typed.start_value(offered.start + timedelta(days=1))
    assert mine(she, secret, act="move", visit=visit, start=tomorrow).status_code in (400, 409)
    evening.move_to(offered.start + timedelta(minutes=11))
    late = words(mine(she, secret))
    assert "Подождём до" not in late
    assert "Другое время" not in late


@pytest.mark.parametrize(("status", "says"), [("done", "Визит состоялся"), ("missed", "Время прошло")])
def test_a_visit_that_is_over_says_so_and_offers_no_calendar(
    she: FlaskClient, offered: Offered, status: str, says: str
) -> None:
    secret = code(book(she, offered))
    assert "В календарь" in words(mine(she, secret))
    with writing() as s:
        s.execute(update(Appointment).values(status=status))
    page = words(mine(she, secret))
    assert says in page
    assert "календарь" not in page.lower()
    assert "Номерок" not in page


def test_the_calendar_entry_says_when_it_rings_and_may_be_silent(
    she: FlaskClient, offered: Offered, evening: Traveller
) -> None:
    secret = code(book(she, offered))
    page = mine(she, secret)
    visit = hidden(page, "visit")[0]
    for before, act, rings in (
        (timedelta(hours=3), "calendar", timedelta(hours=2)),
        (timedelta(hours=1), "calendar", timedelta(minutes=30)),
        (timedelta(minutes=20), "calendar", None),
        (timedelta(hours=3), "silent", None),
    ):
        evening.move_to(offered.start - before)
        assert calendar.alarm_at(offered.start, clock.now()) is None or before > timedelta(minutes=30)
        entry = Calendar.from_ical(mine(she, secret, act=act, visit=visit).data).walk("VEVENT")[0]
        alarms = [alarm.decoded("trigger") for alarm in entry.walk("VALARM")]
        assert alarms == ([] if rings is None else [-rings]), before
    evening.move_to(offered.start - timedelta(hours=3))
    assert "прозвенит" in words(mine(she, secret))
    assert "удалите её там сами" not in words(mine(she, secret))
    with writing() as s:
        s.execute(update(Appointment).values(moves=1))
    assert "удалите её там сами" in words(mine(she, secret))
    assert "удалите её там сами" in words(mine(she, secret, act="cancel", visit=visit))
