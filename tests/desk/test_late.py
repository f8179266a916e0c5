"""A room runs late: nobody's time is rewritten, those who asked for messages are told once, her code shows it."""

from datetime import timedelta

import time_machine
from sqlalchemy import select

from clinic import clock
from clinic.booking import telling
from clinic.db import reading, writing
from clinic.messaging.models import Message
from clinic.messaging.outbox import BODY
from clinic.privacy import sealing
from tests.desk.conftest import Desk, post
from tests.desk.test_line import row

PHONE = "+77015550142"


def texts() -> list[tuple[str, str]]:
    with reading() as s:
        found = s.scalars(select(Message).where(Message.kind == telling.LATE)).all()
        return [(message.state, sealing.open_(BODY, message.rid, message.body)) for message in found]


def run_late(desk: Desk, minutes: int, room: int = 0):  # type: ignore[no-untyped-def]
    return post(desk.client(), desk.url(), "/late", {"room": str(desk.rooms[room]), "minutes": str(minutes)})


def test_it_stands_beside_the_room_and_moves_nobody(desk: Desk) -> None:
    ticket = desk.woman(40)
    before = row(ticket).start_cell
    assert "+30" in run_late(desk, 30).text.split("<tbody>")[0]
    assert row(ticket).start_cell == before
    assert "+30" in desk.client().get(desk.url()).text.split('id="sheet"')[1], "on paper as well"
    assert "+30" not in run_late(desk, 0).text.split("<tbody>")[0]


def test_those_still_to_come_who_asked_are_told_once(desk: Desk) -> None:
    desk.woman(0, PHONE)  # in the room already, or should be
    asked = desk.woman(40, PHONE)
    silent = desk.woman(60)
    assert texts() == []
    run_late(desk, 10)
    assert texts() == [], "ten minutes are no message"
    said = run_late(desk, 30).text.split('id="said"')[1].split("</div>")[0]
    assert str(asked) in said
    assert str(silent) in said
    assert texts() == [("waiting", "Кешігу бар: 20:20 емес, шамамен 20:50.")]
    run_late(desk, 45)
    assert ("waiting", "Кешігу бар: 20:20 емес, шамамен 21:05.") in texts()
    assert sum(state == "waiting" for state, _ in texts()) == 1, "what has not gone out yet is put anew"
    with writing() as s:
        for message in s.scalars(select(Message).where(Message.state == "waiting")):
            message.state, message.rank = "accepted", 2
    run_late(desk, 60)
    assert sum(state in ("waiting", "accepted") for state, _ in texts()) == 1, "told once"


def test_on_time_again_takes_back_what_waits(desk: Desk) -> None:
    desk.woman(40, PHONE)
    run_late(desk, 30)
    run_late(desk, 0)
    assert [state for state, _ in texts()] == ["dropped"]


def test_her_code_shows_it_while_she_is_expected(desk: Desk, evening: time_machine.Traveller) -> None:
    booked = desk.booked(40)
    run_late(desk, 30)
    she = desk.stranger()
    assert "30" in she.post("/ru/mine", data={"code": booked.code}).text.split('class="notice"')[1].split("</p>")[0]
    evening.shift(timedelta(days=1))
    assert 'class="notice"' not in she.post("/ru/mine", data={"code": booked.code}).text


def test_only_a_room_of_theirs_and_only_today(desk: Desk) -> None:
    client = desk.client()
    assert post(client, desk.url(), "/late", {"room": "999", "minutes": "20"}).status_code == 404
    for wrong in ({"room": "x", "minutes": "20"}, {"room": str(desk.rooms[0]), "minutes": "999"}, {}):
        assert post(client, desk.url(), "/late", wrong).status_code == 422
    tomorrow = desk.url(day=clock.service_day(clock.now()) + timedelta(days=1))
    assert post(client, tomorrow, "/late", {"room": str(desk.rooms[0]), "minutes": "20"}).status_code == 422
