"""Availability: the times a place offers, as arithmetic over the catalogue and taken time.

A visit of v cells may start at cell i iff all v cells are open and the v cells and the room's pause
are not taken; the pause may overhang closing and 06:00, the visit crosses neither. Starts lie on a
grid that depends on the length of the visit alone, never on what is booked, so that what is offered
does not tell who came before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import taken
from clinic.booking.taken import DAY_CELLS, Taken
from clinic.clock import CELL_MINUTES
from clinic.directory.catalogue import Catalogue, LocationInfo, RoomInfo, listed, takes_bookings
from clinic.directory.openness import open_mask

_DAY = timedelta(days=1)
_SOME_HOURS = timedelta(hours=3)
_OFFSETS = tuple(timedelta(minutes=CELL_MINUTES * i) for i in range(DAY_CELLS))
_HORIZON = (1 << 3 * DAY_CELLS) - 1
_GRIDS = {step: sum(1 << i for i in range(0, DAY_CELLS, step)) for step in (1, 2, 3)}


@dataclass(frozen=True, slots=True)
class Slot:
    """A time she may take: when the visit starts and ends (UTC), without the pause after it."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class OnDay:
    """Free times of a service day, and how many visits could take place in them, one after another in each room."""

    slots: tuple[Slot, ...]
    seats: int


def minutes(cat: Catalogue, services: frozenset[int]) -> int:
    """Minutes of one visit for all these services together; 0 for none. KeyError for an unknown one."""
    return sum(cat.services[number].minutes for number in services)


def grid_cells(visit_minutes: int) -> int:
    """How many cells lie between starts of visits of this length: a quarter of an hour, or finer."""
    if visit_minutes % 15 == 0:
        return 3
    return 2 if visit_minutes % 10 == 0 else 1


def fits(free: int, cells: int) -> int:
    """Bits at which `cells` free cells in a row begin."""
    have = 1
    while have < cells:
        step = min(have, cells - have)
        free &= free >> step
        have += step
    return free


def rooms_for(cat: Catalogue, loc: LocationInfo, services: frozenset[int]) -> tuple[RoomInfo, ...]:
    """Rooms in which one visit for all these services can be booked; none when one is for walk-ins only."""
    known = cat.services
    if not services or any(number not in known or known[number].walk_in_only for number in services):
        return ()
    calls = {known[number].by_phone for number in services}
    if len(calls) > 1:  # she calls, or she comes: one visit is not both
        return ()
    return tuple(
        room for room in loc.rooms if services <= room.services and (calls == {False} or room.phone or loc.phone)
    )


def usual(cat: Catalogue, loc: LocationInfo) -> frozenset[int]:
    """What a time is offered for while she has chosen nothing: the first service a place books."""
    offered = {number for room in loc.rooms for number in room.services}
    bookable = [service for service in cat.services.values() if service.id in offered and not service.walk_in_only]
    return frozenset({min(bookable, key=lambda service: service.number).id} if bookable else ())


def slots(
    s: Session, cat: Catalogue, loc: LocationInfo, services: frozenset[int], first: date, days: int, now: datetime
) -> tuple[Slot, ...]:
    """Free times from Date `first` for `days` Dates, sorted, one for each start however many rooms are free."""
    today = clock.local(now).date()
    last = today + timedelta(days=loc.days_ahead)
    if days < 1 or first > last or not takes_bookings(loc, today):
        return ()
    if (last - first).days >= days:
        last = first + timedelta(days=days - 1)
    if last < today:
        return ()
    span = (clock.at(max(first, today), 0), clock.at(last + _DAY, 0))
    return _in_span(s, cat, loc, services, span, now)


