"""Stop tonight: a place disappears at once, its visits of this service day are called off, until it is reopened.

Visits of later days stay, since the place may open again before them: their reminders are held back, and
what is still stopped when a service day turns loses that day's visits as well (`call_off`, by the worker).
Every day ahead is bumped first: a booking under way comes before the stop, and is then called off by it,
or finds the place stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import appointments, rearranging, reshape, telling
from clinic.booking.appointments import DeskRow
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo
from clinic.directory.models import Location
from clinic.messaging import outbox

_INSIDE = ("here", "in_room")


@dataclass(frozen=True, slots=True)
class Evening:
    """A place's service day at the moment of its stop: who is told by message, who is not, who is inside."""

    told: tuple[DeskRow, ...]
    untold: tuple[DeskRow, ...]
    inside: tuple[DeskRow, ...]

    @property
    def coming(self) -> int:
        """How many visits are called off."""
        return len(self.told) + len(self.untold)


def foresee(s: Session, location_id: int, now: datetime) -> Evening:
    """What a stop would do. Changes nothing."""
    rows = _tonight(s, location_id, now)
    reached = {row.rid for row in rows if rearranging.reachable(s, row, now)}
    return _evening(s, location_id, rows, reached, now)


def stop(s: Session, loc: LocationInfo, actor: str, now: datetime) -> Evening:
    """Stop a place; stopping it twice calls off what may have come in between. `s` writes."""
    reshape.bump_ahead(s, loc, now)
    s.execute(
        update(Location)
        .where(Location.id == loc.id, Location.stopped_at.is_(None))
        .values(stopped_at=now, stopped_by=actor)
    )
    catalogue.changed(s)
    done = _call_off(s, loc.id, now)
    days = reshape.ahead(loc, now)
    for row in appointments.live_between(s, loc.id, days[0], days[-1]):
        outbox.drop(s, telling.about(row.rid), (telling.REMINDER,), now, "stopped")
    audit.record(s, now, actor, "place.stop", loc.slug, loc.id)
    return done


def reopen(s: Session, loc: LocationInfo, actor: str, now: datetime) -> None:
    """Show a place again, and remind of the visits that are still ahead. What was called off stays so. `s` writes."""
    reshape.bump_ahead(s, loc, now)
    s.execute(update(Location).where(Location.id == loc.id).values(stopped_at=None, stopped_by=""))
    catalogue.changed(s)
    days = reshape.ahead(loc, now)
    for row in appointments.live_between(s, loc.id, days[0], days[-1]):
        rearranging.remind_again(s, row, now)
    audit.record(s, now, actor, "place.reopen", loc.slug, loc.id)


def call_off(now: datetime) -> int:
    """Call off today's visits of every place that is still stopped; how many."""
    with reading() as s:
        stopped = s.scalars(select(Location.id).where(Location.stopped_at.is_not(None))).all()
        due = [location_id for location_id in stopped if _tonight(s, location_id, now)]
    done = 0
    for location_id in due:
        with writing() as s:
            reshape.bump_ahead(s, catalogue.current(s).locations[location_id], now)
            if s.scalar(select(Location.stopped_at).where(Location.id == location_id)) is not None:
                done += _call_off(s, location_id, now).coming
    return done


def _call_off(s: Session, location_id: int, now: datetime) -> Evening:
    rows = _tonight(s, location_id, now)
    told = set()
    for row in rows:
        appointments.stop(s, row, now, "stopped")
        if rearranging.tell_stopped(s, row, now):
            told.add(row.rid)
    return _evening(s, location_id, rows, told, now)


def _tonight(s: Session, location_id: int, now: datetime) -> list[Any]:
    day = clock.service_day(now)
    return list(appointments.live_between(s, location_id, day, day))


def _evening(s: Session, location_id: int, rows: Sequence[Any], told: set[bytes], now: datetime) -> Evening:
    day = appointments.for_desk(s, catalogue.current(s), location_id, clock.service_day(now))
    desk = [appointments.desk_row(row) for row in rows]
    return Evening(
        tuple(row for row in desk if row.rid in told),
        tuple(row for row in desk if row.rid not in told),
        tuple(row for row in day.rows if row.status in _INSIDE),
    )
