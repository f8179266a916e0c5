"""The demo's past: twelve weeks of invented visits and searches, counted as real ones are."""

from collections import Counter
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import demand, insight, offering, tally
from clinic.booking.models import Offered, Tally, Unmet
from clinic.booking.tally import Key
from clinic.directory import catalogue

STATES = ("done",) * 15 + ("missed",) * 3 + ("cancelled",) * 2
LEADS = ("lead_3h",) * 4 + ("lead_1d",) * 5 + ("lead_3d",) * 3 + ("lead_7d", tally.LEAD_MORE)
SEARCHES = 60  # in a week in a town, none of which found a time in the evening


def load_demo(s: Session, now: datetime) -> None:
    """Give the example places a past, once. `s` writes."""
    if s.scalar(select(Tally.n).limit(1)) is not None:
        return
    cat, chance = catalogue.current(s), Random(1)  # noqa: S311 - invented figures
    weeks = insight.weeks_until(clock.local(now).date())
    counted: Counter[Key] = Counter()
    offered: dict[tuple[int, date, int], int] = {}
    areas: set[str] = set()
    for place in cat.locations.values():
        if not (place.example and place.bookable):
            continue
        areas.update(demand.areas_of(cat, place))
        share = chance.uniform(0.3, 0.95)  # of what is offered, this is taken
        week = [offering.of_day(cat, place, weeks[-1] + timedelta(days=n)) for n in range(7)]
        for monday in weeks:
            for n, hours in enumerate(week):
                day = monday + timedelta(days=n)
                for hour, most in hours.items():
                    offered[place.id, day, hour] = most
                    start = clock.at(day, (hour if hour >= tally.NIGHT_ENDS else hour + 24) * 60)
                    for _ in range(round(most * min(1.0, share + 0.05 * n))):
                        if chance.random() * tally.STEP < 1:
                            counted.update(dict.fromkeys(_invented(place.id, start, chance), tally.STEP))
    if not counted:
        return
    s.execute(
        insert(Tally),
        [{"location_id": k[0], "week": k[1], "hour": k[2], "what": k[3], "n": n} for k, n in counted.items()],
    )
    s.execute(delete(Offered))
    s.execute(insert(Offered), [{"location_id": k[0], "day": k[1], "hour": k[2], "n": n} for k, n in offered.items()])
    searches = [
        {"area": area, "week": week, "part": part, "n": tally.STEP * chance.randrange(most // tally.STEP)}
        for area in sorted(areas)
        for week in weeks
        for part, most in ((tally.EVENING, SEARCHES), (tally.DAY, SEARCHES // 3))
    ]
    s.execute(insert(Unmet), [row for row in searches if row["n"]])


def _invented(location_id: int, start: datetime, chance: Random) -> list[Key]:
    """As what an invented visit counts."""
    state = chance.choice(STATES)
    things = tally.of_visit(location_id, start, state, chance.random() < 0.1, chance.random() < 0.2)
    whats = [chance.choice(LEADS), *([tally.FIRST] if state == "done" and chance.random() < 0.15 else [])]
    return [key for keys in things for key in keys] + [tally.key(location_id, start, what) for what in whats]
