"""Counts of visits that count nobody: each visit adds 5 with a chance of one in five, else nothing.

A sum of them is right on average; a true count is never stored and can't be worked out, not even from
two copies of the database, since every visit tosses a coin of its own and no coin is kept.
"""

import secrets
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking.models import Tally, Unmet

STEP = 5
EVENING_FROM, NIGHT_ENDS = 18, 6  # hours of what counts as evening
CANCELLED, MISSED, LATE, WALK_IN, FIRST = "cancelled", "missed", "late", "walk_in", "first"
CAME = ("here", "in_room", "done")
UNMARKED = "booked"  # nobody wrote down whether she came
LEADS = (("lead_3h", 3), ("lead_1d", 24), ("lead_3d", 72), ("lead_7d", 168))  # booked less than so many hours before
LEAD_MORE = "lead_more"
EVENING, DAY = "evening", "day"  # when a search that found nothing looked for a time

Key = tuple[int, date, int, str]  # place, Monday of the week, hour, what


def coin() -> bool:
    """One in five."""
    return secrets.randbelow(STEP) == 0


def evening_of(weekday: int) -> str:
    """What counts the visits of one weekday's evenings (0: Monday)."""
    return f"evening_{weekday}"


def rounded(things: Iterable[Iterable[Key]]) -> Counter[Key]:
    """What a number of things adds: a thing's own coin decides for all that it counts as."""
    added: Counter[Key] = Counter()
    for keys in things:
        if coin():
            added.update(dict.fromkeys(keys, STEP))
    return added


def key(location_id: int, start: datetime, what: str) -> Key:
    """Under what a visit that starts then is counted."""
    return location_id, week_of(start), clock.local(start).hour, what


def week_of(moment: datetime) -> date:
    """The Monday of a moment's service day."""
    day = clock.service_day(moment)
    return day - timedelta(days=day.weekday())


def of_visit(location_id: int, start: datetime, status: str, late: bool, walk_in: bool) -> list[list[Key]]:
    """What a visit that is over counts as: each list has a coin of its own, so that they are not tied together."""
    whats = [status, *([LATE] if late and status in CAME else []), *([WALK_IN] if walk_in else [])]
    things = [[key(location_id, start, what) for what in whats]]
    if status != CANCELLED and is_evening(start):
        weekday = clock.service_day(start).weekday()
        things.append([(location_id, week_of(start), 0, evening_of(weekday))])
    return things


def is_evening(moment: datetime) -> bool:
    """Whether a moment lies in an evening or the night after it."""
    return not NIGHT_ENDS <= clock.local(moment).hour < EVENING_FROM


def booked_before(s: Session, location_id: int, start: datetime, now: datetime) -> None:
    """Count how long before its start a visit was booked, at the moment it is: the visit itself does not keep it."""
    hours = (start - now) / timedelta(hours=1)
    what = next((name for name, less in LEADS if hours < less), LEAD_MORE)
    add(s, rounded([[key(location_id, start, what)]]))


def add(s: Session, added: Counter[Key]) -> None:
    """Add to the table, in the order of the keys. `s` writes."""
    for location_id, week, hour, what in sorted(added):
        n = added[location_id, week, hour, what]
        values = {"location_id": location_id, "week": week, "hour": hour, "what": what, "n": n}
        _upsert(s, Tally, values, (Tally.location_id, Tally.week, Tally.hour, Tally.what))


def add_unmet(s: Session, area: str, part: str, now: datetime, times: int = 1) -> None:
    """Searches in an area that found no free time, five for each time the caller's coin fell. `s` writes."""
    values = {"area": area, "week": week_of(now), "part": part, "n": STEP * times}
    _upsert(s, Unmet, values, (Unmet.area, Unmet.week, Unmet.part))


def _upsert(s: Session, table: Any, values: dict[str, Any], index: tuple[Any, ...]) -> None:
    insert: Any = sqlite.insert if s.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(table).values(**values)
    s.execute(row.on_conflict_do_update(index_elements=list(index), set_={"n": table.n + row.excluded.n}))
