"""Deliveries that were promised to a point."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic.kits.models import Expected


@dataclass(frozen=True, slots=True)
class Delivery:
    id: int
    kit_id: int
    quantity: int
    day: date


def of_point(s: Session, point_id: int) -> tuple[Delivery, ...]:
    """What is expected at a point, the earliest first, also what has not come in time."""
    rows = s.execute(
        select(Expected.id, Expected.kit_type_id, Expected.quantity, Expected.day)
        .where(Expected.point_id == point_id)
        .order_by(Expected.day, Expected.id)
    )
    return tuple(Delivery(*row) for row in rows)


def drop(s: Session, point_id: int, delivery_id: int) -> None:
    """It will not come after all; nothing happens when it is not this point's."""
    s.execute(delete(Expected).where(Expected.id == delivery_id, Expected.point_id == point_id))
