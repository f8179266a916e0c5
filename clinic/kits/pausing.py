"""What a stop of its place does to a point: orders stay set aside, and whoever asked for messages is told not to come.

Once the place is open again they are told that their kits are ready, as after any delay.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic import clock
from clinic.kits import collecting, ledger, telling
from clinic.kits.catalogue import PointInfo
from clinic.kits.lines import ORDER
from clinic.kits.telling import Asked
from clinic.messaging import outbox
from clinic.passes import passes
from clinic.passes.passes import CodeUnknown, OpenPass


def waiting(s: Session, point_id: int) -> int:
    """How many orders are set aside at a point."""
    chosen = select(func.count()).where(ORDER.c.point_id == point_id, ORDER.c.status == "reserved")
    return s.scalar(chosen) or 0


def pause(s: Session, point: PointInfo, now: datetime) -> None:
    """Tell those who asked that they should not come yet. `s` writes."""
    ledger.lock(s, point.id)
    for row, pass_ in _reserved(s, point.id):
        until = collecting.until(point, row.collect_by)
        telling.delayed(s, pass_, row.rid, Asked(row.tell, row.remind), until, row.forget_on, now)


def resume(s: Session, point: PointInfo, now: datetime) -> None:
    """Tell those who were told so that they may come again. `s` writes."""
    ledger.lock(s, point.id)
    today = clock.local(now).date()
    for row, pass_ in _reserved(s, point.id):
        told = any(m.kind == telling.DELAYED for m in outbox.of(s, telling.about(row.rid)))
        if told and row.collect_by >= today:
            telling.take_back(s, row.rid, "reopened", now)
            until = collecting.until(point, row.collect_by)
            telling.ready(s, pass_, row.rid, Asked(True, row.remind), until, row.forget_on, now)


def _reserved(s: Session, point_id: int) -> Sequence[tuple[Any, OpenPass]]:
    rows = s.execute(select(ORDER).where(ORDER.c.point_id == point_id, ORDER.c.status == "reserved")).all()
    found = []
    for row in rows:
        try:
            found.append((row, passes.of(s, row.pass_id)))
        except CodeUnknown:
            continue
    return found
