"""What the figures of visits say: per place and week, from the tally alone, and where an evening room helps most.

Only weeks that are over and forgotten are read; visits that are still remembered are never mixed in, so
nothing can be taken away from anything to count somebody. Every number but what was offered is a sum of
fives that chance added: right on average, never exact.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.booking import tally
from clinic.booking.models import Offered, Tally, Unmet

WEEKS = 12
FORGOTTEN_AFTER = timedelta(days=9)  # from a week's Monday until its last visit is forgotten
FULL = 0.85  # an evening is called full from here on: what is counted is counted roughly
ENOUGH = 100  # of so many visits the counted share is right within a fifth, mostly
BEST = 5
OFFERED, BOOKED, KEPT, UNKNOWN = "offered", "booked", "kept", "unknown"
COLUMNS = (OFFERED, BOOKED, KEPT, tally.LATE, tally.MISSED, UNKNOWN, tally.CANCELLED, tally.WALK_IN, tally.FIRST)
LEADS = (*(name for name, _hours in tally.LEADS), tally.LEAD_MORE)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Week:
    """A week of a place, or of an area: numbers by name."""

    week: date
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Evening:
    """The evenings of one weekday (0: Monday) in all weeks shown: what there was room for, and what was booked."""

    weekday: int
    offered: int
    booked: int

    @property
    def full(self) -> float:
        """How full they were, 0 to 1; 0 where nothing was offered."""
        return min(1.0, self.booked / self.offered) if self.offered else 0.0

    @property
    def tells(self) -> bool:
        """Whether so much was offered that a share of it says something: chance adds less than a fifth."""
        return self.offered >= ENOUGH


@dataclass(frozen=True, slots=True)
class OfPlace:
    """The figures of a place."""

    location_id: int
    weeks: tuple[Week, ...]
    leads: Mapping[str, int]
    evenings: tuple[Evening, ...]

    @property
    def sums(self) -> Mapping[str, int]:
        """All its weeks together."""
        return total(self.weeks, COLUMNS)

    @property
    def evening(self) -> Evening:
        """All its evenings together."""
        return Evening(-1, sum(e.offered for e in self.evenings), sum(e.booked for e in self.evenings))


@dataclass(frozen=True, slots=True)
class Need:
    """A place where an evening room would help, and why: its evenings are so full, so many searches near found none."""

    location_id: int
    unmet: int
    offered: int
    full: float
    full_days: tuple[int, ...]

    @property
    def tells(self) -> bool:
        """Whether enough was offered to say how full it is."""
        return self.offered >= ENOUGH

    @property
    def weight(self) -> float:
        """What it is ranked by: searches that found nothing, times how full the evenings are; none offered is full."""
        return self.unmet * (self.full if self.offered else 1.0)


def weeks_until(today: date, number: int = WEEKS) -> list[date]:
    """The Mondays of the weeks that are shown: the last `number` that are over and forgotten, the earliest first."""
    last = today - FORGOTTEN_AFTER
    last -= timedelta(days=last.weekday())
    return [last - n * _WEEK for n in range(number)][::-1]


def read(s: Session, location_ids: Collection[int], today: date, number: int = WEEKS) -> dict[int, OfPlace]:
    """The figures of some places; every week is there, with zeros where nothing was counted."""
    weeks = weeks_until(today, number)
    counts: dict[int, dict[date, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    rows = s.execute(
        select(Tally.location_id, Tally.week, Tally.what, func.sum(Tally.n))
        .where(Tally.location_id.in_(location_ids), Tally.week.between(weeks[0], weeks[-1]))
        .group_by(Tally.location_id, Tally.week, Tally.what)
    )
    for location_id, week, what, n in rows:
        counts[location_id][week][what] += int(n)
    offered: dict[int, Counter[date]] = defaultdict(Counter)
    evenings: dict[int, Counter[int]] = defaultdict(Counter)
    lines = s.execute(
        select(Offered.location_id, Offered.day, Offered.hour, Offered.n).where(
            Offered.location_id.in_(location_ids), Offered.day.between(weeks[0], weeks[-1] + _WEEK - timedelta(days=1))
        )
    )
    for location_id, day, hour, n in lines:
        offered[location_id][day - timedelta(days=day.weekday())] += n
        if not tally.NIGHT_ENDS <= hour < tally.EVENING_FROM:
            evenings[location_id][day.weekday()] += n
    return {
        place: OfPlace(
            place,
            tuple(Week(week, _numbers(counts[place][week], offered[place][week])) for week in weeks),
            {name: sum(counts[place][week][name] for week in weeks) for name in LEADS},
            tuple(
                Evening(day, evenings[place][day], sum(counts[place][week][tally.evening_of(day)] for week in weeks))
                for day in range(7)
            ),
        )
        for place in location_ids
    }


def unmet(s: Session, areas: Collection[str], today: date, number: int = WEEKS) -> dict[str, tuple[Week, ...]]:
    """Searches without a free time by area: all its weeks, in the evening and by day."""
    weeks = weeks_until(today, number)
    found: dict[str, dict[date, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    rows = s.execute(
        select(Unmet.area, Unmet.week, Unmet.part, Unmet.n).where(
            Unmet.area.in_(areas), Unmet.week.between(weeks[0], weeks[-1])
        )
    )
    for area, week, part, n in rows:
        found[area][week][part] = n
    return {
        area: tuple(
            Week(week, {part: found[area][week][part] for part in (tally.EVENING, tally.DAY)}) for week in weeks
        )
        for area in sorted(found)
    }


def rank(
    places: Iterable[OfPlace], areas: Mapping[int, Sequence[str]], searches: Mapping[str, Sequence[Week]]
) -> tuple[Need, ...]:
    """Where an evening room would help most, the best first; none where nothing speaks for it.

    `areas`: place → the areas under which searches near it are counted.
    """
    found = []
    for place in places:
        near = sum(week.numbers[tally.EVENING] for area in areas[place.location_id] for week in searches.get(area, ()))
        all_ = place.evening
        full_days = tuple(e.weekday for e in place.evenings if e.tells and e.full >= FULL)
        if near:
            found.append(Need(place.location_id, near, all_.offered, all_.full, full_days))
    found.sort(key=lambda need: (-need.weight, -need.full, need.location_id))
    return tuple(found[:BEST])


def total(weeks: Iterable[Week], columns: Sequence[str]) -> dict[str, int]:
    """The sum of some weeks in each column."""
    found = list(weeks)
    return {name: sum(week.numbers[name] for week in found) for name in columns}


def _numbers(counted: Counter[str], offered: int) -> dict[str, int]:
    came = sum(counted[status] for status in tally.CAME)
    return {
        OFFERED: offered,
        BOOKED: came + counted[tally.MISSED] + counted[tally.UNMARKED],
        KEPT: came,
        tally.LATE: counted[tally.LATE],
        tally.MISSED: counted[tally.MISSED],
        UNKNOWN: counted[tally.UNMARKED],
        tally.CANCELLED: counted[tally.CANCELLED],
        tally.WALK_IN: counted[tally.WALK_IN],
        tally.FIRST: counted[tally.FIRST],
    }
