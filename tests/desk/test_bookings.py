"""Somebody calls, or stands there, and wants a time: chosen by day and hour, with number and word at once."""

import re
import secrets
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from clinic import clock
from clinic.booking import by_desk, tickets
from clinic.booking.by_desk import Wanted
from clinic.booking.models import Appointment, Cell
from clinic.db import reading, writing
from clinic.messaging.models import Message
from tests.desk.conftest import Desk, furnish, post
from tests.desk.test_at_once import at_once, cells_are_those_of_the_live_visits


def book(desk: Desk, day: date | None = None, page: str = "/book", **more: Any):  # type: ignore[no-untyped-def]
    data = {"token": secrets.token_urlsafe(16), "minutes": "20", **more}
    return post(desk.client(), desk.url(day=day), page, data, scripted=False)


def the_last() -> Appointment:
    with reading() as s:
        return s.scalars(select(Appointment).order_by(Appointment.day.desc(), Appointment.ticket.desc())).first()  # type: ignore[return-value]


def no_row() -> bool:
    with reading() as s:
        return s.scalars(select(Appointment.rid).where(Appointment.status != "cancelled")).first() is None


@pytest.mark.parametrize("ahead", [0, 3], ids=["today", "another day"])
def test_a_time_is_typed_or_chosen_and_its_number_and_word_are_said_at_once(desk: Desk, ahead: int) -> None:
    day = desk.day + timedelta(days=ahead)
    roster = desk.client().get(desk.url(day=day)).text
    assert 'id="book-link"' in roster
    page = desk.client().get(desk.url("/book", day=day)).text
    offered = [int(cell) for cell in re.findall(r'name="start" value="(\d+)"', page)]
    assert {clock.service_day(clock.moment(cell)) for cell in offered} == {day}
    chosen = book(desk, day, start=str(offered[-1]))
    assert the_last().start_cell == offered[-1]
    typed = book(desk, day, hour="21:35", into=str(desk.rooms[1]), minutes="40")
    made = the_last()
    assert (made.start_cell, made.room_id, made.visit_cells) == (
        clock.cell(clock.at(day, 21 * 60 + 35)), desk.rooms[1], 8,
    )  # fmt: skip
    for answer in (chosen, typed):
        assert answer.status_code == 200
        assert answer.headers["Refresh"].startswith("30;")
    noun = tickets.NOUNS[made.noun]
    assert all(word in typed.text for word in (f"{noun.ru}</span> {made.ticket}", noun.kk, noun.en))
    assert noun.ru in typed.text.split('class="paper"')[1], "and is on the slip of paper"
    assert f">{noun.ru}<" not in desk.client().get(desk.url(day=day)).text


def test_an_hour_after_midnight_belongs_to_the_evening_that_is_shown(desk: Desk) -> None:
    book(desk, hour="0:30")
    assert (the_last().day, clock.local(clock.moment(the_last().start_cell)).day) == (desk.day, desk.day.day + 1)


def test_a_free_gap_is_no_press_that_books(desk: Desk) -> None:
    page = desk.client().get(desk.url()).text
    gap = next(re.finditer(r'<a class="free" href="([^"]*)"', page))[1].replace("&amp;", "&")
    assert 'name="gap"' not in page
    shown = desk.client().get(gap).text
    assert f'value="{clock.cell(clock.now())}"' in shown, "the gap's own beginning is one of the times"
    assert len(re.findall(r'name="start" value="\d+"', shown)) > 10, "not the only one"
    assert 'name="here" value="1" checked' in shown
    assert no_row()


def test_who_is_here_already_gets_the_chosen_time_and_waits_for_it(desk: Desk) -> None:
    book(desk, hour="21:00", here="1")
    assert (the_last().status, the_last().pass_id) == ("here", None)
    book(desk, desk.day + timedelta(days=1), hour="21:00", here="1")
    assert the_last().status == "booked", "nobody is here for tomorrow"


def test_by_service_it_takes_the_time_of_the_service(desk: Desk) -> None:
    book(desk, hour="21:00", service="1", minutes="60")
    assert the_last().visit_cells == 4


