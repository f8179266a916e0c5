"""A woman has said under her code that she comes later: her card says so."""

from datetime import timedelta

from clinic import clock
from clinic.booking import appointments, placing
from clinic.db import writing
from clinic.directory import catalogue
from clinic.passes import passes
from tests.desk.conftest import Desk
from tests.site.conftest import words


def test_the_card_says_the_hour_until_she_is_here(desk: Desk) -> None:
    made = desk.booked(20)
    view = made.appointment
    client = desk.client()
    assert "говорит: придёт" not in words(client.get(desk.url()))
    with writing() as s:
        pass_ = passes.find(s, made.code or "")
        appointments.comes_late(s, catalogue.current(s), pass_, view.rid, 15, clock.now())
    hour = clock.local(view.start + timedelta(minutes=15)).strftime("%H:%M").lstrip("0")
    assert f"говорит: придёт в {hour}" in words(client.get(desk.url()))
    with writing() as s:
        row = appointments.row_of(s, view.rid)
        s.execute(placing.APPOINTMENT.update().where(placing.APPOINTMENT.c.rid == row.rid).values(status="here"))
    assert "говорит: придёт" not in words(client.get(desk.url()))
