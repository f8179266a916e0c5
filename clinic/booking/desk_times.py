"""The times a desk may give: whatever is open and free, however soon, and as far ahead as the desk looks.

The limits that a place sets for those who book by themselves (how soon, how many days ahead, nobody
looks at the roster) do not bind the people who stand there.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import availability, inside, placing, taken
from clinic.booking.availability import Slot
from clinic.booking.refusals import NotASlot
from clinic.clock import CELL_MINUTES
from clinic.directory.catalogue import Catalogue, LocationInfo, RoomInfo
from clinic.directory.openness import open_mask

MOST_DAYS = 98  # twelve weeks, and two more to choose from


@dataclass(frozen=True, slots=True)
class Own:
    """The time a visit has now: free for the visit itself."""

    room_id: int
    start_cell: int
    own_cells: int


def free(
    s: Session,
    cat: Catalogue,
    loc: LocationInfo,
    services: frozenset[int],
    visit_cells: int,
    day: date,
    now: datetime,
    own: Own | None = None,
    room_id: int | None = None,
    also: datetime | None = None,
) -> tuple[Slot, ...]:
    """Free starts of a visit on a service day, in order; with none of its services known, in any room.

    `room_id`: in this room only. `also` is a start that was pointed at: it counts although it lies on no grid.
    """
    if day > clock.service_day(now) + timedelta(days=MOST_DAYS):
        return ()
    known = taken.load(s, [loc.id], day, day)
    held = inside.held_today(s, loc.id, day, now)
    base = taken.first_cell(day)
    found = 0
    for room in _rooms(loc, services, room_id):
        busy = known.around(loc.id, room.id, day) | held.get(room.id, 0)
        if own is not None and own.room_id == room.id and own.start_cell >= base:
            busy &= ~(((1 << own.own_cells) - 1) << own.start_cell - base)
        open_ = open_mask(cat, loc, room, day)
        found |= availability.room_starts(open_, busy, visit_cells, placing.pause_cells(room))
    step = availability.grid_cells(visit_cells * CELL_MINUTES)
    passed = clock.cell(now) - base
    length = timedelta(minutes=visit_cells * CELL_MINUTES)
    if own is not None and own.start_cell >= base:
        found &= ~(1 << own.start_cell - base)  # where it stands already
    pointed = clock.cell(also) - base if also is not None else -1
    chosen = (bit for bit in availability.bits(found) if (bit % step == 0 and bit > passed) or bit == pointed >= passed)
    starts = (clock.moment(base + bit) for bit in chosen)
    return tuple(Slot(start, start + length) for start in starts)


def rooms(
    s: Session,
    cat: Catalogue,
    loc: LocationInfo,
    services: frozenset[int],
    visit_cells: int,
    start: datetime,
    now: datetime,
    room_id: int | None = None,
) -> tuple[RoomInfo, ...]:
    """Rooms that are open for a visit at `start`, taken or not, but with nobody in them; the least versatile first.

    `room_id`: this room only. The five minutes that run count as to come. Raises NotASlot.
    """
    day, cell = clock.service_day(start), clock.cell(start)
    far = day > clock.service_day(now) + timedelta(days=MOST_DAYS)
    if cell < clock.cell(now) or far or clock.moment(cell) != start:
        raise NotASlot(())
    bit = 1 << cell - taken.first_cell(day)
    held = inside.held_today(s, loc.id, day, now)
    found = [
        r
        for r in _rooms(loc, services, room_id)
        if availability.fits(open_mask(cat, loc, r, day) & ~held.get(r.id, 0), visit_cells) & bit
    ]
    if not found:
        raise NotASlot(())
    return tuple(sorted(found, key=lambda room: (len(room.services), room.id)))


def _rooms(loc: LocationInfo, services: frozenset[int], room_id: int | None = None) -> list[RoomInfo]:
    return [room for room in loc.rooms if services <= room.services and room_id in (None, room.id)]
