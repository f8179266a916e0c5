"""Whether a place is open, until when, and which of its cells can be booked at all.

A night belongs to the evening on which it began: the rule of that date decides about it, whatever
the next day's rule or holiday says.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import flask_babel

from clinic import clock, wording
from clinic.db import Text3
from clinic.directory.catalogue import Catalogue, LocationInfo, RoomInfo
from clinic.directory.holidays import holiday_name
from clinic.directory.hours import intervals, merged

_: Callable[..., str] = flask_babel.gettext  # flask-babel has no types
ngettext: Callable[..., str] = flask_babel.ngettext

CELLS = 288
CLOSES_SOON_MINUTES = 30
_LOOK_AHEAD_DAYS = 31
_AROUND_THE_CLOCK = timedelta(days=9)  # an unbroken run this long, counted from yesterday, has no end worth saying
_DAY = timedelta(days=1)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Openness:
    """How a place stands at one moment. Moments are UTC.

    `known`: its hours are published. `until`: when it closes, None while closed or open around the
    clock. `next_open`: when it opens, None while open or when that is over a month away. `holiday`:
    the name of today's public holiday. `closed_today`: not open now, nor at any later time today, and
    nothing began today. `intervals_today`: what begins on today's date, closures taken out.
    """

    known: bool
    open: bool
    until: datetime | None
    next_open: datetime | None
    holiday: Text3 | None
    closed_today: bool
    intervals_today: tuple[Span, ...]


def openness(cat: Catalogue, loc: LocationInfo, now: datetime) -> Openness:
    """How a place stands at `now` by its own hours and the closures of the whole place.

    Hours change on whole minutes, so that a place without closures is looked at once a minute.
    """
    if loc.closures:
        return _openness(cat, loc, now)
    minute = now.replace(second=0, microsecond=0)
    known = _of_minute(cat, minute)
    found = known.get(loc.id)
    if found is None:
        found = known[loc.id] = _openness(cat, loc, minute)
    return found


_held: tuple[Catalogue, datetime, dict[int, Openness]] | None = None


def _of_minute(cat: Catalogue, minute: datetime) -> dict[int, Openness]:
    """What was found out in this minute, by location; what was before is dropped."""
    global _held
    held = _held
    if held is None or held[0] is not cat or held[1] != minute:
        held = _held = (cat, minute, {})
    return held[2]


def _openness(cat: Catalogue, loc: LocationInfo, now: datetime) -> Openness:
    today = clock.local(now).date()
    holiday = holiday_name(cat, today)
    if not loc.hours:
        return Openness(False, False, None, None, holiday, False, ())
    shut = [(c.starts_at, c.ends_at) for c in loc.closures if c.room_id is None and c.ends_at > now - 2 * _DAY]
    of_today = tuple(_open_on(cat, loc, today, shut))
    holding = next((span for span in _runs(cat, loc, today - _DAY, shut) if now < span[1]), None)
    if holding is None:
        return Openness(True, False, None, None, holiday, not of_today, of_today)
    if now < holding[0]:
        return Openness(True, False, None, holding[0], holiday, not of_today, of_today)
    until = None if holding[1] - holding[0] > _AROUND_THE_CLOCK else holding[1]
    return Openness(True, True, until, None, holiday, False, of_today)


def open_spans(cat: Catalogue, loc: LocationInfo, day: date) -> tuple[Span, ...]:
    """When a place is open by what begins on a Date, closures of the whole place taken out; moments in UTC."""
    shut = [(c.starts_at, c.ends_at) for c in loc.closures if c.room_id is None] if loc.closures else []
    return tuple(_open_on(cat, loc, day, shut)) if loc.hours else ()


def _runs(cat: Catalogue, loc: LocationInfo, first: date, shut: list[Span]) -> Iterator[Span]:
    """What is open without a gap, in order, beginning with `first`; lazily, day by day."""
    pending: list[Span] = []
    for n in range(_LOOK_AHEAD_DAYS):
        day = first + n * _DAY
        pending = _merged([*pending, *_open_on(cat, loc, day, shut)])
        midnight = clock.at(day, 1440)
        while pending and pending[0][1] < midnight:  # what the next days hold begins later: this one is complete
            yield pending.pop(0)
        if pending and pending[0][1] - pending[0][0] > _AROUND_THE_CLOCK:
            break  # nobody asks when it ends
    yield from pending


def _merged(spans: list[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _open_on(cat: Catalogue, loc: LocationInfo, day: date, shut: list[Span]) -> list[Span]:
    """What begins on `day`, as moments, without the closures."""
    hours = intervals(loc.hours, loc.hours_ph, day, holiday_name(cat, day) is not None)
    return _without([(clock.at(day, start), clock.at(day, end)) for start, end in hours], shut)


def _without(spans: Iterable[Span], shut: list[Span]) -> list[Span]:
    left = list(spans)
    for from_, until in shut:
        cut: list[Span] = []
        for start, end in left:
            if until <= start or end <= from_:
                cut.append((start, end))
                continue
            if start < from_:
                cut.append((start, from_))
            if until < end:
                cut.append((until, end))
        left = cut
    return left


def open_mask(cat: Catalogue, loc: LocationInfo, room: RoomInfo, service_day: date) -> int:
    """Which 5-minute cells of a service day a room is open: bit i is the i-th cell from 06:00, 288 bits.

    A cell counts when it is open to its last second and no closure of the place or the room touches
    it; none does at a place that is stopped. The hours are remembered per (expressions, day), so that
    a thousand rooms with the same hours cost one evaluation.
    """
    if loc.stopped_at is not None or (room.retired_on is not None and service_day >= room.retired_on):
        return 0
    expression, on_holidays = _hours_of(loc, room)
    if not expression:
        return 0
    around = (service_day - _DAY, service_day, service_day + _DAY)
    holidays = tuple(holiday_name(cat, day) is not None for day in around)
    mask = _hours_mask(expression, on_holidays, service_day, holidays)
    if mask and loc.closures:
        mask &= ~_closed_mask(loc, room, service_day)
    return mask


def _hours_of(loc: LocationInfo, room: RoomInfo) -> tuple[str, str]:
    expression = loc.hours if room.hours is None else room.hours
    return expression, loc.hours_ph if room.hours_ph is None else room.hours_ph


@lru_cache(maxsize=16384)
def _hours_mask(expression: str, on_holidays: str, service_day: date, holidays: tuple[bool, ...]) -> int:
    """Open cells by hours alone; `holidays` says of the day before, the day and the day after."""
    spans = [
        (start + shift * 1440, end + shift * 1440)
        for shift, holiday in zip((-1, 0, 1), holidays, strict=True)
        for start, end in intervals(expression, on_holidays, service_day + shift * _DAY, holiday)
    ]
    mask = 0
    turn = clock.DAY_TURNS.hour * 60
    for start, end in merged(spans):
        mask |= _bits(-(-(start - turn) // clock.CELL_MINUTES), (end - turn) // clock.CELL_MINUTES)
    return mask


def _closed_mask(loc: LocationInfo, room: RoomInfo, service_day: date) -> int:
    day_start = clock.service_day_start(service_day)
    day_end = day_start + _DAY
    first = clock.cell(day_start)
    mask = 0
    for closure in loc.closures:
        if closure.room_id not in (None, room.id) or closure.ends_at <= day_start or closure.starts_at >= day_end:
            continue
        end = -(-int(closure.ends_at.timestamp()) // (clock.CELL_MINUTES * 60))
        mask |= _bits(clock.cell(closure.starts_at) - first, end - first)
    return mask


def _bits(first: int, end: int) -> int:
    """Bits `first` up to, not including, `end`, cut to a service day."""
    first, end = max(first, 0), min(end, CELLS)
    return (1 << end) - (1 << first) if first < end else 0


def words(o: Openness, now: datetime) -> str:
    """How a place stands, in the language of the page: "open until 21:00", "closed today: Nauryz"."""
    if not o.known:
        return _("hours not published")
    if o.open:
        return _open_words(o.until, now)
    if o.closed_today and o.holiday is not None:
        return _("closed today: %(holiday)s", holiday=o.holiday[wording.language_now()])
    if o.next_open is None:
        return _("closed")
    return _opens_words(o.next_open, now)


def _open_words(until: datetime | None, now: datetime) -> str:
    if until is None:
        return _("open around the clock")
    left = -(-(until - now) // timedelta(minutes=1))
    if left <= CLOSES_SOON_MINUTES:
        return ngettext("closes in %(num)s minute", "closes in %(num)s minutes", left)
    if until - now > _DAY:
        return _("open around the clock")  # today and tonight it is; the day on which it ends shows its hours
    return _("open %(until)s", until=wording.until(until))


def _opens_words(at: datetime, now: datetime) -> str:
    day, today = clock.local(at).date(), clock.local(now).date()
    if day == today:
        return _("opens %(at)s", at=wording.at(at))
    if day == today + _DAY:
        return _("opens tomorrow %(at)s", at=wording.at(at))
    return _("opens %(on_day)s %(at)s", on_day=wording.on_day(day), at=wording.at(at))
