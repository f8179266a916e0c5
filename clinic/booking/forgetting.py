"""Forgetting: what is over leaves the tables, in small batches, so that nobody waits for it.

Opening a visit became impossible when the key of its day went; here its rows go too. What stays is a
number that nobody can count back from (`tally`).
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import feedback, tally, telling, waiting
from clinic.booking.models import Appointment, Awaited, Cell, LocationDay, RoomDay
from clinic.booking.taken import first_cell
from clinic.db import db, writing
from clinic.directory.models import Location, Room
from clinic.messaging.models import Message
from clinic.passes.models import Pass

log = logging.getLogger(__name__)

BATCH = 200
_CHECKPOINT_WAIT_MS = 200


def run(now: datetime) -> int:
    """One batch of everything that is to be forgotten at `now`; how many rows went. Call again until 0.

    Then SQLite's write-ahead log is emptied: what she cancelled, erased or moved stands in it too.
    """
    gone = 0
    for step in (
        forget_cells,
        forget_visits,
        forget_awaited,
        forget_passes,
        forget_days,
        feedback.forget_lines,
        forget_wishes,
    ):
        with writing() as s:
            gone += step(s, now)
    if gone == 0:
        truncate_log()
    return gone


def forget_cells(s: Session, now: datetime) -> int:
    """Free the cells of service days that have ended; what overhangs into the present one stays."""
    over = first_cell(clock.service_day(now))
    old = (
        select(Cell.room_id, Cell.cell)
        .where(Cell.room_id.in_(select(Room.id)), Cell.cell < over)
        .limit(BATCH * 10)
        .with_for_update(skip_locked=True)
    )
    return _count(s, delete(Cell).where(tuple_(Cell.room_id, Cell.cell).in_(old)))


def forget_visits(s: Session, now: datetime) -> int:
    """Collapse visits whose last day has passed into the tally, and delete them with their messages."""
    today = clock.local(now).date()
    rows = s.execute(
        select(
            Appointment.rid,
            Appointment.pass_id,
            Appointment.location_id,
            Appointment.start_cell,
            Appointment.status,
            Appointment.late,
        )
        .where(
            # a visit is remembered on the Date after it, so its service day lies two days back at least
            Appointment.location_id.in_(select(Location.id)),
            Appointment.day <= today - timedelta(days=2),
            Appointment.forget_on < today,
        )
        .limit(BATCH)
        .with_for_update(skip_locked=True)  # another worker's share: a visit is counted once
    ).all()
    if not rows:
        return 0
    things = [
        thing
        for row in rows
        for thing in tally.of_visit(
            row.location_id, clock.moment(row.start_cell), row.status, row.late, row.pass_id is None
        )
    ]
    tally.add(s, tally.rounded(things))
    s.execute(delete(Message).where(Message.about.in_([telling.about(row.rid) for row in rows])))
    return _count(s, delete(Appointment).where(Appointment.rid.in_([row.rid for row in rows])))


def forget_awaited(s: Session, now: datetime) -> int:
    """Delete what nobody fetched; the pass it hung from goes by its own day."""
    return _count(s, delete(Awaited).where(Awaited.forget_on < clock.local(now).date()))


def forget_passes(s: Session, now: datetime) -> int:
    """Delete passes whose day has passed, and by cascade what hangs from them; visits collapse first."""
    today = clock.local(now).date()
    visits = select(Appointment.rid).where(Appointment.pass_id == Pass.rid).exists()
    over = select(Pass.rid).where(Pass.forget_on < today, ~visits).order_by(Pass.rid).limit(BATCH)
    # chosen once and held: a visit that is just being written keeps its pass
    old = s.scalars(over.with_for_update(skip_locked=True)).all()
    return _count(s, delete(Pass).where(Pass.rid.in_(old)))


def forget_days(s: Session, now: datetime) -> int:
    """Delete what location days and room days said of ended service days: a ticket counter tells of numbers."""
    over = clock.service_day(now) - timedelta(days=2)
    days = _count(
        s, delete(LocationDay).where(LocationDay.location_id.in_(select(Location.id)), LocationDay.day < over)
    )
    return days + _count(s, delete(RoomDay).where(RoomDay.room_id.in_(select(Room.id)), RoomDay.day < over))


def forget_wishes(s: Session, now: datetime) -> int:
    """Delete what was waited for until a day that has passed."""
    return waiting.forget(s, now, BATCH)


def truncate_log() -> bool:
    """Empty SQLite's write-ahead log, in which deleted rows live on; False when a reader was in the way."""
    if db.engine.dialect.name != "sqlite":
        return True
    connection = db.engine.raw_connection()
    try:
        cursor = connection.cursor()
        waited = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_WAIT_MS}")
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {int(waited)}")
    finally:
        connection.close()
    if busy:
        log.info("write-ahead log not emptied yet: a reader is in the way")
    return not busy


def _count(s: Session, statement: Any) -> int:
    return int(s.execute(statement.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]
