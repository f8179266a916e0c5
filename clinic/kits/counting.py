"""Counts by city and month: numbers alone, with no link to any order; nobody is in them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic import clock
from clinic.kits.catalogue import PointInfo
from clinic.kits.models import Outcome

ORDERED, COLLECTED, RELEASED, CANCELLED, WALK_IN = "ordered", "collected", "released", "cancelled", "walk_in"
FAR = "far"  # ordered, by how far she has to go
BANDS_M = ((1_000, "near_1"), (3_000, "near_3"), (10_000, "near_10"))  # up to so many metres


def city_of(point: PointInfo) -> str:
    """The name under which a point's city is counted."""
    return point.location.city.en or point.location.city.ru


def band(distance_m: int) -> str:
    """The word for a distance: near_1, near_3, near_10 (kilometres), far."""
    return next((word for metres, word in BANDS_M if distance_m <= metres), FAR)


def add(s: Session, city: str, kit_id: int, what: str, n: int, now: datetime, lot_id: int = 0) -> None:
    """Add `n` (negative for what was undone) to a city's count of the month in which `now` lies."""
    insert: Any = sqlite.insert if s.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(Outcome).values(
        city=city, month=month_of(now), kit_type_id=kit_id, lot_id=lot_id, what=what, n=n
    )  # fmt: skip
    key = [Outcome.city, Outcome.month, Outcome.kit_type_id, Outcome.lot_id, Outcome.what]
    s.execute(row.on_conflict_do_update(index_elements=key, set_={"n": Outcome.n + row.excluded.n}))


def month_of(now: datetime) -> date:
    """The first day of a moment's month."""
    return clock.local(now).date().replace(day=1)
