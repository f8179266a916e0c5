"""Desks that press at the same moment: each visit is moved once, marked once, called in once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier, Thread

from flask import Flask
from sqlalchemy import select

from clinic import clock
from clinic.booking import appointments, line, marking, reshape
from clinic.booking.models import Appointment, Cell
from clinic.booking.refusals import (
    Gone,
    MovedMeanwhile,
    NoTimeLeft,
    SlotTaken,
    StatusChanged,
    StillInside,
    TimeGiven,
    TooLate,
)
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.passes import passes
from tests.desk.conftest import furnish

REFUSED = (Gone, MovedMeanwhile, NoTimeLeft, SlotTaken, StatusChanged, StillInside, TimeGiven, TooLate)


def at_once(app: Flask, deeds: list[Callable[[], object]]) -> list[str]:
    """Do them all in the same moment, each in a thread of its own; what each came to."""
    gate, came = Barrier(len(deeds)), [""] * len(deeds)

    def press(n: int) -> None:
        with app.app_context():
            gate.wait(20)
            try:
                deeds[n]()
                came[n] = "done"
            except REFUSED as refusal:
                came[n] = type(refusal).__name__

    threads = [Thread(target=press, args=(n,)) for n in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "" not in came
    return came


def cells_are_those_of_the_live_visits() -> None:
    with reading() as s:
        live = list(
            s.scalars(select(Appointment).where(Appointment.status != "cancelled", Appointment.room_id.is_not(None)))
        )
        cells = sorted((row[0], row[1]) for row in s.execute(select(Cell.room_id, Cell.cell)))
    owned = sorted((v.room_id or 0, v.start_cell + n) for v in live for n in range(v.own_cells))
    assert owned == cells
    assert len(set(owned)) == len(owned)


def test_of_moves_that_saw_the_same_one_wins(app_on: Flask, evening: object) -> None:
    desk = furnish(app_on)
    rid, now = desk.booked(60).appointment.rid, clock.now()

    def move(seen: datetime, minutes: int) -> None:
        with writing() as s:
            to = seen + timedelta(minutes=minutes)
            reshape.move_one(s, catalogue.current(s), desk.location_id, rid, to, f"desk {minutes}", now, seen)

    for n in range(6):
        with reading() as s:
            seen = clock.moment(s.get_one(Appointment, rid).start_cell)
        came = at_once(app_on, [partial(move, seen, minutes) for minutes in (20, 40, 24 * 60)])
        assert sorted(came) == ["MovedMeanwhile", "MovedMeanwhile", "done"], (n, came)
    cells_are_those_of_the_live_visits()


def test_moves_into_one_time_and_her_own_move_never_share_a_room(app_on: Flask, evening: object) -> None:
    desk = furnish(app_on)
    women = [desk.booked(60 + 20 * n) for n in range(5)]
    now, goal = clock.now(), clock.now() + timedelta(hours=5)

    def by_the_desk(rid: bytes) -> None:
        with writing() as s:
            reshape.move_one(s, catalogue.current(s), desk.location_id, rid, goal, "desk", now)

    def by_herself(code: str, rid: bytes) -> None:
        with writing() as s:
            appointments.move(s, catalogue.current(s), passes.find(s, code), rid, goal, now)

    deeds: list[Callable[[], object]] = [partial(by_the_desk, one.appointment.rid) for one in women]
    deeds += [partial(by_herself, one.code or "", one.appointment.rid) for one in women]
    came = at_once(app_on, deeds)
    cells_are_those_of_the_live_visits()
    with reading() as s:
        there = list(s.scalars(select(Appointment.rid).where(Appointment.start_cell == clock.cell(goal))))
    assert len(there) == len(desk.rooms), came


def test_a_time_that_is_given_back_has_one_owner(app_on: Flask, evening: object) -> None:
    desk = furnish(app_on)
    gone = desk.booked(0).appointment
    for _ in desk.rooms[1:]:
        desk.woman(0)
    now = clock.now()
    with writing() as s:
        waiting = [line.wait(s, catalogue.current(s).locations[desk.location_id], 20, now, "desk")[0] for _ in range(2)]
        marking.set_status(s, desk.location_id, gone.rid, "booked", "missed", "desk", now)

    def come_after_all() -> None:
        with writing() as s:
            marking.set_status(s, desk.location_id, gone.rid, "missed", "here", "desk", now)

    def call_in(rid: bytes) -> None:
        with writing() as s:
            line.call_in(s, desk.location_id, rid, desk.rooms[0], "desk", now)

    came = at_once(app_on, [come_after_all, *(partial(call_in, row.rid) for row in waiting)])
    assert sorted(came)[-1] == "done"
    assert came.count("done") == 1, came
    cells_are_those_of_the_live_visits()
