"""Somebody stands at the desk without a time: the next free one, a number, a word said once."""

import secrets
from datetime import timedelta

import time_machine
from sqlalchemy import select

from clinic import clock
from clinic.booking import tickets
from clinic.booking.models import Appointment, Cell
from clinic.db import reading
from tests.desk.conftest import Desk, post


def take(desk: Desk, client: object, **more: str):  # type: ignore[no-untyped-def]
    data = {"token": secrets.token_urlsafe(16), "minutes": "20", **more}
    return post(client, desk.url(), "/walk-in", data)  # type: ignore[arg-type]


def all_rows() -> list[Appointment]:
    with reading() as s:
        return list(s.scalars(select(Appointment).order_by(Appointment.ticket)))


def test_the_next_free_time_of_any_room_and_a_ticket(desk: Desk) -> None:
    for _ in desk.rooms[:2]:
        desk.woman(0)
    card = take(desk, desk.client()).text
    row = all_rows()[-1]
    assert (row.room_id, row.status, row.start_cell) == (desk.rooms[2], "here", clock.cell(clock.now()))
    noun = tickets.NOUNS[row.noun]
    assert f"{noun.ru}</span> {row.ticket}" in card
    assert noun.kk in card
    assert noun.en in card


def test_the_word_is_on_no_other_page(desk: Desk) -> None:
    client = desk.client()
    take(desk, client)
    noun = tickets.NOUNS[all_rows()[0].noun]
    for url in (desk.url(), desk.url("/board"), desk.url() + "?all=1"):
        page = client.get(url).text
        assert not any(f">{word}<" in page for word in (noun.kk, noun.ru, noun.en))


def test_without_the_script_the_word_leaves_by_itself(desk: Desk) -> None:
    client = desk.client()
    data = {"token": secrets.token_urlsafe(16), "minutes": "20"}
    answer = post(client, desk.url(), "/walk-in", data, scripted=False)
    assert answer.headers["Refresh"] == f"30; url={desk.url()}"
    assert answer.headers["Cache-Control"] == "no-store"


def test_five_presses_take_one(desk: Desk) -> None:
    client, token = desk.client(), secrets.token_urlsafe(16)
    answers = [take(desk, client, token=token) for _ in range(5)]
    assert [a.status_code for a in answers] == [200] * 5
    assert len(all_rows()) == 1
    assert str(all_rows()[0].ticket) in answers[-1].text


def test_a_full_evening_says_so(desk: Desk, evening: time_machine.Traveller) -> None:
    evening.move_to(clock.at(desk.day, 29 * 60 + 45))  # 05:45, a quarter of an hour before the day ends
    answer = take(desk, desk.client(), minutes="30")
    assert answer.status_code == 200
    assert "30" in answer.text
    assert all_rows() == []


def test_a_walk_in_who_leaves_gives_the_time_back(desk: Desk) -> None:
    client = desk.client()
    take(desk, client)
    ticket = all_rows()[0].ticket
    assert f"{ticket}:here:cancelled" in client.get(desk.url()).text
    post(client, desk.url(), "/step", {"step": f"{ticket}:here:cancelled"})
    with reading() as s:
        assert s.scalars(select(Cell)).all() == []
    assert f'<b class="nm">{ticket}</b>' not in client.get(desk.url()).text


def test_nobody_who_booked_is_cancelled_by_ticket(desk: Desk) -> None:
    ticket, client = desk.woman(0), desk.client()
    post(client, desk.url(), "/step", {"step": f"{ticket}:booked:here"})
    answer = post(client, desk.url(), "/step", {"step": f"{ticket}:here:cancelled"})
    assert answer.status_code == 409
    assert all_rows()[0].status == "here"


def test_what_is_no_walk_in_is_refused(desk: Desk) -> None:
    client = desk.client()
    for wrong in (
        {"minutes": "7"},
        {"minutes": "x"},
        {"minutes": "-20"},
        {"token": "short"},
    ):
        assert take(desk, client, **wrong).status_code == 422, wrong
    tomorrow = desk.url(day=desk.day + timedelta(days=1))
    data = {"token": secrets.token_urlsafe(16), "minutes": "20"}
    assert post(client, tomorrow, "/walk-in", data).status_code == 422
    assert all_rows() == []
