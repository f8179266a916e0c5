"""How many visits a place had room for, hour by hour: from its hours alone, whatever was booked.

Written down once for each service day after it has ended, since hours change. It counts nobody.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from clinic import clock
from clinic.booking import availability
from clinic.booking.models import Offered
from clinic.booking.taken import first_cell
from clinic.clock import CELL_MINUTES
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, LocationInfo, takes_bookings
from clinic.directory.openness import open_mask

LOOK_BACK = 3  # days that a worker catches up with
KEPT = timedelta(days=400)


def run(now: datetime) -> int:
    """Write down the ended days that are not yet; how many lines."""
    today = clock.service_day(now)
    days = [today - timedelta(days=n) for n in range(1, LOOK_BACK + 1)]
    with reading() as s:
        cat = catalogue.current(s)
        done = set(s.execute(select(Offered.location_id, Offered.day).where(Offered.day.in_(days)).distinct()).all())
    rows = [
        {"location_id": loc.id, "day": day, "hour": hour, "n": n}
        for loc in cat.locations.values()
        if takes_bookings(loc, today)
        for day in days
        if (loc.id, day) not in done
        for hour, n in sorted(of_day(cat, loc, day).items())
    ]
    if rows:
        with writing() as s:
            insert: Any = sqlite.insert if s.get_bind().dialect.name == "sqlite" else postgresql.insert
            s.execute(insert(Offered).on_conflict_do_nothing(), rows)
            s.execute(delete(Offered).where(Offered.day < today - KEPT))
    return len(rows)


def of_day(cat: Catalogue, loc: LocationInfo, day: date) -> Counter[int]:
    """Visits of the usual length that fit into a service day, one after another in each room, by starting hour."""
    services = availability.usual(cat, loc)
    cells = availability.minutes(cat, services) // CELL_MINUTES
    found: Counter[int] = Counter()
    if not cells:
        return found
    base = first_cell(day)
    for room in availability.rooms_for(cat, loc, services):
        pause, next_ = room.pause // CELL_MINUTES, 0
        for bit in availability.bits(availability.fits(open_mask(cat, loc, room, day), cells)):
            if bit >= next_:
                found[clock.local(clock.moment(base + bit)).hour] += 1
                next_ = bit + cells + pause
    return found
