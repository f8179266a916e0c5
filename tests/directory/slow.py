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
