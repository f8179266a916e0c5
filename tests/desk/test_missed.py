"""Who does not come gives the rest of the time to others; undone, it is hers again where it is still free."""

import re
from datetime import timedelta

import time_machine
from sqlalchemy import select

from clinic import clock, worker
from clinic.booking.models import Appointment, Cell
from clinic.db import reading
from tests.desk.conftest import Desk, post
from tests.desk.test_late import PHONE, found, gone_out, run_late
from tests.desk.test_line import row


def cells(ticket: int) -> int:
    with reading() as s:
        return len(list(s.scalars(select(Cell).where(Cell.appointment_id == row(ticket).rid))))


def test_a_missed_visit_frees_its_rest_and_takes_it_back(desk: Desk, evening: time_machine.Traveller) -> None:
    ticket = desk.woman(0)
    evening.shift(timedelta(minutes=10))
    client = desk.client()
    assert post(client, desk.url(), "/step", {"step": f"{ticket}:booked:missed"}).status_code == 200
    assert cells(ticket) == row(ticket).own_cells == 2
    assert f"?into={desk.rooms[0]}&amp;start={clock.cell(clock.now())}" in client.get(desk.url()).text, "a gap"
    assert post(client, desk.url(), "/step", {"step": f"{ticket}:missed:here"}).status_code == 200
    assert cells(ticket) == row(ticket).own_cells == 4


def test_a_time_that_was_given_away_stays_with_who_has_it(desk: Desk, evening: time_machine.Traveller) -> None:
    tickets = [desk.woman(0) for _ in desk.rooms]
    evening.shift(timedelta(minutes=10))
    client = desk.client()
    post(client, desk.url(), "/step", {"step": f"{tickets[0]}:booked:missed"})
    other = desk.woman(0)
    assert row(other).room_id == row(tickets[0]).room_id
    answer = post(client, desk.url(), "/step", {"step": f"{tickets[0]}:missed:here"})
    assert answer.status_code == 409
    assert "notice bad" in answer.text
    assert row(tickets[0]).status == "missed"


def test_nobody_is_marked_missed_but_by_a_person(desk: Desk, evening: time_machine.Traveller) -> None:
    late, seen = desk.woman(0), desk.woman(20)
    evening.shift(timedelta(minutes=40))
    client = desk.client()
    post(client, desk.url(), "/step", {"step": f"{seen}:booked:here"})
    for task in worker.TASKS:
        task.run(clock.now())
    assert row(late).status == "booked"
    page = client.get(desk.url()).text
    assert f'value="{late}:booked:missed"' in page, "one tap says it, and frees the time"
    assert post(client, desk.url(), "/step", {"step": f"{late}:booked:here"}).status_code == 200


def test_a_room_that_runs_late_waits_longer(desk: Desk, evening: time_machine.Traveller) -> None:
    ticket, client = desk.woman(0), desk.client()
    post(client, desk.url(), "/late", {"room": str(desk.rooms[0]), "minutes": "30"})
    evening.shift(timedelta(minutes=30))
    client = desk.client()
    assert f"{ticket}:booked:missed" not in client.get(desk.url()).text, "her time has not passed yet"
    evening.shift(timedelta(minutes=11))
    client = desk.client()
    assert f"{ticket}:booked:missed" in client.get(desk.url()).text


def test_who_was_told_to_come_later_is_not_late_before_that(desk: Desk, evening: time_machine.Traveller) -> None:
    ticket, client = desk.woman(40, PHONE), desk.client()
    run_late(desk, 30, send=True)
    gone_out()
    evening.shift(timedelta(minutes=45))
    run_late(desk, 0)  # her time has come, so no message can take the hour back
    evening.shift(timedelta(minutes=10))
    client = desk.client()
    page = client.get(desk.url()).text
    assert f"{ticket}:booked:missed" not in page
    assert "20:50" in found(desk, ticket), "the desk reads what she was told"
    evening.shift(timedelta(minutes=26))
    assert f"{ticket}:booked:missed" in desk.client().get(desk.url()).text


