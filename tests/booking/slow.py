"""A slow, obvious model of what may be booked, minute by minute on the local clock.

It judges clinic.booking and imports nothing from it, nor from clinic.directory. Times are naive and
local; everything is in minutes.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class SlowRoom:
    hours: dict[int, list[tuple[int, int]]]  # weekday → minutes from midnight, may run past 1440
    pause: int
    shut: list[Span]
    booked: list[Span]  # visits with the pause after each

    def is_open(self, minute: datetime) -> bool:
        for day in (minute.date(), minute.date() - DAY):
            midnight = datetime.combine(day, time(0))
            for start, end in self.hours.get(day.weekday(), []):
                if midnight + start * MINUTE <= minute < midnight + end * MINUTE:
                    return not any(a <= minute < b for a, b in self.shut)
        return False

    def is_taken(self, minute: datetime) -> bool:
        return any(a <= minute < b for a, b in self.booked)


@dataclass(frozen=True)
class SlowPlace:
    rooms: list[SlowRoom]  # those that offer all of what she chose
    visit: int
    now: datetime
    lead: int
    days_ahead: int

    def on_grid(self, start: datetime) -> bool:
        step = 15 if self.visit % 15 == 0 else 10 if self.visit % 10 == 0 else 5
        return (start.hour * 60 + start.minute) % step == 0 and start.second == start.microsecond == 0

    def in_reach(self, start: datetime) -> bool:
        last = self.now.date() + self.days_ahead * DAY
        return start >= self.now + self.lead * MINUTE and start.date() <= last

    def rooms_open(self, start: datetime) -> list[SlowRoom]:
        minutes = [start + n * MINUTE for n in range(self.visit)]
        crosses = any(m.time() == time(6) for m in minutes[1:])
        return [] if crosses else [room for room in self.rooms if all(room.is_open(m) for m in minutes)]

    def is_slot(self, start: datetime) -> bool:
        """Whether this start is offered as far as nobody has it."""
        return self.on_grid(start) and self.in_reach(start) and bool(self.rooms_open(start))

    def is_free(self, start: datetime) -> bool:
        return self.is_slot(start) and any(
            not any(room.is_taken(start + n * MINUTE) for n in range(self.visit + room.pause))
            for room in self.rooms_open(start)
        )

    def starts(self, first: date, days: int) -> list[datetime]:
        midnight = datetime.combine(first, time(0))
        every_five = (midnight + 5 * n * MINUTE for n in range(days * 288))
        return [start for start in every_five if self.is_free(start)]
