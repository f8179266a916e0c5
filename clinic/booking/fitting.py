"""The free times that fit a wish, worked out whenever they are asked for; nothing here is written."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import availability, taken
from clinic.booking.availability import Slot
from clinic.booking.taken import Taken
from clinic.directory.catalogue import Catalogue, LocationInfo, ServiceInfo

PARTS = {"any": (6, 30), "morning": (6, 12), "day": (12, 18), "evening": (18, 30), "night": (22, 30)}  # hours of a day
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WishView:
    """A wish as she may see it, under her code."""

    rid: bytes
    locations: tuple[LocationInfo, ...]
    services: tuple[ServiceInfo, ...]
    part: str
    first_day: date
    last_day: date
    tell: bool
    forget_on: date


@dataclass(frozen=True, slots=True)
class Free:
    """A time that fits a wish; `key` is how `wish_told` names it, `day` its place and service day."""

    location: LocationInfo
    slot: Slot
    key: tuple[int, int]
    day: tuple[int, date]


Memo = dict[tuple[int, frozenset[int], str, date], list[tuple[Free, int]]]


def fitting(s: Session, cat: Catalogue, wish: WishView, now: datetime) -> tuple[Free, ...]:
    """The free times that she waits for, as things stand, by time and then by place."""
    if not wish.locations:
        return ()
    known = taken.load(s, [loc.id for loc in wish.locations], wish.first_day, wish.last_day)
    services = frozenset(service.id for service in wish.services)
    days = (wish.first_day, wish.last_day)
    return tuple(free for free, _seats in times(cat, known, wish.locations, services, wish.part, days, now))


def some(free: Iterable[Free], of_a_place: int, count: int) -> list[Free]:
    """The first of these times, at most so many of one place, so that one place does not hide the others."""
    seen: Counter[int] = Counter()
    found = []
    for one in free:
        seen[one.location.id] += 1
        if seen[one.location.id] <= of_a_place:
            found.append(one)
    return found[:count]


def times(
    cat: Catalogue,
    known: Taken,
    places: Iterable[LocationInfo],
    services: frozenset[int],
    part: str,
    days: tuple[date, date],
    now: datetime,
    memo: Memo | None = None,
) -> list[tuple[Free, int]]:
    """The free times of some days, sorted; with each how many visits its place has room for on that day.

    `memo` remembers, for many who wait for the same.
    """
    begin, end = PARTS[part]
    memo = {} if memo is None else memo
    found: list[tuple[Free, int]] = []
    first = max(days[0], clock.service_day(now))
    for loc in places:
        for n in range((days[1] - first).days + 1):
            day = first + n * _DAY
            key = (loc.id, services, part, day)
            if key not in memo:
                span = (clock.at(day, begin * 60), clock.at(day, end * 60))
                here = availability.on_day(cat, known, loc, services, day, span, now)
                memo[key] = [
                    (Free(loc, slot, (loc.id, clock.cell(slot.start)), (loc.id, day)), here.seats)
                    for slot in here.slots
                ]
            found += memo[key]
    return sorted(found, key=lambda one: (one[0].key[1], one[0].key[0]))
