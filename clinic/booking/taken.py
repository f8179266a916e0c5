"""Taken time: one Python integer per room and service day, bit i = the i-th 5-minute cell from 06:00.

Pages never read cells or appointments row by row: these integers are kept in memory under the version
of their `location_day`, and one small query tells which of them are still right. A pause may overhang
06:00; then the integer of its day has bits beyond the 288th, which `around` brings to the next day.
Writers never trust a snapshot: inside a writing transaction nothing is taken from memory nor kept
there, since its version may still be rolled back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from threading import Lock
from typing import Any, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking.models import Appointment, LocationDay
from clinic.db import Prepared

DAY_CELLS = 288
FULL_DAY = (1 << DAY_CELLS) - 1
MOST_KEPT = 60_000  # location days kept in memory: 1,000 places for 60 days

Rooms = Mapping[int, int]
_NOTHING: Rooms = {}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """Taken time of some locations on some service days."""

    days: Mapping[tuple[int, date], Rooms]
    versions: Mapping[tuple[int, date], int]

    def around(self, location_id: int, room_id: int, day: date) -> int:
        """Bits of a room from 06:00 of `day` on: its own, what overhangs from before, and the day after."""
        before = self.days.get((location_id, day - _DAY), _NOTHING).get(room_id, 0)
        same = self.days.get((location_id, day), _NOTHING).get(room_id, 0)
        after = self.days.get((location_id, day + _DAY), _NOTHING).get(room_id, 0)
        return before >> DAY_CELLS | same | after << DAY_CELLS


class _Memory:
    """What one database's location days looked like when they were last read."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.days: dict[tuple[int, date], tuple[int, Rooms]] = {}

    def keep(self, read: Mapping[tuple[int, date], tuple[int, Rooms]]) -> None:
        with self.lock:
            if len(self.days) + len(read) > MOST_KEPT:
                self.days.clear()
            self.days.update(read)


_memories: WeakKeyDictionary[Any, _Memory] = WeakKeyDictionary()
_memories_lock = Lock()

# Tables, not entities: the session's work for an entity would cost more than the query.
_DAYS = cast(Table, LocationDay.__table__).c
_VISITS = cast(Table, Appointment.__table__).c
_VERSIONS = select(_DAYS.location_id, _DAYS.day, _DAYS.version).where(
    _DAYS.location_id.in_(bindparam("locations", expanding=True)),
    _DAYS.day.between(bindparam("first"), bindparam("last")),
)
_INTERVALS = select(_VISITS.location_id, _VISITS.day, _VISITS.room_id, _VISITS.start_cell, _VISITS.own_cells).where(
    _VISITS.location_id.in_(bindparam("locations", expanding=True)),
    _VISITS.day.between(bindparam("first"), bindparam("last")),
    _VISITS.status != "cancelled",
    _VISITS.room_id.is_not(None),  # who waits in the line takes no time
)


def forget_memory(s: Session) -> None:
    """Forget what is remembered of this database: after it was restored, or emptied by a test."""
    with _memories_lock:
        _memories.pop(s.get_bind(), None)


def _memory(s: Session) -> _Memory:
    engine = s.get_bind()
    with _memories_lock:
        return _memories.setdefault(engine, _Memory())


def load(s: Session, location_ids: Sequence[int], first: date, last: date) -> Taken:
    """Taken time of these locations from service day `first` to `last`, with the day before and after.

    One query when all is remembered, two otherwise, however many locations there are. A day without a
    `location_day` has no appointments: every writer bumps it first.
    """
    first, last = first - _DAY, last + _DAY
    wanted = {"locations": list(location_ids), "first": first, "last": last}
    writes = s.connection().get_execution_options().get("write", False)
    # Versions before intervals: what is read may be newer than its version says, never older.
    versions = {(row[0], row[1]): row[2] for row in s.execute(_VERSIONS, wanted)}
    if writes:
        return Taken(_read(s, location_ids, first, last), versions)
    memory = _memory(s)
    kept = memory.days
    days: dict[tuple[int, date], Rooms] = {}
    stale: dict[int, None] = {}
    for key, version in versions.items():
        found = kept.get(key)
        if found is not None and found[0] == version:
            days[key] = found[1]
        else:
            stale[key[0]] = None
    if stale:
        fresh = _read(s, list(stale), first, last)
        memory.keep({key: (versions[key], fresh.get(key, _NOTHING)) for key in versions if key[0] in stale})
        days.update(fresh)
    return Taken(days, versions)


