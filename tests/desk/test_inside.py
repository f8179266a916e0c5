"""A room with somebody inside is not free, whatever the plan says: for the line, walk-ins, gaps, the next free time."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from flask import Flask

from clinic import clock
from clinic.booking import line, marking
from clinic.booking.refusals import StillInside
from clinic.db import reading, writing
from clinic.desk import board
from clinic.directory import catalogue
from tests.desk.conftest import Desk, furnish, post
from tests.desk.test_at_once import at_once, cells_are_those_of_the_live_visits
from tests.desk.test_line import row, wait


def into_the_room(desk: Desk, ticket: int) -> None:
    client = desk.client()
    for step in ("booked:here", "here:in_room"):
        assert post(client, desk.url(), "/step", {"step": f"{ticket}:{step}"}).status_code == 200


def shown(desk: Desk) -> board.Board:
    with reading() as s:
        cat = catalogue.current(s)
        return board.read(s, cat, cat.locations[desk.location_id], desk.day, clock.now(), True)


@pytest.mark.parametrize(("starts", "later"), [(0, 25), (20, 0)], ids=["runs over", "begins early"])
def test_nobody_is_sent_into_a_room_that_another_has_not_left(
    desk: Desk, evening: time_machine.Traveller, starts: int, later: int
) -> None:
    inside = desk.woman(starts)
    room = row(inside).room_id
    into_the_room(desk, inside)
    evening.shift(timedelta(minutes=later))
    client, now = desk.client(), clock.now()
    waiting = wait(desk, client)
    seen = shown(desk)
    assert room not in {number for number, _minutes in seen.free_rooms}, "the line"
    assert seen.roster.next_gap
    assert seen.roster.next_gap.room_id != room, "the next free time"
    gaps = [b.gap for one in seen.roster.lines for b in one.blocks if b.gap and b.gap.room_id == room]
    assert all(gap.start > now for gap in gaps), "the gaps of the table"
    answer = post(client, desk.url(), "/line", {"call": f"{waiting}:{room}"})
    assert answer.status_code == 409
    assert f'value="{inside}:in_room:done"' in answer.text.split('id="said"')[1].split("</div>")[0], "asks: done?"
    asked = {"token": "t" * 22, "minutes": "20", "into": str(room), "start": str(clock.cell(now)), "here": "1"}
    assert post(client, desk.url(), "/book", asked).status_code == 409, "a time that is chosen"
    assert row(waiting).room_id is None
    post(client, desk.url(), "/walk-in", {"token": "w" * 22, "minutes": "20"})
    taken = max(card.ticket for card in shown(desk).roster.cards)
    assert row(taken).room_id != room, "a walk-in"
    assert post(client, desk.url(), "/step", {"step": f"{inside}:in_room:done"}).status_code == 200
    free = next(number for number, _minutes in shown(desk).free_rooms)
    assert post(client, desk.url(), "/line", {"call": f"{waiting}:{free}"}).status_code == 200


def test_the_next_of_the_room_is_asked_for_before_two_are_in_it(desk: Desk, evening: time_machine.Traveller) -> None:
    first = desk.woman(0)
    others = [desk.woman(0) for _ in desk.rooms[1:]]
    second = desk.woman(20)
    assert row(second).room_id == row(first).room_id
    into_the_room(desk, first)
    evening.shift(timedelta(minutes=25))
    client = desk.client()
    page = client.get(desk.url()).text
    assert f'data-key="q{first}:done"' in page, "the desk is asked beside the table as well"
    assert f'data-key="q{others[0]}:done"' not in page
    post(client, desk.url(), "/step", {"step": f"{second}:booked:here"})
    answer = post(client, desk.url(), "/step", {"step": f"{second}:here:in_room"})
    assert answer.status_code == 409
    assert f"{first} ещё" in answer.text.split('id="said"')[1].split("</div>")[0]
    assert row(second).status == "here"
    post(client, desk.url(), "/step", {"step": f"{first}:in_room:done"})
    assert post(client, desk.url(), "/step", {"step": f"{second}:here:in_room"}).status_code == 200
    assert post(client, desk.url(), "/step", {"step": f"{first}:done:in_room"}).status_code == 200, "a slip goes back"


def test_of_desks_that_call_into_one_room_at_once_one_does(app_on: Flask, evening: object) -> None:
    desk = furnish(app_on)
    booked, now = desk.booked(0).appointment, clock.now()
    with writing() as s:
        marking.set_status(s, desk.location_id, booked.rid, "booked", "here", "desk", now)
        waiting = [line.wait(s, catalogue.current(s).locations[desk.location_id], 20, now, "desk")[0] for _ in range(2)]

    def her_time() -> None:
        with writing() as s:
            marking.set_status(s, desk.location_id, booked.rid, "here", "in_room", "desk", now)

    def call_in(rid: bytes, room: int) -> None:
        with writing() as s:
            line.call_in(s, desk.location_id, rid, room, "desk", now)

    came = at_once(app_on, [her_time, *(partial(call_in, one.rid, desk.rooms[1]) for one in waiting)])
    assert sorted(came)[-2:] == ["done", "done"], "each room took one"
    cells_are_those_of_the_live_visits()
    with pytest.raises(StillInside), writing() as s:
        line.call_in(s, desk.location_id, waiting[came[1:].index("StillInside")].rid, desk.rooms[0], "desk", now)
