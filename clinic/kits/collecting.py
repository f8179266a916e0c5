"""When kits can be collected: the last day of an order, until when, and the first opening in her time."""

from datetime import date, datetime, time, timedelta

from clinic import clock
from clinic.directory.openness import Span, open_spans
from clinic.kits.catalogue import PointInfo

_DAY = timedelta(days=1)
_NIGHT_END = 30 * 60  # a wished day runs on to 06:00 of the next morning
_LATER_DAYS = 7  # how far the last day is put off when the point is shut on it


def spans(point: PointInfo, day: date) -> tuple[Span, ...]:
    """When a point is open by what begins on a Date."""
    return open_spans(point.directory, point.location, day)


def collect_by(point: PointInfo, today: date) -> date:
    """The last day of an order placed today: after the point's days of holding, the first on which it is open."""
    last = today + timedelta(days=point.hold_days)
    if not point.location.hours:
        return last
    return next((day for n in range(_LATER_DAYS) if spans(point, day := last + n * _DAY)), last)


def until(point: PointInfo, day: date) -> datetime:
    """The moment until which kits wait on their last day: when the point closes, at the latest at midnight."""
    midnight = clock.at(day, 1440)
    open_then = spans(point, day)
    return min(open_then[-1][1], midnight) if open_then else midnight


def opening(point: PointInfo, day: date | None, after: time | None, now: datetime) -> Span | None:
    """The first time from `now` to the last day in which she can come, cut to her wish; None when there is none.

    `day` alone, or any day up to the last; `after` a time of each of them.
    """
    today = clock.local(now).date()
    last = collect_by(point, today)
    if day is not None and not today <= day <= last:
        return None
    minutes = after.hour * 60 + after.minute if after is not None else 0
    first = day or today - _DAY  # what began yesterday evening may still be open
    for n in range((day or last).toordinal() - first.toordinal() + 1):
        one = first + n * _DAY
        earliest, end = max(now, clock.at(one, minutes)), clock.at(one, _NIGHT_END)
        for opens, closes in spans(point, one):
            start = max(opens, earliest)
            if start < min(closes, end):
                return start, closes
    return None


def opens_in_time(point: PointInfo, now: datetime) -> bool:
    """Whether she can come at all before the last day is over; unpublished hours are not held against a point."""
    return not point.location.hours or opening(point, None, None, now) is not None
