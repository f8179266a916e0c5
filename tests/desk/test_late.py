"""A room runs late: nobody's time is rewritten, those who asked for messages are told once, her code shows it."""

import re
from datetime import timedelta

import time_machine
from sqlalchemy import select

from clinic import clock
from clinic.booking import telling, tickets
from clinic.booking.models import Appointment
from clinic.db import reading, writing
from clinic.messaging.models import Message
from clinic.messaging.outbox import BODY
from clinic.privacy import sealing
from tests.desk.conftest import Desk, post
from tests.desk.test_line import row

PHONE = "+77015550142"


def texts() -> list[tuple[str, str]]:
    with reading() as s:
        found = s.scalars(select(Message).where(Message.kind.startswith(telling.LATE))).all()
        return [(message.state, sealing.open_(BODY, message.rid, message.body)) for message in found]


def gone_out() -> None:
    """What waits was sent."""
    with writing() as s:
        for message in s.scalars(select(Message).where(Message.state == "waiting")):
            message.state, message.rank = "accepted", 2


def run_late(desk: Desk, minutes: int, room: int = 0, send: bool = False):  # type: ignore[no-untyped-def]
    """Press once; with `send` the second press too, with what the first has shown."""
    client, data = desk.client(), {"room": str(desk.rooms[room]), "minutes": str(minutes)}
    page = post(client, desk.url(), "/late", data)
    if not send:
        return page
    shown = re.findall(r'name="shown" value="(\d+)"', page.text)
    return post(client, desk.url(), "/late", {**data, "act": "send", "shown": shown})  # type: ignore[dict-item]


def found(desk: Desk, ticket: int) -> str:
    """The card beside the roster of one who says number and word."""
    with reading() as s:
        noun = s.scalars(
            select(Appointment.noun).where(Appointment.ticket == ticket, Appointment.day == desk.day)
        ).one()
    letter = tickets.noun_words(noun, "ru")[0]
    text: str = post(desk.client(), desk.url(), "/find", {"q": f"{ticket} {letter}"}).text
    return text


def test_it_stands_beside_the_room_and_moves_nobody(desk: Desk) -> None:
    ticket = desk.woman(40)
    before = row(ticket).start_cell
    run_late(desk, 30, send=True)
    assert "+30" in desk.client().get(desk.url()).text.split("<tbody>")[0]
    assert row(ticket).start_cell == before
    assert "+30" in desk.client().get(desk.url()).text.split('id="sheet"')[1], "on paper as well"
    run_late(desk, 0, send=True)
    assert "+30" not in desk.client().get(desk.url()).text.split("<tbody>")[0]


def test_whom_it_tells_and_what_is_shown_before_anything_goes_out(desk: Desk) -> None:
    asked, silent = desk.woman(40, PHONE), desk.woman(60)
    page = run_late(desk, 20)
    assert page.status_code == 200
    assert "Задержка: вместо 20:20 примерно 20:40." in page.text
    for ticket in (asked, silent):
        assert f'name="shown" value="{ticket}"' in page.text
    assert texts() == [], "nothing goes out by looking"
    assert "+20" not in desk.client().get(desk.url()).text.split("<tbody>")[0]
    said = run_late(desk, 20, send=True).text.split('id="said"')[1].split("</div>")[0]
    assert str(asked) in said
    assert str(silent) in said
    assert texts() == [("waiting", "Кешігеді: 20:20 емес, шамамен 20:40.")]


def test_others_than_were_shown_are_not_told_unseen(desk: Desk) -> None:
    client, data = desk.client(), {"room": str(desk.rooms[0]), "minutes": "20", "act": "send"}
    first = desk.woman(40, PHONE)
    run_late(desk, 20)
    more = desk.woman(60, PHONE)
    answer = post(client, desk.url(), "/late", {**data, "shown": str(first)})
    assert answer.status_code == 409
    assert f'name="shown" value="{more}"' in answer.text
    assert texts() == []


def test_who_was_told_is_told_again_when_the_hour_is_another(desk: Desk) -> None:
    desk.woman(0, PHONE)  # in the room already, or should be
    desk.woman(40, PHONE)
    run_late(desk, 10)
    assert texts() == [], "ten minutes are no message"
    run_late(desk, 30, send=True)
    run_late(desk, 45, send=True)
    assert sum(state == "waiting" for state, _ in texts()) == 1, "what has not gone out yet is put anew"
    assert ("waiting", "Кешігеді: 20:20 емес, шамамен 21:05.") in texts()
    gone_out()
    run_late(desk, 60, send=True)
    assert sum(state == "waiting" for state, _ in texts()) == 0, "a quarter of an hour more is no message"


def test_taking_it_back_tells_the_same_people(desk: Desk) -> None:
    asked = desk.woman(40, PHONE)
    run_late(desk, 30, send=True)
    gone_out()
    page = run_late(desk, 0)
    assert f'name="shown" value="{asked}"' in page.text
    assert "Снова вовремя: 20:20." in page.text
    assert sum(state == "waiting" for state, _ in texts()) == 0
    run_late(desk, 0, send=True)
    assert ("waiting", "Кешігу жоқ, уақыты бұрынғыдай: 20:20.") in texts()


def test_taken_back_before_anything_went_out_nobody_is_told(desk: Desk) -> None:
    desk.woman(40, PHONE)
    run_late(desk, 30, send=True)
    run_late(desk, 0)
    assert [state for state, _ in texts()] == ["dropped"]


def test_her_code_shows_it_while_she_is_expected(desk: Desk, evening: time_machine.Traveller) -> None:
    booked = desk.booked(40)
    run_late(desk, 30, send=True)
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
