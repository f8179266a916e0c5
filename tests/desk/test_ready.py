"""Something is ready: under her code, the same for every result; it outlives the visit and then goes."""

from datetime import timedelta

import time_machine
from flask import Flask
from flask_babel import gettext as _
from sqlalchemy import func, select

from clinic import clock
from clinic.booking import forgetting
from clinic.booking.models import Appointment, Awaited
from clinic.db import Base, reading
from clinic.passes.models import Pass
from tests.desk.conftest import Desk, csrf, post
from tests.desk.test_line import wait

SENTENCE = "Для вас что-то готово"


def mark(desk: Desk, client, ticket: int, what: str) -> int:  # type: ignore[no-untyped-def]
    return int(post(client, desk.url(), f"/visit/{ticket}/{what}", {}, scripted=False).status_code)


def press(desk: Desk, client, thing: str) -> int:  # type: ignore[no-untyped-def]
    url = f"/staff/awaited/{desk.slug}"
    return int(client.post(url, data={"csrf_token": csrf(client, url), "thing": thing}).status_code)


def count(model: type) -> int:
    with reading() as s:
        return int(s.scalar(select(func.count()).select_from(model)) or 0)


def test_it_is_awaited_then_ready_and_outlives_the_visit(desk: Desk, evening: time_machine.Traveller) -> None:
    booked, client, she = desk.booked(0), desk.client(), desk.stranger()
    ticket = booked.appointment.ticket
    for _twice in range(2):
        assert mark(desk, client, ticket, "awaited") == 303
    assert count(Awaited) == 1
    assert SENTENCE not in she.post("/ru/mine", data={"code": booked.code}).text
    evening.shift(timedelta(days=9))
    while forgetting.run(clock.now()):
        pass
    assert count(Appointment) == 0
    page = she.post("/ru/mine", data={"code": booked.code}).text
    with desk.app.test_request_context("/ru"):
        gone, ticket_words = _("There is nothing under this code any more."), _("Something is still to come")
    assert gone not in page
    assert ticket_words in page
    assert f"24 ноября, номерок {ticket}" in page
    client = desk.client()
    thing = f"{desk.day.isoformat()}:{ticket}"
    assert thing in desk.client("aigul").get(f"/staff/awaited/{desk.slug}").text
    assert thing not in client.get(f"/staff/awaited/{desk.slug}").text, "a desk needs only what it hands out"
    assert press(desk, client, f"{thing}:ready") == 303
    assert thing in client.get(f"/staff/awaited/{desk.slug}").text
    page = she.post("/ru/mine", data={"code": booked.code}).text
    assert SENTENCE in page
    assert "Saya" in page
    assert f"24 ноября, {ticket}" in page  # by these the desk finds what is hers
    assert "Quick test" not in page
    evening.shift(timedelta(days=100))
    while forgetting.run(clock.now()):
        pass
    assert count(Awaited) == count(Pass) == 0


def test_whatever_hangs_from_a_code_has_its_place_on_her_page(app: Flask) -> None:
    """A new table that hangs from a pass is shown on /mine before it is added here."""
    hanging = {
        table.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "pass"
    }
    assert hanging == {"appointment", "awaited", "kit_order", "message", "seat", "wish"}


def test_fetched_it_is_shown_no_more(desk: Desk) -> None:
    booked, client, she = desk.booked(0), desk.client(), desk.stranger()
    mark(desk, client, booked.appointment.ticket, "ready")
    assert SENTENCE in she.post("/ru/mine", data={"code": booked.code}).text
    assert press(desk, client, f"{desk.day.isoformat()}:{booked.appointment.ticket}:fetched") == 303
    assert SENTENCE not in she.post("/ru/mine", data={"code": booked.code}).text
    assert count(Awaited) == 0


def test_without_a_code_nothing_can_be_shown(desk: Desk) -> None:
    client = desk.client()
    assert mark(desk, client, wait(desk, client), "ready") == 409
    assert count(Awaited) == 0


def test_the_list_is_of_this_place_and_refuses_what_is_none(desk: Desk) -> None:
    booked, client = desk.booked(0), desk.client()
    mark(desk, client, booked.appointment.ticket, "awaited")
    thing = f"{desk.day.isoformat()}:{booked.appointment.ticket}"
    url = f"/staff/awaited/{desk.foreign_slug}"
    dala = desk.client("dala")
    assert dala.post(url, data={"csrf_token": csrf(dala, url), "thing": f"{thing}:ready"}).status_code == 303
    with reading() as s:
        assert s.scalars(select(Awaited.ready)).one() is False
    for wrong in ("", "x", f"{thing}:stolen", "2026-02-31:1:ready", "2026-11-24:x:ready", ":::"):
        assert press(desk, client, wrong) == 422, wrong


def test_what_lies_in_the_database_says_neither_day_nor_number(desk: Desk) -> None:
    booked = desk.booked(0)
    mark(desk, desk.client(), booked.appointment.ticket, "awaited")
    with reading() as s:
        stored = s.scalars(select(Awaited.label)).one()
    assert b"2026" not in stored
