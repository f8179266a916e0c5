"""She is late and says so under her code: the desk sees the hour on her card, and nothing else changes."""

import re
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import clock
from clinic.booking import appointments
from clinic.booking.appointments import DeskRow
from clinic.booking.models import Appointment
from clinic.db import reading
from clinic.desk import roster
from clinic.directory import catalogue
from tests.site.conftest import Offered, book, code, hidden, words


def _her_row() -> tuple[DeskRow, int]:
    """Her visit as the desk sees it, and the version of its day."""
    with reading() as s:
        row = s.execute(select(Appointment.location_id, Appointment.day)).one()
        day = appointments.for_desk(s, catalogue.current(s), row.location_id, row.day)
        return day.rows[0], day.version


def _late(she: FlaskClient, secret: str, minutes: str) -> str:
    visit = hidden(she.post("/ru/mine", data={"code": secret}), "visit")[0]
    answer = she.post("/ru/mine", data={"code": secret, "visit": visit, "act": "late", "minutes": minutes})
    return words(answer)


@pytest.fixture
def secret(she: FlaskClient, offered: Offered, evening: time_machine.Traveller) -> str:
    """The code of a visit that begins in ten minutes."""
    found = code(book(she, offered))
    evening.move_to(_her_row()[0].start - timedelta(minutes=10))
    return found


def test_the_desk_sees_the_hour_at_which_she_says_she_comes(she: FlaskClient, secret: str) -> None:
    row, before = _her_row()
    assert "Я опаздываю" in words(she.post("/ru/mine", data={"code": secret}))
    hour = clock.local(row.start + timedelta(minutes=15)).strftime("%H:%M").lstrip("0")
    said = _late(she, secret, "15")
    assert f"У стойки видно: вы придёте в {hour}" in said
    assert "решают там" in said  # nothing is promised for afterwards
    after, version = _her_row()
    assert version > before  # a desk that looks sees it by itself
    assert (after.start, after.status, after.comes_late) == (row.start, "booked", 15)
    card = roster.cards_of([after], 10, {}, clock.now())[0]
    assert card.comes == row.start + timedelta(minutes=15)


def test_she_takes_it_back_or_moves_and_the_desk_sees_it_no_more(she: FlaskClient, secret: str) -> None:
    _late(she, secret, "30")
    assert "больше не видно" in _late(she, secret, "0")
    assert _her_row()[0].comes_late == 0
    _late(she, secret, "30")
    page = she.post("/ru/mine", data={"code": secret})
    visit = hidden(page, "visit")[0]
    times = she.post("/ru/mine", data={"code": secret, "visit": visit, "act": "times"})
    start = re.findall(r'name="start" value="([^"]+)"', times.text)[-1]
    she.post("/ru/mine", data={"code": secret, "visit": visit, "act": "move", "start": start})
    row = _her_row()[0]
    assert row.comes_late == 0


def test_it_is_said_neither_long_before_nor_when_nobody_waits_any_more(
    she: FlaskClient, secret: str, evening: time_machine.Traveller
) -> None:
    start = _her_row()[0].start
    for moment in (start - timedelta(minutes=61), start + timedelta(hours=1)):
        evening.move_to(moment)
        assert "Я опаздываю" not in words(she.post("/ru/mine", data={"code": secret}))
        assert "поздно" in _late(she, secret, "10")
        assert _her_row()[0].comes_late == 0


@pytest.mark.parametrize("minutes", ["7", "-5", "600", "", "x"])
def test_no_other_number_is_taken(she: FlaskClient, secret: str, minutes: str) -> None:
    _late(she, secret, minutes)
    assert _her_row()[0].comes_late == 0
