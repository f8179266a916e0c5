"""Which point she is sent to, and why: pure, explained, and the same for everybody.

Kept apart first: where kits are free and she can come, then where kits are free but not in her time,
then where none are free. Within each by distance in steps of 500 m, then by the stock that would be left, so
that a point is not drained while its neighbour's kits expire. Where she named no time, a point that is open
now comes before one that is shut, unless it is 3 km farther.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from clinic import clock
from clinic.booking.find import DISTRICT_STEP_M
from clinic.directory.catalogue import listed
from clinic.directory.gazetteer import Spot, distance_m
from clinic.directory.openness import Openness, Span, openness
from clinic.kits import collecting
from clinic.kits.catalogue import PointInfo, takes_orders, vector
from clinic.kits.stock import Free

STEP_M = 500
FAR_M = 50_000  # nobody is sent farther for a kit
_REACH = math.cos(1.01 * FAR_M / 6_371_000)  # what two vectors have at least in common that are not too far apart
GOOD_FOR_LONG_DAYS = 180
SHUT_STEPS = 6  # so many steps farther a point counts that is shut now

# kinds of reasons; the words are in routing_words
NEAR, OPEN, OPENS, HOURS_UNKNOWN, IN_STOCK, GOOD_FOR_LONG = "near", "open", "opens", "hours_unknown", "stock", "long"
FARTHER, FEWER_LEFT, NOT_THEN, NONE_FREE, DELIVERY = "farther", "fewer_left", "not_then", "none_free", "delivery"
OPEN_THEN, SHUT_NOW = "open_then", "shut_now"

_NOTHING: Mapping[int, date] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Wish:
    """So many kits of one type; the day and time at which she can come, None for any."""

    kit_id: int
    quantity: int
    day: date | None
    after: time | None


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason as a kind and its values; `routing_words.words` says it."""

    kind: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A point for her order. `left` is what would be free there after it: negative where too few are.

    `comes`: when she can come, None where it is not open in her time or its hours are not published.
    """

    point: PointInfo
    distance_m: int | None
    openness: Openness
    left: int
    why: tuple[Reason, ...]
    later_because: tuple[Reason, ...]
    comes: Span | None
    collect_by: date

    @property
    def in_stock(self) -> bool:
        """Whether she gets her kits there without waiting for a delivery."""
        return self.left >= 0


@dataclass(frozen=True, slots=True)
class _Looked:
    """A point that was looked at, before it is told about."""

    key: tuple[int, int, int, int, int]
    point: PointInfo
    metres: int | None
    left: int
    comes: Span | None
    collect_by: date
    lasts_until: date | None

    @property
    def group(self) -> int:
        return self.key[0]


def told_m(spot: Spot, point: PointInfo) -> int | None:
    """Metres from a spot to a point, as they may be told; None where its place is not told at all."""
    if point.measured is None:
        return None
    metres = distance_m(spot.lat, spot.lng, *point.measured)
    return metres if point.location.visibility == "open" else _rounded(metres)


def propose(
    points: Iterable[PointInfo],
    free: Mapping[int, Sequence[Free]],
    spot: Spot | None,
    wish: Wish,
    now: datetime,
    limit: int = 20,
    expected: Mapping[int, date] = _NOTHING,
) -> tuple[Proposal, ...]:
    """The points for a wish, the best first; `free` as stock.free tells it, `expected` the day of a delivery."""
    today = clock.local(now).date()
    groups: tuple[list[_Looked], ...] = ([], [], [])
    enough_m: int | None = None  # what begins beyond it comes after all that is wanted
    for exact, metres, point in _by_distance(points, spot, wish.kit_id, today):
        if enough_m is not None and exact is not None and exact >= enough_m:
            break
        looked = _look(point, metres, free.get(point.id, ()), wish, today, now)
        groups[looked.group].append(looked)
        if enough_m is None and len(groups[0]) >= limit:
            farthest = max(one.key[1] for one in groups[0])
            enough_m = (farthest + 1) * STEP_M + DISTRICT_STEP_M // 2  # told distances are rounded by half a step
    ranked = sorted((one for group in groups for one in group), key=lambda one: one.key)[:limit]
    return tuple(_told(one, ranked[0], expected.get(one.point.id), now) for one in ranked)


def _by_distance(
    points: Iterable[PointInfo], spot: Spot | None, kit_id: int, today: date
) -> Iterable[tuple[int | None, int | None, PointInfo]]:
    """Points that hand this kit over and are looked after, nearest first, with their true and their told distance."""
    handing = [point for point in points if kit_id in point.kits and listed(point.location)]
    if spot is None:
        yield from ((None, None, point) for point in handing if takes_orders(point, today))
        return
    x, y, z = vector(spot.lat, spot.lng)
    near = [
        (-nearness, i)
        for i, (a, b, c) in enumerate(point.vector for point in handing)
        if (nearness := x * a + y * b + z * c) >= _REACH
    ]
    for _, i in sorted(near):
        point = handing[i]
        if point.measured is None or not takes_orders(point, today):
            continue
        metres = distance_m(spot.lat, spot.lng, *point.measured)
        if metres > FAR_M:
            break
        yield metres, metres if point.location.visibility == "open" else _rounded(metres), point


def _look(
    point: PointInfo, metres: int | None, free: Sequence[Free], wish: Wish, today: date, now: datetime
) -> _Looked:
    last = collecting.collect_by(point, today)
    good = [one for one in free if one.expires_on >= last]
    left = sum(one.free for one in good) - wish.quantity
    comes = collecting.opening(point, wish.day, wish.after, now)
    # hours that nobody published can't be promised for a wished time, but are no reason against a point without one
    in_time = comes is not None or not (point.location.hours or wish.day or wish.after)
    group = 2 if left < 0 else 0 if in_time else 1
    shut = wish.day is None and wish.after is None and comes is not None and comes[0] > now
    key = (group, _band(metres) + (SHUT_STEPS if shut else 0), -left, metres or 0, point.id)
    return _Looked(key, point, metres, left, comes, last, good[0].expires_on if good else None)


def _told(one: _Looked, best: _Looked, delivery: date | None, now: datetime) -> Proposal:
    state = openness(one.point.directory, one.point.location, now)
    why: list[Reason] = []
    if one.metres is not None:
        why.append(Reason(NEAR, (one.metres,)))
    why.append(_opens(one, state))
    if one.left >= 0:
        why.append(Reason(IN_STOCK))
        if one.lasts_until and (one.lasts_until - one.collect_by).days >= GOOD_FOR_LONG_DAYS:
            why.append(Reason(GOOD_FOR_LONG))
    later: list[Reason] = []
    if one is not best:
        if one.left < 0 <= best.left:
            later.append(Reason(NONE_FREE) if delivery is None else Reason(DELIVERY, (delivery,)))
        if one.group == 1 and best.group == 0:
            later.append(Reason(NOT_THEN))
        if one.key[1] > _band(one.metres) and best.key[1] == _band(best.metres):
            later.append(Reason(SHUT_NOW))
        if _band(one.metres) > _band(best.metres):
            later.append(Reason(FARTHER, ((one.metres or 0) - (best.metres or 0),)))
        elif 0 <= one.left < best.left:
            later.append(Reason(FEWER_LEFT, (one.left,)))
    elif one.left < 0 and delivery is not None:
        why.append(Reason(DELIVERY, (delivery,)))
    return Proposal(one.point, one.metres, state, one.left, tuple(why), tuple(later), one.comes, one.collect_by)


def _opens(one: _Looked, state: Openness) -> Reason:
    if not state.known:
        return Reason(HOURS_UNKNOWN)
    if one.comes is None:
        return Reason(OPENS, (state.next_open,)) if state.next_open else Reason(NOT_THEN)
    if state.open and state.until is not None and state.until == one.comes[1]:
        return Reason(OPEN, (state.until,))
    if state.open and state.until is None:
        return Reason(OPEN, (None,))
    day = clock.local(one.comes[0]).date()
    opens = {span[0] for n in (0, 1) for span in collecting.spans(one.point, day - timedelta(days=n))}
    if one.comes[0] not in opens:  # it has been open for a while when she comes
        return Reason(OPEN_THEN, (day, one.comes[1]))
    return Reason(OPENS, (one.comes[0],))


def _band(metres: int | None) -> int:
    return 0 if metres is None else metres // STEP_M


def _rounded(metres: int) -> int:
    return round(metres / DISTRICT_STEP_M) * DISTRICT_STEP_M
