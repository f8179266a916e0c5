"""What a file of locations would do, shown before it is written: to the command line and to a page alike.

`look` reads and judges, `importing.store(s, plan.checked)` writes; between them a person has seen hours, numbers
and towns as everybody will see them.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import flask_babel
from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.db import Text3
from clinic.directory import catalogue, hours, importing
from clinic.directory.holidays import holiday_name
from clinic.directory.hours import Intervals
from clinic.directory.importing import LocationRow
from clinic.directory.models import Location

_: Callable[..., str] = flask_babel.gettext  # flask-babel has no types

DAYS = 7


@dataclass(frozen=True, slots=True)
class Planned:
    """One row as it will be: `state` is "new", "changed" or "same", `changes` the columns that differ.

    `week` are the hours of the next seven days, holidays counted; () where no hours are published. `approximate`
    says that it stands at the middle of its town.
    """

    row: int
    key: str
    state: str
    changes: tuple[str, ...]
    name: Text3
    city: Text3
    approximate: bool
    phone: str
    week: tuple[tuple[date, Intervals], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A file that has no mistakes. `warnings` are sentences about the whole of it."""

    rows: tuple[Planned, ...]
    warnings: tuple[str, ...]
    checked: tuple[LocationRow, ...]

    def count(self, state: str) -> int:
        """How many rows are "new", "changed" or "same"."""
        return sum(row.state == state for row in self.rows)


def look(s: Session, data: bytes, today: date) -> Plan:
    """What the file would do; nothing is written. Raises TableRefused with every mistake."""
    checked = importing.check_locations(s, data)
    places = {place.key: place for place in s.scalars(select(Location))}
    cat = catalogue.current(s)
    planned = tuple(_planned(cat, row, places.get(row.key), today) for row in checked)
    return Plan(planned, _warnings(checked), checked)


def _planned(cat: catalogue.Catalogue, row: LocationRow, place: Location | None, today: date) -> Planned:
    values = importing.completed(row, place)
    now = {name: values[name] if name in values else getattr(place, name, None) for name in _SHOWN}
    changes = tuple(name for name, value in values.items() if place is not None and getattr(place, name) != value)
    if place is not None and place.id in cat.locations:
        ids = {service.slug: service.id for service in cat.services.values()}
        offered = cat.locations[place.id].services
        if importing.offers(row, ids, offered) not in (None, dict(offered)):
            changes += ("services",)
    return Planned(
        row=row.number,
        key=row.key,
        state="new" if place is None else "changed" if changes else "same",
        changes=changes,
        name=now["name"] or Text3(),
        city=now["city"] or Text3(),
        approximate=bool(now["approximate"]),
        phone=now["phone"] or "",
        week=_week(cat, now["hours"] or "", now["hours_ph"] or "", today),
    )


_SHOWN = ("name", "city", "approximate", "phone", "hours", "hours_ph")


def _week(cat: catalogue.Catalogue, week: str, on_holidays: str, today: date) -> tuple[tuple[date, Intervals], ...]:
    if not week:
        return ()
    found = hours.meaning(week, on_holidays, today, DAYS, is_holiday=lambda day: holiday_name(cat, day) is not None)
    return tuple(found)


def _warnings(checked: tuple[LocationRow, ...]) -> tuple[str, ...]:
    gaps = Counter(column for row in checked for column in row.gaps)
    if not gaps:
        return ()
    columns = ", ".join(sorted(gaps))
    return (
        _(
            "Empty beside a filled language: %(columns)s. There the text of the other language is shown.",
            columns=columns,
        ),
    )