def test_the_code_goes_along_and_opens_it(desk: Desk) -> None:
    answer = book(desk, hour="21:00", service="1")
    code = re.findall(r'<details class="card">.*?<p class="big" translate="no">([^<]+)<', answer.text, re.DOTALL)[0]
    mine = desk.stranger().post("/ru/mine", data={"code": code}).text
    assert "21:00" in mine


@pytest.fixture
def with_sms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clinic.messaging.enabled", lambda: True)


@pytest.mark.usefixtures("with_sms")
def test_with_a_number_a_reminder_comes_by_her_rules(desk: Desk) -> None:
    day = desk.day + timedelta(days=1)
    answer = book(desk, day, hour="18:00", phone="8 701 555 01 42", lead="60", language="kk")
    assert "notice good" in answer.text
    with reading() as s:
        message = s.scalars(select(Message)).one()
    assert (message.kind, message.due_at) == ("reminder", clock.at(day, 17 * 60))
    for wrong in ({"phone": "12"}, {"phone": "+7 701 555 01 42", "hour": "19:50", "day": desk.day.isoformat()}):
        tried = {"hour": "18:20", **wrong}
        refused = book(desk, day, page="/book?day=" + tried.pop("day", day.isoformat()), **tried)
        assert refused.status_code == 422
        assert 'id="phone-e"' in refused.text, "beside its field"
        assert f'value="{tried["phone"]}"' in refused.text, "and what was typed is kept"
    with reading() as s:
        assert len(s.scalars(select(Appointment.rid)).all()) == 1


def test_what_cannot_be_is_said_and_books_nothing(desk: Desk) -> None:
    tried: tuple[tuple[int, dict[str, Any]], ...] = (
        (422, {}),
        (422, {"hour": "25:00"}),
        (422, {"start": "x"}),
        (422, {"minutes": "7", "hour": "21:00"}),
        (409, {"hour": "21:01"}),
        (409, {"hour": "19:00"}),
        (409, {"hour": "21:00", "into": "999"}),
        (409, {"start": "1"}),
        (422, {"hour": "21:00", "token": "short"}),
    )
    for status, wrong in tried:
        assert book(desk, **wrong).status_code == status, wrong
    assert no_row()


def test_pressed_twice_it_is_booked_once_and_taken_back_nothing_stays(desk: Desk) -> None:
    token = secrets.token_urlsafe(16)
    first, second = (book(desk, hour="21:00", token=token) for _ in range(2))
    assert first.status_code == second.status_code == 200
    made = the_last()
    key = re.findall(r'name="key" value="([0-9a-f]{32})"', second.text)[0]
    undo = f"/visit/{made.ticket}/undo"
    assert post(desk.client(), desk.url(), undo, {"key": "0" * 32}).status_code == 409
    assert post(desk.client(), desk.url(), undo, {"key": key}).status_code == 200
    assert no_row()
    with reading() as s:
        assert s.scalars(select(Cell)).first() is None
    assert post(desk.client(), desk.url(), undo, {"key": key}).status_code == 409
    assert desk.client().get(desk.url(undo)).status_code == 303


def test_who_has_come_or_was_told_is_not_taken_back(desk: Desk, evening: time_machine.Traveller) -> None:
    answer = book(desk, hour="20:00")
    key = re.findall(r'name="key" value="([0-9a-f]{32})"', answer.text)[0]
    ticket, client = the_last().ticket, desk.client()
    for step in ("booked:here", "here:in_room"):
        post(client, desk.url(), "/step", {"step": f"{ticket}:{step}"})
    assert post(client, desk.url(), f"/visit/{ticket}/undo", {"key": key}).status_code == 409
    assert the_last().status == "in_room"


def test_desks_that_book_one_time_at_once_fill_each_room_once(app_on: Flask, evening: object) -> None:
    desk = furnish(app_on)
    now, goal = clock.now(), clock.at(desk.day, 21 * 60)
    wanted = Wanted(desk.location_id, frozenset(), 20, goal, None, "ru", "plain", None, None)

    def press() -> None:
        with writing() as s:
            by_desk.book(s, wanted, "desk", now)

    deeds: list[Callable[[], object]] = [partial(press) for _ in range(len(desk.rooms) + 3)]
    came = at_once(app_on, deeds)
    assert came.count("done") == len(desk.rooms), came
    cells_are_those_of_the_live_visits()