def test_all_came_except(desk: Desk, evening: time_machine.Traveller) -> None:
    women = [desk.woman(20 * n) for n in range(4)]
    evening.shift(timedelta(minutes=50))
    client = desk.client()
    post(client, desk.url(), "/step", {"step": f"{women[0]}:booked:here"})
    page = client.get(desk.url("/close")).text
    assert [f'name="shown" value="{ticket}"' in page for ticket in women] == [True, True, True, False]
    shown = {"shown": [str(ticket) for ticket in women[:3]], "missed": [str(women[1])]}
    closed = post(client, desk.url(), "/close", shown, scripted=False)  # type: ignore[arg-type]
    assert "Готово: 2. Не было: 1." in closed.text, "the day in numbers"
    assert [row(ticket).status for ticket in women] == ["done", "missed", "done", "booked"]
    assert [row(ticket).late for ticket in women] == [True, False, False, False], "only who was seen coming came late"
    assert post(client, desk.url(), "/close", shown).status_code == 200, "twice is once"  # type: ignore[arg-type]
    post(client, desk.url(), "/step", {"step": f"{women[1]}:missed:here"})
    changed = post(client, desk.url(), "/close", shown | {"missed": [str(women[0])]})  # type: ignore[arg-type]
    assert changed.status_code == 409
    assert row(women[0]).status == "done", "what was marked elsewhere is asked again, not overwritten"
    for wrong in ({"shown": "1", "missed": "2"}, {"shown": "x"}, {"shown": "9" * 9}):
        assert post(client, desk.url(), "/close", wrong).status_code == 422
    assert client.get(desk.url("/close", day=desk.day + timedelta(days=1))).status_code == 404


def test_what_nobody_knows_stays_open(desk: Desk, evening: time_machine.Traveller) -> None:
    ticket = desk.woman(0)
    evening.shift(timedelta(hours=14))
    page = desk.client().get(desk.url("/close")).text
    assert str(ticket) in page
    with reading() as s:
        assert s.scalars(select(Appointment.status)).all() == ["booked"]


def test_the_end_of_the_day_counts_who_is_still_ahead(desk: Desk) -> None:
    ahead, client = desk.woman(60), desk.client()
    page = client.get(desk.url("/close")).text
    assert "День закончен" not in page
    assert f"<b>{ahead}</b> 20:40" in page
    assert f'name="shown" value="{ahead}"' not in page


def test_who_is_in_a_room_is_no_possible_no_show_and_all_marks_go_back(
    desk: Desk, evening: time_machine.Traveller
) -> None:
    inside, open_ = desk.woman(0), desk.woman(0)
    client = desk.client()
    for step in ("booked:here", "here:in_room"):
        post(client, desk.url(), "/step", {"step": f"{inside}:{step}"})
    evening.shift(timedelta(minutes=30))
    client = desk.client()
    page = client.get(desk.url("/close")).text
    assert f'name="missed" value="{inside}"' not in page
    assert f'name="missed" value="{open_}"' in page
    shown: dict[str, list[str]] = {"shown": [str(inside), str(open_)], "missed": [str(open_)]}
    closed = post(client, desk.url(), "/close", shown, scripted=False).text  # type: ignore[arg-type]
    assert [row(ticket).status for ticket in (inside, open_)] == ["done", "missed"]
    back = re.findall(r'name="back" value="([^"]+)"', closed)
    undone = post(client, desk.url(), "/close", {"act": "undo", "back": back})  # type: ignore[dict-item]
    assert "notice good" in undone.text
    assert [row(ticket).status for ticket in (inside, open_)] == ["in_room", "booked"]
    assert cells(open_) == 4, "and her time is hers again"
    for wrong in ({"act": "undo"}, {"act": "undo", "back": "x"}, {"act": "undo", "back": f"{inside}:in_room:missed"}):
        assert post(client, desk.url(), "/close", wrong).status_code == 422