def _read(s: Session, location_ids: Sequence[int], first: date, last: date) -> dict[tuple[int, date], Rooms]:
    read: dict[tuple[int, date], dict[int, int]] = {}
    bases: dict[date, int] = {}
    wanted = {"locations": list(location_ids), "first": first, "last": last}
    for location_id, day, room_id, start_cell, own_cells in s.execute(_INTERVALS, wanted):
        base = bases.get(day)
        if base is None:
            base = bases[day] = first_cell(day)
        rooms = read.setdefault((location_id, day), {})
        rooms[room_id] = rooms.get(room_id, 0) | ((1 << own_cells) - 1) << (start_cell - base)
    return dict(read)


@lru_cache(maxsize=1024)
def first_cell(day: date) -> int:
    """The cell that begins at 06:00 of a service day."""
    return clock.cell(clock.service_day_start(day))


@dataclass(frozen=True, slots=True)
class Bumped:
    """What a location day says after it was locked: its version, and the last ticket given out."""

    version: int
    last_ticket: int


def bump(s: Session, location_id: int, day: date, tickets: int) -> Bumped:
    """Lock a location's service day, raise its version and its last ticket by `tickets`; first write of all.

    Everybody who writes into a day waits here, so that a booking and a closure can't pass each other.
    Who writes into several days bumps them in order of date, so that two of them can't lock each other out.
    """
    values = {"location_id": location_id, "day": day, "version": 1, "last_ticket": tickets}
    row: Any = _BUMP[s.get_bind().dialect.name].run(s, values).one()
    return Bumped(row[0], row[1])


def bump_days(s: Session, location_id: int, days: Iterable[date]) -> None:
    """Bump several service days of a location, in order: one statement, whose rows are locked one after another."""
    rows = [{"location_id": location_id, "day": day, "version": 1, "last_ticket": 0} for day in sorted(set(days))]
    if not rows:
        return
    insert: Any = sqlite.insert if s.get_bind().dialect.name == "sqlite" else postgresql.insert
    fresh = insert(cast(Table, LocationDay.__table__)).values(rows)
    s.execute(
        fresh.on_conflict_do_update(index_elements=[_DAYS.location_id, _DAYS.day], set_={"version": _DAYS.version + 1})
    )


def _bump_statement(insert: Any) -> Any:
    values: dict[str, Any] = {name: bindparam(name) for name in ("location_id", "day", "version", "last_ticket")}
    row = insert(cast(Table, LocationDay.__table__)).values(values)
    return row.on_conflict_do_update(
        index_elements=[_DAYS.location_id, _DAYS.day],
        set_={"version": _DAYS.version + 1, "last_ticket": _DAYS.last_ticket + row.excluded.last_ticket},
    ).returning(_DAYS.version, _DAYS.last_ticket)


_BUMP = {
    "sqlite": Prepared(_bump_statement(sqlite.insert)),
    "postgresql": Prepared(_bump_statement(postgresql.insert)),
}

_VERSION = select(func.coalesce(func.max(_DAYS.version), 0)).where(
    _DAYS.location_id == bindparam("location_id"), _DAYS.day == bindparam("day")
)


def version(s: Session, location_id: int, day: date) -> int:
    """The version of a location's service day; 0 when nobody ever wrote into it."""
    return int(s.execute(_VERSION, {"location_id": location_id, "day": day}).scalar_one())
