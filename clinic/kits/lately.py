"""What has just changed at a point: its version, and the handovers that can still be undone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.kits.counter import UNDO
from clinic.kits.ledger import POINT
from clinic.kits.lines import LINE, ORDER


@dataclass(frozen=True, slots=True)
class Handed:
    """An order that was handed over `at`."""

    rid: bytes
    ticket: int
    at: datetime


def version(s: Session, point_id: int) -> int:
    """A number that changes with every change of a point's stock or orders."""
    return int(s.execute(select(POINT.c.version).where(POINT.c.location_id == point_id)).scalar_one_or_none() or 0)


def handed(s: Session, point_id: int, now: datetime) -> tuple[Handed, ...]:
    """Orders of a point handed over less than five minutes ago."""
    at = func.min(LINE.c.handed_at)
    rows = s.execute(
        select(ORDER.c.rid, ORDER.c.ticket, at)
        .join(LINE, LINE.c.order_id == ORDER.c.rid)
        .where(ORDER.c.point_id == point_id, ORDER.c.status == "collected", LINE.c.handed_at > now - UNDO)
        .group_by(ORDER.c.rid, ORDER.c.ticket)
    )
    return tuple(Handed(*row) for row in rows)
