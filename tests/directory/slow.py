"""A slow, obvious model of hours: sets of minutes. It imports nothing from the rooms it judges."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


@dataclass(frozen=True)
class Line:
    """One rule: on these weekdays (0 = Monday) it is open in these spans, or shut."""

    adds: bool
    weekdays: frozenset[int]
    spans: tuple[tuple[int, int], ...]  # minutes; an end at or before its beginning is on the next day
    shut: bool = False

    def text(self) -> str:
        days = ",".join(NAMES[day] for day in sorted(self.weekdays))
        spans = ",".join(f"{s // 60:02d}:{s % 60:02d}-{e // 60:02d}:{e % 60:02d}" for s, e in self.spans)
        return " ".join(part for part in (days, spans, "off" if self.shut else "") if part)


def text(lines: Sequence[Line]) -> str:
    return "".join(("" if n == 0 else ", " if line.adds else "; ") + line.text() for n, line in enumerate(lines))


def can_be_read_in_two_ways(lines: Sequence[Line]) -> bool:
    """Whether hours stand within hours of the same line, or are added to hours that hold on that day already."""
    for n, line in enumerate(lines):
        spans = {(start, end if end > start else end + 1440) for start, end in line.spans}
        if any(a != b and a[0] <= b[0] and b[1] <= a[1] for a in spans for b in spans):
            return True
        before = [other for other in lines[:n] if not other.shut and other.weekdays & line.weekdays]
        if line.adds and not line.shut and any(_minutes(other) & _minutes(line) for other in before):
            return True
    return False


def _minutes(line: Line) -> set[int]:
    return {m for start, end in line.spans for m in range(start, end if end > start else end + 1440)}


@lru_cache(maxsize=1000)
def begins_on(lines: tuple[Line, ...], day: date) -> set[int]:
    """Minutes from midnight of `day` that are open because of that date; those over 1439 are its night."""
    found: set[int] = set()
    for line in lines:
        if day.weekday() not in line.weekdays:
            continue
        minutes: set[int] = set()
        for start, end in line.spans:
            minutes |= set(range(start, end if end > start else end + 1440))
        if line.shut:
            found -= minutes if line.spans else set(found)
        elif line.adds:
            found |= minutes
        else:
            found = minutes
    return found


def is_open(
    week: tuple[Line, ...],
    on_holidays: tuple[Line, ...],
    holidays: set[date],
    closures: Sequence[tuple[datetime, datetime]],
    minute: datetime,
) -> bool:
    """Whether it is open in the minute that begins at `minute` (local, naive, like the closures)."""
    if any(start < minute + timedelta(minutes=1) and minute < end for start, end in closures):
        return False
    for back in (0, 1):
        day = minute.date() - timedelta(days=back)
        since_midnight = minute.hour * 60 + minute.minute + back * 1440
        if since_midnight in begins_on(on_holidays if day in holidays else week, day):
            return True
    return False
