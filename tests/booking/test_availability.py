"""Availability against the slow model: nights, breaks, closures, pauses, service days, limits."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import availability, book, placing, taken
from clinic.booking.models import Appointment, LocationDay
from clinic.db import new_rid, reading, writing
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, LocationInfo
from clinic.directory.models import Closure, Location, LocationService, Room, RoomService, Service
from tests.booking.place import booked, free, open_place, wish
from tests.booking.slow import SlowPlace, SlowRoom
from tests.factories import a_location, a_room, a_service

NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
FIRST = date(2026, 11, 24)  # a Tuesday; no public holiday until 16 December
MINUTE = timedelta(minutes=1)

fives = st.integers(0, 287).map(lambda n: n * 5)


@st.composite
def week(draw: st.DrawFn) -> Any:
    """Hours by weekday: up to two intervals a day, with breaks, some until 02:00 of the next day."""
    hours = {}
    for weekday in draw(st.sets(st.integers(0, 6), min_size=4)):
        cuts = sorted(draw(st.sets(st.integers(0, 312), min_size=2, max_size=4)))
        pairs = [(cuts[n] * 5, cuts[n + 1] * 5) for n in range(0, len(cuts) - 1, 2)]
        hours[weekday] = [(a, b) for a, b in pairs if a < 1440]
    return {weekday: spans for weekday, spans in hours.items() if spans}


@st.composite
def moments(draw: st.DrawFn, first: int = -1, last: int = 3) -> datetime:
    return datetime.combine(FIRST, time(0)) + draw(st.integers(first, last)) * timedelta(days=1) + draw(fives) * MINUTE


@st.composite
def spans(draw: st.DrawFn, shortest: int, longest: int) -> Any:
    start = draw(moments())
    return start, start + draw(st.integers(shortest, longest)) * MINUTE


rooms = st.fixed_dictionaries(
    {
        "hours": week(),
        "pause": st.sampled_from((0, 5, 10, 45)),
        "shut": st.lists(spans(1, 300), max_size=2),
        "visits": st.lists(st.tuples(moments(), st.sampled_from((5, 20, 45, 60))), min_size=3, max_size=12),
        "both": st.booleans(),
    }
)
places = st.fixed_dictionaries(
    {
        "rooms": st.lists(rooms, min_size=1, max_size=2),
        "minutes": st.tuples(st.sampled_from((5, 10, 15, 20, 35, 60)), st.sampled_from((0, 10, 25))),
        "lead": st.sampled_from((0, 20, 180)),
        "days_ahead": st.sampled_from((1, 2, 4)),
        "now": st.tuples(moments(0, 1), st.integers(0, 4 * 60 + 59)),
        "try": st.lists(moments(-1, 6), min_size=2, max_size=4),
    }
)


def utc(local: datetime) -> datetime:
    return (local - timedelta(hours=5)).replace(tzinfo=UTC)


def in_words(hours: dict[int, list[tuple[int, int]]]) -> str:
    def hhmm(minute: int) -> str:
        return f"{minute // 60:02}:{minute % 60:02}"

    return "; ".join(
        f"{NAMES[weekday]} " + ",".join(f"{hhmm(a)}-{hhmm(b)}" for a, b in spans)
        for weekday, spans in sorted(hours.items())
    )


def empty(s: Session) -> None:
    for table in (Appointment, LocationDay, Closure, RoomService, Room, LocationService, Location, Service):
        s.execute(delete(table))


def build(s: Session, plan: Any) -> tuple[int, frozenset[int], list[SlowRoom]]:
    empty(s)
    one = a_service(s, slug=f"one{new_rid().hex()}", minutes=plan["minutes"][0])
    other = a_service(s, slug=f"other{new_rid().hex()}", minutes=plan["minutes"][1] or 5)
    chosen = (one, other) if plan["minutes"][1] else (one,)
    taken.forget_memory(s)  # keys are used again here, which never happens to a real location day
    place = a_location(s, hours="off", lead_minutes=plan["lead"], days_ahead=plan["days_ahead"], seen=FIRST)
    slow, tickets, days = [], 0, set()
    for plan_room in plan["rooms"]:
        offers = (one, other) if plan_room["both"] else (one,)
        room = a_room(s, place, offers, hours=in_words(plan_room["hours"]), pause=plan_room["pause"])
        for start, end in plan_room["shut"]:
            s.add(Closure(location_id=place.id, room_id=room.id, starts_at=utc(start), ends_at=utc(end)))
        booked = []
        for start, visit in plan_room["visits"]:
            tickets += 1
            day, own = clock.service_day(utc(start)), visit + plan_room["pause"]
            days.add(day)
            booked.append((start, start + own * MINUTE))
            s.execute(
                insert(Appointment).values(
                    rid=new_rid(), location_id=place.id, room_id=room.id, day=day, start_cell=clock.cell(utc(start)),
                    visit_cells=visit // 5, own_cells=own // 5, ticket=tickets, noun=0, details=b"", forget_on=day,
                )
            )  # fmt: skip
        if set(chosen) <= set(offers):
            slow.append(SlowRoom(plan_room["hours"], plan_room["pause"], plan_room["shut"], booked))
    for day in days:
        s.execute(insert(LocationDay).values(location_id=place.id, day=day, version=1, last_ticket=100))
    catalogue.changed(s)
    return place.id, frozenset(service.id for service in chosen), slow


@given(plan=places)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_slots_are_those_of_the_slow_model_and_booking_agrees(app: Flask, plan: Any) -> None:
    now_local = plan["now"][0] + plan["now"][1] * timedelta(seconds=1)
    now = utc(now_local)
    with time_machine.travel(now, tick=False):
        with writing() as s:
            place_id, chosen, slow_rooms = build(s, plan)
        visit = plan["minutes"][0] + plan["minutes"][1]
        slow = SlowPlace(slow_rooms, visit, now_local, plan["lead"], plan["days_ahead"])
        with reading() as s:
            cat = catalogue.current(s)
            loc = cat.locations[place_id]
            wanted = [utc(start) for start in slow.starts(FIRST, 12)]
            found = availability.slots(s, cat, loc, chosen, FIRST, 12, now)
            again = availability.slots(s, cat, loc, chosen, FIRST, 12, now)
            first = availability.next_slots(s, cat, [loc], chosen, now, 4, now)[place_id]
        assert [slot.start for slot in found] == wanted
        assert again == found, "what is remembered equals what is read"
        assert list(first) == list(found[:4])
        assert all(slot.end - slot.start == visit * MINUTE for slot in found)
        if slow_rooms:
            some = [*plan["try"], *([clock.local(wanted[0]).replace(tzinfo=None)] if wanted else [])]
            for start in some:
                assert outcome(cat, loc, chosen, utc(start), now) == expected(slow, start)


def expected(slow: SlowPlace, start: datetime) -> str:
    return "booked" if slow.is_free(start) else "taken" if slow.is_slot(start) else "none"


class _Undo(Exception):
    pass


def outcome(cat: Catalogue, loc: LocationInfo, chosen: frozenset[int], start: datetime, now: datetime) -> str:
    """What booking says of a start; nothing is kept. Cells are written here as the appointments own them."""
    request = book.Request(loc, chosen, start, "ru", "plain", None, None, False, None)
    try:
        with writing() as s:
            seen: set[tuple[int, int]] = set()
            rows = s.execute(
                select(Appointment.rid, Appointment.room_id, Appointment.start_cell, Appointment.own_cells).where(
                    Appointment.location_id == loc.id
                )
            ).all()
            for rid, room_id, first, own in rows:
                # the made-up visits may overlap; a cell has one owner
                assert room_id is not None
                for cell in range(first, first + own):
                    if (room_id, cell) not in seen:
                        seen.add((room_id, cell))
                        placing.take_cells(s, rid, room_id, cell, 1)
            book.confirm(s, cat, request, now)
            raise _Undo
    except _Undo:
        return "booked"
    except book.SlotTaken as refusal:
        return _checked(refusal, start, "taken")
    except book.NotASlot as refusal:
        return _checked(refusal, start, "none")


def _checked(refusal: Any, start: datetime, word: str) -> str:
    assert all(slot.start != start for _, slot in refusal.alternatives)
    return word


@pytest.mark.parametrize(("minutes", "step"), [(15, 15), (45, 15), (20, 10), (40, 10), (25, 5), (35, 5)])
def test_starts_lie_on_a_grid_that_follows_from_the_length_alone(minutes: int, step: int) -> None:
    assert availability.grid_cells(minutes) * 5 == step


@given(free=st.integers(0, 2**64 - 1), cells=st.integers(1, 20))
def test_a_run_of_free_cells_begins_where_each_of_them_is_free(free: int, cells: int) -> None:
    slow = sum(1 << i for i in range(64) if all(free >> i + n & 1 for n in range(cells)))
    assert availability.fits(free, cells) == slow


@pytest.mark.usefixtures("app", "evening")
def test_a_pause_may_overhang_six_but_not_into_the_visit_that_follows() -> None:
    place, kind = open_place(hours="Mo-Su 00:00-24:00", minutes=20, pause=45)
    six = clock.at(date(2026, 11, 26), 6 * 60)
    assert "05:40" in free(place, kind, date(2026, 11, 26))
    booked(wish(place, kind, six))
    times = free(place, kind, date(2026, 11, 26))
    assert [time for time in times if "04:00" < time < "08:00"] == [
        "04:10", "04:20", "04:30", "04:40", "04:50", "07:10", "07:20", "07:30", "07:40", "07:50",
    ]  # fmt: skip
    with pytest.raises(book.SlotTaken):
        booked(wish(place, kind, six - 20 * MINUTE))
    booked(wish(place, kind, six - 70 * MINUTE))
    assert "05:00" not in free(place, kind, date(2026, 11, 26))
