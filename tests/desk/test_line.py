"""Who came without a time waits in the line, with a place in it and no time of a room, until one is free."""

import re
import secrets

from sqlalchemy import select

from clinic import clock
from clinic.booking.models import Appointment, Cell
from clinic.db import reading
from tests.desk.conftest import Desk, post


def wait(desk: Desk, client: object, minutes: int = 20, token: str = "") -> int:
    data = {"token": token or secrets.token_urlsafe(16), "minutes": str(minutes), "line": "1"}
    answer = post(client, desk.url(), "/walk-in", data)  # type: ignore[arg-type]
    assert answer.status_code == 200
    return int(re.findall(r"</span> (\d+)</h2>", answer.text)[0])


def row(ticket: int) -> Appointment:
    """The visit of a number of today: another day has the same numbers again."""
    today = clock.service_day(clock.now())
    with reading() as s:
        return s.scalars(select(Appointment).where(Appointment.ticket == ticket, Appointment.day == today)).one()


def line(page: str) -> list[int]:
    part = page.split('<ol class="list tight">')[1].split("</ol>")[0]
    return [int(number) for number in re.findall(r'class="nm" href="[^"]*">(\d+)<', part)]


def test_the_line_keeps_the_order_of_arrival_and_takes_no_time(desk: Desk) -> None:
    for _ in desk.rooms:
        desk.woman(0)
    client = desk.client()
    tickets = [wait(desk, client) for _ in range(3)]
    page = client.get(desk.url()).text
    assert line(page) == tickets
    assert 'name="call"' not in page, "no room is free now"
    with reading() as s:
        assert {cell.appointment_id for cell in s.scalars(select(Cell))}.isdisjoint({row(t).rid for t in tickets})
    post(client, desk.url(), "/step", {"step": f"{tickets[0]}:here:cancelled"})
    assert line(client.get(desk.url()).text) == tickets[1:]


def test_a_free_room_takes_the_first_of_the_line_for_as_long_as_it_is_free(desk: Desk) -> None:
    desk.woman(20)  # room 3 is free for twenty minutes
    client = desk.client()
    ticket = wait(desk, client, 40)
    assert f'value="{ticket}:{desk.rooms[0]}"' in client.get(desk.url()).text
    answer = post(client, desk.url(), "/line", {"call": f"{ticket}:{desk.rooms[0]}"})
    assert answer.status_code == 200
    found = row(ticket)
    assert (found.room_id, found.status, found.visit_cells) == (desk.rooms[0], "in_room", 4)
    assert found.start_cell == clock.cell(clock.now())
    again = post(client, desk.url(), "/line", {"call": f"{ticket}:{desk.rooms[1]}"})
    assert again.status_code == 409
    assert row(ticket).room_id == desk.rooms[0]


def test_a_room_that_was_taken_meanwhile_is_said_and_nothing_changes(desk: Desk) -> None:
    client = desk.client()
    ticket = wait(desk, client)
    desk.woman(0)
    answer = post(client, desk.url(), "/line", {"call": f"{ticket}:{desk.rooms[0]}"})
    assert answer.status_code == 409
    assert row(ticket).room_id is None


def test_what_is_no_call_is_refused(desk: Desk) -> None:
    client = desk.client()
    ticket = wait(desk, client)
    for call, status in (("", 422), ("x:1", 422), (f"{ticket}:", 422), (f"{ticket}:999", 404), ("9:" + "9" * 99, 422)):
        assert post(client, desk.url(), "/line", {"call": call}).status_code == status, call
    assert post(client, desk.url(), "/step", {"step": f"{ticket}:here:in_room"}).status_code == 409, "into which room?"
    assert row(ticket).status == "here"
