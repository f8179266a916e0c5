"""Book, move, cancel, walk in, wait, mark, miss, close and reopen in any order: cells equal the live appointments."""

from collections import Counter
from contextlib import suppress
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, select

from clinic import clock
from clinic.booking import again, appointments, book, line, marking, reshape, taken
from clinic.booking.models import Appointment, Cell, LocationDay
from clinic.booking.refusals import (
    Gone,
    NotASlot,
    NoTimeLeft,
    SlotTaken,
    StatusChanged,
    StillInside,
    TimeGiven,
    TooLate,
)
from clinic.db import Text3, reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Closure
from clinic.passes import passes
from clinic.passes.models import Pass
from tests.conftest import EVENING
from tests.factories import a_location, a_room, a_service

FIVE = timedelta(minutes=5)
# from 19:40 over the night, its end at 06:00 and the next evening
steps = st.integers(0, 330)


class Desk(RuleBasedStateMachine):
    place_id: int
    kinds: tuple[frozenset[int], ...]

    def __init__(self) -> None:
        super().__init__()
        with writing() as s:
            for table in (Cell, Appointment, LocationDay, Pass, Closure):
                s.execute(delete(table))
            taken.forget_memory(s)
            catalogue.changed(s)
        self.codes: list[tuple[str, bytes]] = []
        self.waiting: list[bytes] = []

    def cat(self) -> catalogue.Catalogue:
        with reading() as s:
            return catalogue.current(s)

    @rule(step=steps, kind=st.integers(0, 2))
    def she_books(self, step: int, kind: int) -> None:
        cat, start = self.cat(), EVENING + step * FIVE
        wish = book.Request(
            cat.locations[self.place_id], self.kinds[kind], start, "ru", "plain", None, None, False, None
        )
        try:
            with writing() as s:
                booked = book.confirm(s, cat, wish, EVENING)
        except (SlotTaken, NotASlot):
            return
        assert booked.code
        self.codes.append((booked.code, booked.appointment.rid))

    @precondition(lambda self: self.codes)
    @rule(data=st.data(), step=steps)
    def she_moves(self, data: st.DataObject, step: int) -> None:
        code, rid = data.draw(st.sampled_from(self.codes))
        try:
            with writing() as s:
                view = appointments.move(s, self.cat(), passes.find(s, code), rid, EVENING + step * FIVE, EVENING)
        except (SlotTaken, NotASlot, Gone, TooLate):
            return
        assert view.start == EVENING + step * FIVE

    @precondition(lambda self: self.codes)
    @rule(data=st.data())
    def she_cancels(self, data: st.DataObject) -> None:
        code, rid = data.draw(st.sampled_from(self.codes))
        try:
            with writing() as s:
                view = appointments.cancel(s, self.cat(), passes.find(s, code), rid, EVENING)
        except TooLate:
            return
        assert view.status == "cancelled"

    @rule(kind=st.integers(0, 2))
    def somebody_walks_in(self, kind: int) -> None:
        cat = self.cat()
        try:
            with writing() as s:
                book.walk_in(s, cat, cat.locations[self.place_id], None, self.kinds[kind], EVENING, "clerk")
        except NoTimeLeft:
            return

    @precondition(lambda self: self.codes)
    @rule(data=st.data(), to=st.sampled_from((*marking.DESK_STATUSES, "missed")), minutes=st.integers(0, 12))
    def the_desk_marks(self, data: st.DataObject, to: str, minutes: int) -> None:
        _, rid = data.draw(st.sampled_from(self.codes))
        with writing() as s:
            was = s.execute(select(Appointment.status).where(Appointment.rid == rid)).scalar_one()
            if was == "cancelled":
                with pytest.raises(StatusChanged):
                    marking.set_status(s, self.place_id, rid, was, to, "clerk", EVENING)
            else:
                with suppress(TimeGiven, StillInside):
                    marking.set_status(s, self.place_id, rid, was, to, "clerk", EVENING + minutes * FIVE)

    @precondition(lambda self: self.codes)
    @rule(data=st.data(), step=steps)
    def the_desk_moves(self, data: st.DataObject, step: int) -> None:
        _, rid = data.draw(st.sampled_from(self.codes))
        to = EVENING + step * FIVE
        try:
            with writing() as s:
                row, _told = reshape.move_one(s, self.cat(), self.place_id, rid, to, "clerk", EVENING)
        except (SlotTaken, NotASlot, Gone, StatusChanged):
            return
        assert row.start == to

    @precondition(lambda self: self.codes)
    @rule(data=st.data(), step=steps)
    def the_desk_books_again(self, data: st.DataObject, step: int) -> None:
        code, rid = data.draw(st.sampled_from(self.codes))
        try:
            with writing() as s:
                made = again.book_again(s, self.place_id, rid, EVENING + step * FIVE, None, False, "clerk", EVENING)
        except (SlotTaken, NotASlot, Gone):
            return
        self.codes.append((code, made.row.rid))

    @rule(minutes=st.sampled_from((10, 20, 60)))
    def somebody_waits(self, minutes: int) -> None:
        with writing() as s:
            loc = self.cat().locations[self.place_id]
            self.waiting.append(line.wait(s, loc, minutes, EVENING, "clerk")[0].rid)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), room=st.integers(0, 1), minutes=st.integers(0, 12))
    def a_room_takes_one_of_the_line(self, data: st.DataObject, room: int, minutes: int) -> None:
        rid = data.draw(st.sampled_from(self.waiting))
        room_id = self.cat().locations[self.place_id].rooms[room].id
        with suppress(NoTimeLeft, StatusChanged, StillInside), writing() as s:
            line.call_in(s, self.place_id, rid, room_id, "clerk", EVENING + minutes * FIVE)

    @rule(step=steps, length=st.integers(1, 40), how=st.sampled_from((reshape.MOVE, reshape.STOP)), whole=st.booleans())
    def the_desk_closes(self, step: int, length: int, how: str, whole: bool) -> None:
        cat, start = self.cat(), EVENING + step * FIVE
        room_id = None if whole else cat.locations[self.place_id].rooms[0].id
        shut = reshape.Shut(self.place_id, room_id, start, start + length * FIVE, Text3())
        with reading() as s:
            touched = reshape.preview(s, cat, shut, EVENING)
        with writing() as s:
            done = reshape.close(s, cat, shut, {one.row.rid: how for one in touched}, "clerk", EVENING)
        assert len(done.moved) + len(done.stopped) == len(touched)
        with reading() as s:
            assert reshape.preview(s, self.cat(), shut, EVENING) == ()

    @rule()
    def the_desk_reopens(self) -> None:
        cat = self.cat()
        for closure in cat.locations[self.place_id].closures[:1]:
            with writing() as s:
                reshape.reopen(s, cat, self.place_id, closure.id, "clerk", EVENING)

    @invariant()
    def cells_are_those_of_the_live_visits(self) -> None:
        with reading() as s:
            live = s.execute(
                select(
                    Appointment.rid, Appointment.room_id, Appointment.start_cell, Appointment.own_cells,
                    Appointment.day, Appointment.ticket,
                ).where(Appointment.status != "cancelled", Appointment.room_id.is_not(None))
            ).all()  # fmt: skip
            cells = s.execute(select(Cell.room_id, Cell.cell, Cell.appointment_id)).all()
            cached = taken.load(s, [self.place_id], date(2026, 11, 24), date(2026, 11, 25))
        owned = [(v.room_id, v.start_cell + n, v.rid) for v in live for n in range(v.own_cells)]
        assert sorted(owned) == sorted(tuple(cell) for cell in cells)
        assert max(Counter((v.day, v.ticket) for v in live).values(), default=1) == 1
        for room in {room for room, _, _ in owned}:
            first = taken.first_cell(date(2026, 11, 24))
            bits = sum(1 << cell - first for r, cell, _ in owned if r == room)
            assert cached.around(self.place_id, room, date(2026, 11, 24)) == bits
        for v in live:
            start = clock.moment(v.start_cell)
            assert clock.service_day(start) == v.day


def test_in_any_order_cells_are_those_of_the_live_visits(app_on: Flask) -> None:
    with time_machine.travel(EVENING, tick=False):
        with writing() as s:
            short, long = a_service(s, "short", 20), a_service(s, "long", 45)
            place = a_location(s, hours="Mo-Su 00:00-24:00", days_ahead=2)
            a_room(s, place, (short, long), pause=10)
            a_room(s, place, (short,), pause=0)
            catalogue.changed(s)
            Desk.place_id = place.id
            Desk.kinds = (frozenset({short.id}), frozenset({long.id}), frozenset({short.id, long.id}))
        run_state_machine_as_test(
            Desk,
            settings=settings(
                max_examples=12, stateful_step_count=24, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