def next_slots(
    s: Session,
    cat: Catalogue,
    locs: Sequence[LocationInfo],
    services: frozenset[int],
    earliest: datetime,
    count: int,
    now: datetime,
    after: time | None = None,
) -> dict[int, tuple[Slot, ...]]:
    """The first `count` free times of each location from `earliest` on, by location id; `after`: on each day from then.

    One query when all is found tonight and nothing has changed, however many locations there are. With
    no service chosen it is the time for each place's `usual` one.
    """
    today = clock.local(now).date()
    ends = {loc.id: _horizon(loc, now) for loc in locs if takes_bookings(loc, today)}
    found: dict[int, list[Slot]] = {loc.id: [] for loc in locs}
    searches = [
        _Search(cat, loc, services or usual(cat, loc), max(earliest, _soonest(loc, now)), ends[loc.id], after)
        for loc in locs
        if loc.id in ends
    ]
    searches = [search for search in searches if search.rooms and search.start < search.end]
    if not searches:
        return {loc.id: () for loc in locs}
    tonight = clock.service_day(earliest)
    last = clock.service_day(max(search.end for search in searches))
    for first, until in ((tonight, tonight + _DAY), (tonight + 2 * _DAY, last)):
        if not searches or first > last:
            break
        known = taken.load(s, [search.loc.id for search in searches], first, min(until, last))
        for search in searches:
            day, have = first, found[search.loc.id]
            while day <= min(until, last) and len(have) < count:
                have.extend(search.slots(known, day, count - len(have)))
                day += _DAY
        searches = [search for search in searches if len(found[search.loc.id]) < count]
    return {number: tuple(times) for number, times in found.items()}


def on_day(
    cat: Catalogue,
    known: Taken,
    loc: LocationInfo,
    services: frozenset[int],
    day: date,
    span: tuple[datetime, datetime],
    now: datetime,
) -> OnDay:
    """A service day of a place between two moments, from taken time that was loaded before; no query."""
    search = _Search(cat, loc, services, max(span[0], _soonest(loc, now)), min(span[1], _horizon(loc, now)))
    if not takes_bookings(loc, clock.local(now).date()) or not search.rooms or search.start >= search.end:
        return OnDay((), 0)
    slots = tuple(search.slots(known, day, DAY_CELLS))
    return OnDay(slots, search.seats(known, day) if slots else 0)


def alternatives(
    s: Session,
    cat: Catalogue,
    loc: LocationInfo,
    services: frozenset[int],
    around: datetime,
    now: datetime,
    count: int = 3,
) -> tuple[tuple[LocationInfo, Slot], ...]:
    """Free times nearest to `around`: here, or, when this place has too few, in the same town.

    What is offered here comes first, each part in order of time.
    """
    start, end = _soonest(loc, now), _horizon(loc, now)
    around = min(max(around, start), max(start, end))
    here: tuple[Slot, ...] = ()
    if takes_bookings(loc, clock.local(now).date()):
        here = _in_span(s, cat, loc, services, (around - _DAY, around + _DAY), now)
        if len(here) < count:
            here = _in_span(s, cat, loc, services, (start, end), now)
    near = sorted(here, key=lambda slot: (abs(slot.start - around), slot.start))[:count]
    offers = [(loc, slot) for slot in sorted(near, key=lambda slot: slot.start)]
    if len(offers) < count:
        town = [o for o in cat.locations.values() if o.city == loc.city and o.id != loc.id and listed(o)]
        times = next_slots(s, cat, town, services, around - _SOME_HOURS, 1, now)
        others = [(other, slot) for other in town for slot in times[other.id]]
        others.sort(key=lambda offer: (abs(offer[1].start - around), offer[0].id))
        offers += sorted(others[: count - len(offers)], key=lambda offer: offer[1].start)
    return tuple(offers)


def open_rooms(cat: Catalogue, loc: LocationInfo, services: frozenset[int], start: datetime) -> tuple[RoomInfo, ...]:
    """Rooms in which this start is a slot or would be one if it were free; () when it is none."""
    cell = clock.cell(start)
    if clock.moment(cell) != start:
        return ()
    day = clock.service_day(start)
    bit = 1 << cell - taken.first_cell(day)
    length = minutes(cat, services) if all(number in cat.services for number in services) else 0
    if not length or not bit & _GRIDS[grid_cells(length)]:
        return ()
    cells = length // CELL_MINUTES
    return tuple(room for room in rooms_for(cat, loc, services) if fits(open_mask(cat, loc, room, day), cells) & bit)


def room_starts(open_: int, taken_: int, visit_cells: int, pause_cells: int) -> int:
    """Bits at which a visit may start in one room: open for the visit, free for it and the pause."""
    return fits(open_, visit_cells) & fits(~taken_ & _HORIZON, visit_cells + pause_cells)


