"""Everything of the desk in any order, and in between new hours, a room that closes, a stop: on both databases nobody
is left without a time, or with two, and everybody whom the place moved or took off finds that under her code."""

from datetime import date

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clinic.booking import book, rearranging, reshape, stopping
from clinic.booking.models import Appointment
from clinic.booking.refusals import NotBookable
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location, Room
from tests.booking import test_any_order
from tests.conftest import EVENING
from tests.factories import a_location, a_room, a_service

ALWAYS = "Mo-Su 00:00-24:00"
HOURS = (ALWAYS, "Mo-Su 18:00-02:00", "Tu 19:00-21:00; We 08:00-12:00,14:00-30:00", "We off; Mo-Tu 10:00-23:00", "off")


class House(test_any_order.Desk):
    def __init__(self) -> None:
        super().__init__()
        with writing() as s:
            self.write(s, ALWAYS, None)
            catalogue.changed(s)

    def write(self, s: Session, hours: str, of_room: int | None) -> None:
        if of_room is None:
            s.execute(
                update(Location)
                .where(Location.id == self.place_id)
                .values(hours=hours, hours_ph=hours, stopped_at=None)
            )
            s.execute(update(Room).values(hours=None, hours_ph=None))
        else:
            s.execute(update(Room).where(Room.id == of_room).values(hours=hours, hours_ph=hours))

    def visits(self) -> dict[bytes, tuple[str, str, int]]:
        with reading() as s:
            rows = s.execute(select(Appointment.rid, Appointment.status, Appointment.by_place, Appointment.start_cell))
            return {rid: (status, by_place, start) for rid, status, by_place, start in rows}

    @rule(hours=st.sampled_from(HOURS), room=st.integers(-1, 1), how=st.sampled_from((reshape.MOVE, reshape.STOP)))
    def the_coordinator_changes_hours(self, hours: str, room: int, how: str) -> None:
        loc = self.cat().locations[self.place_id]
        of_room = None if room < 0 else loc.rooms[room].id
        with writing() as s:
            touched = reshape.foresee(s, loc, lambda s: self.write(s, hours, of_room), EVENING)
            s.rollback()
        before = self.visits()
        if touched:
            with pytest.raises(reshape.MoreTouched), writing() as s:
                reshape.change(s, loc, lambda s: self.write(s, hours, of_room), {}, EVENING)
            assert self.visits() == before
        answers = {one.row.rid: how for one in touched}
        with writing() as s:
            done = reshape.change(s, loc, lambda s: self.write(s, hours, of_room), answers, EVENING)
        after, cat = self.visits(), self.cat()
        with reading() as s:
            assert reshape.stranded(s, cat, cat.locations[self.place_id], EVENING) == ()
            untold = {row.rid for row in rearranging.untold(s, self.place_id, EVENING)}
        assert {row.rid for row in (*done.moved, *done.stopped)} == answers.keys()
        for row in done.moved:
            assert after[row.rid][:2] == ("booked", "moved")
        for row in done.stopped:
            assert after[row.rid][:2] == ("cancelled", "closed")
        assert {row.rid for row in done.untold} <= untold
        assert {rid: visit for rid, visit in after.items() if rid not in answers} == {
            rid: visit for rid, visit in before.items() if rid not in answers
        }

    @rule(kind=st.integers(0, 2))
    def the_place_is_stopped_and_opened_again(self, kind: int) -> None:
        before, cat = self.visits(), self.cat()
        loc = cat.locations[self.place_id]
        with writing() as s:
            done = stopping.stop(s, loc, "clerk", EVENING)
        cat, soon = self.cat(), EVENING + test_any_order.FIVE
        wish = book.Request(cat.locations[loc.id], self.kinds[kind], soon, "ru", "plain", None, None, False, None)
        with pytest.raises(NotBookable), writing() as s:
            book.confirm(s, cat, wish, EVENING)
        after = self.visits()
        called_off = {row.rid for row in (*done.told, *done.untold)}
        for rid, visit in after.items():
            assert visit == (("cancelled", "stopped", before[rid][2]) if rid in called_off else before[rid])
        with reading() as s:
            tonight = s.scalars(
                select(Appointment.rid).where(Appointment.day == date(2026, 11, 24), Appointment.status == "booked")
            ).all()
        assert tonight == []
        with writing() as s:
            stopping.reopen(s, self.cat().locations[self.place_id], "chief", EVENING)
        assert self.visits() == after


def test_in_any_order_nobody_is_left_without_a_time(app_on: Flask) -> None:
    with time_machine.travel(EVENING, tick=False):
        with writing() as s:
            short, long = a_service(s, "short", 20), a_service(s, "long", 45)
            place = a_location(s, hours=ALWAYS, hours_ph=ALWAYS, days_ahead=2)
            a_room(s, place, (short, long), pause=10)
            a_room(s, place, (short,), pause=0)
            catalogue.changed(s)
            House.place_id = place.id
            House.kinds = (frozenset({short.id}), frozenset({long.id}), frozenset({short.id, long.id}))
        run_state_machine_as_test(
            House,
            settings=settings(
                max_examples=10, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
