"""The week beside the day: how many come into which room, and what is still free. Numbers and times only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import taken
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.desk import bp, pages
from clinic.desk.pages import FARTHEST
from clinic.desk.roster import SHORTEST_GAP
from clinic.desk.views import ROSTER_ROLES
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, LocationInfo, RoomInfo
from clinic.directory.openness import open_mask
from clinic.staff.guard import staff_only
from clinic.staff.sign_in import SignedIn
from clinic.wording import language_now

DAYS = 7
SHOWN = 3  # free stretches of a room and day


@dataclass(frozen=True, slots=True)
class RoomDay:
    """A room on a day: visits, free stretches from now on, and for how many minutes in all."""

    day: date
    room_id: int
    visits: int
    free: tuple[tuple[datetime, datetime], ...]
    more: int  # free stretches that are not shown
    minutes: int
    open: bool


@bp.get("/roster/<slug>/<day>/week")
@staff_only(*ROSTER_ROLES)
def show_week(person: SignedIn, location: LocationInfo, day: str) -> ResponseReturnValue:
    """The week of a service day, Monday to Sunday, room by room; each day leads to its roster."""
    desk = pages.desk_of(person, location, day)
    monday = desk.day - timedelta(days=desk.day.weekday())
    days = [monday + timedelta(days=n) for n in range(DAYS)]
    s = db.session()
    cat = catalogue.current(s)
    table = read(s, cat, location, days, desk.now)
    return render_template(
        "desk/week.html",
        **pages.names(desk),
        days=days,
        table=[(room.name[language_now()], table[room.id]) for room in location.rooms],
        week_before=_in_reach(monday - timedelta(days=7)),
        week_after=_in_reach(monday + timedelta(days=7)),
    )


def read(
    s: Session, cat: Catalogue, location: LocationInfo, days: list[date], now: datetime
) -> dict[int, list[RoomDay]]:
    """By room id, each of the days."""
    counts: dict[tuple[int | None, date], int] = {
        (row[0], row[1]): row[2]
        for row in s.execute(
            select(Appointment.room_id, Appointment.day, func.count())
            .where(
                Appointment.location_id == location.id,
                Appointment.day.between(days[0], days[-1]),
                Appointment.status != "cancelled",
            )
            .group_by(Appointment.room_id, Appointment.day)
        )
    }
    busy = taken.load(s, [location.id], days[0], days[-1])
    return {
        room.id: [
            _room_day(
                cat, location, room, day, busy.around(location.id, room.id, day), counts.get((room.id, day), 0), now
            )
            for day in days
        ]
        for room in location.rooms
    }


def _room_day(
    cat: Catalogue, location: LocationInfo, room: RoomInfo, day: date, busy: int, visits: int, now: datetime
) -> RoomDay:
    open_ = open_mask(cat, location, room, day)
    base = taken.first_cell(day)
    passed = max(0, clock.cell(now) - base)
    runs = _runs((open_ & ~busy) >> passed << passed)
    free = tuple((clock.moment(base + at), clock.moment(base + end)) for at, end in runs if end - at >= SHORTEST_GAP)
    minutes = sum(int((end - start).total_seconds()) // 60 for start, end in free)
    return RoomDay(day, room.id, visits, free[:SHOWN], max(0, len(free) - SHOWN), minutes, bool(open_))


def _runs(mask: int) -> list[tuple[int, int]]:
    """Where runs of set bits begin and end."""
    found = []
    at = 0
    while mask >> at:
        at += (mask >> at & -(mask >> at)).bit_length() - 1
        rest = ~(mask >> at)
        end = at + (rest & -rest).bit_length() - 1
        found.append((at, end))
        at = end
    return found


def _in_reach(day: date) -> date | None:
    return day if abs(day - clock.today()) <= FARTHEST else None