def bits(mask: int) -> Iterator[int]:
    """Numbers of the bits that are set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class _Search:
    """The times of one location for one kind of visit between two moments."""

    __slots__ = ("cat", "cells", "end", "grid", "length", "loc", "rooms", "start")

    def __init__(
        self,
        cat: Catalogue,
        loc: LocationInfo,
        services: frozenset[int],
        start: datetime,
        end: datetime,
        after: time | None = None,
    ) -> None:
        self.cat, self.loc, self.start, self.end = cat, loc, start, end
        self.rooms = rooms_for(cat, loc, services)
        visit = minutes(cat, services) if self.rooms else 0
        self.length = timedelta(minutes=visit)
        self.cells = visit // CELL_MINUTES
        self.grid = _GRIDS[grid_cells(visit)] & _from_hour(after)

    def mask(self, known: Taken, day: date) -> int:
        """Bits of the service day at which a visit may start in some room."""
        found = 0
        for room in self.rooms:
            open_ = open_mask(self.cat, self.loc, room, day)
            if open_:
                busy = known.around(self.loc.id, room.id, day)
                found |= room_starts(open_, busy, self.cells, room.pause // CELL_MINUTES)
        return found & self.grid & _between(day, self.start, self.end) if found else 0

    def seats(self, known: Taken, day: date) -> int:
        """How many visits of this length there is room for among the starts of the service day."""
        allowed, count = self.grid & _between(day, self.start, self.end), 0
        for room in self.rooms:
            pause, next_ = room.pause // CELL_MINUTES, 0
            busy = known.around(self.loc.id, room.id, day)
            starts = room_starts(open_mask(self.cat, self.loc, room, day), busy, self.cells, pause)
            for bit in bits(starts & allowed):
                if bit >= next_:
                    count, next_ = count + 1, bit + self.cells + pause
        return count

    def slots(self, known: Taken, day: date, count: int) -> Iterator[Slot]:
        base, length = clock.service_day_start(day), self.length
        for number, bit in enumerate(bits(self.mask(known, day))):
            if number == count:
                return
            start = base + _OFFSETS[bit]
            yield Slot(start, start + length)


def _from_hour(after: time | None) -> int:
    """Bits of a service day from an hour on until 06:00; all of them for none, and for one of the night before."""
    if after is None or after < clock.DAY_TURNS:
        return (1 << DAY_CELLS) - 1
    minutes_in = (after.hour - clock.DAY_TURNS.hour) * 60 + after.minute - clock.DAY_TURNS.minute
    return (1 << DAY_CELLS) - (1 << -(-minutes_in // CELL_MINUTES))


def _between(day: date, start: datetime, end: datetime) -> int:
    """Bits of a service day from moment `start` (rounded up to a cell) until before `end`."""
    base = taken.first_cell(day) * CELL_MINUTES * 60
    low = min(max(0, -int(-(start.timestamp() - base) // 300)), DAY_CELLS)
    high = min(max(0, -int(-(end.timestamp() - base) // 300)), DAY_CELLS)
    return (1 << high) - 1 & ~((1 << low) - 1)


def _in_span(
    s: Session,
    cat: Catalogue,
    loc: LocationInfo,
    services: frozenset[int],
    span: tuple[datetime, datetime],
    now: datetime,
) -> tuple[Slot, ...]:
    search = _Search(cat, loc, services, max(span[0], _soonest(loc, now)), min(span[1], _horizon(loc, now)))
    if not search.rooms or search.start >= search.end:
        return ()
    first, last = clock.service_day(search.start), clock.service_day(search.end)
    known = taken.load(s, [loc.id], first, last)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(slot for day in days for slot in search.slots(known, day, DAY_CELLS))


def _soonest(loc: LocationInfo, now: datetime) -> datetime:
    """The first moment at which a visit may still be booked."""
    return now + timedelta(minutes=loc.lead_minutes)


def _horizon(loc: LocationInfo, now: datetime) -> datetime:
    """The end of the last Date on which one may be booked: `days_ahead` after today."""
    return clock.at(clock.local(now).date() + timedelta(days=loc.days_ahead + 1), 0)
