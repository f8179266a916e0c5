"""When each thread of the worker last came round, so that one that is dead or stands still is seen.

A row per thread and no history: it tells nothing about anybody.
"""

from datetime import datetime, timedelta

from sqlalchemy import String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from clinic.db import Base, UtcTime

ALERTS = "alerts"  # beats only while somebody is on duty, and every few seconds
LANES = ("main", "urgent", "sending", "provider")  # the worker's threads
EVERY_SECONDS = 30.0
SILENT_AFTER = timedelta(minutes=3)


class Heartbeat(Base):
    """When a thread of the worker last came round; with several workers, of any of them."""

    __tablename__ = "heartbeat"

    lane: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime)


def beat(s: Session, lane: str, now: datetime) -> None:
    """Note that `lane` came round. `s` writes."""
    if not s.execute(update(Heartbeat).where(Heartbeat.lane == lane).values(at=now)).rowcount:  # type: ignore[attr-defined]
        s.add(Heartbeat(lane=lane, at=now))


def last(s: Session, lane: str) -> datetime | None:
    """When `lane` last came round; None while it never has."""
    return s.scalar(select(Heartbeat.at).where(Heartbeat.lane == lane))


def silent(s: Session, now: datetime) -> tuple[str, ...]:
    """Those that have not come round for three minutes, or never; a moment far ahead is as wrong as an old one."""
    heard = {row.lane: row.at for row in s.execute(select(Heartbeat.lane, Heartbeat.at))}
    return tuple(lane for lane in LANES if lane not in heard or abs(now - heard[lane]) > SILENT_AFTER)
