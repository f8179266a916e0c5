"""Making a place a point of the kits, and changing how it hands them over."""

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic.db import Text3
from clinic.directory import catalogue
from clinic.kits import ledger
from clinic.kits.models import Point, PointKit


def set_up(s: Session, location_id: int, kind: str, hold_days: int, how_to_ask: Text3, kits: Collection[int]) -> None:
    """Hand over these kits at a place from now on. Orders and stock of a kit that is taken off stay. `s` writes."""
    if s.scalar(select(Point.location_id).where(Point.location_id == location_id)) is None:
        s.add(Point(location_id=location_id, kind=kind, hold_days=hold_days, how_to_ask=how_to_ask))
        s.flush()
    else:
        ledger.lock(s, location_id)
        point = s.get_one(Point, location_id)
        point.kind, point.hold_days, point.how_to_ask = kind, hold_days, how_to_ask
    s.execute(delete(PointKit).where(PointKit.point_id == location_id))
    s.add_all(PointKit(point_id=location_id, kit_type_id=kit_id) for kit_id in sorted(set(kits)))
    s.flush()
    catalogue.changed(s)
