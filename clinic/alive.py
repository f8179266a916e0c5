"""Whether what runs in the background does: what a monitor asks, and `flask ready` in words."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic import clock, heartbeat
from clinic.config import settings
from clinic.messaging import sending, window
from clinic.messaging.models import Message
from clinic.privacy import keys

KEY_TURNS_BY = time(0, 30)  # the worker lets yesterday's key go ten minutes after midnight
WAITS_TOO_LONG = timedelta(minutes=10)
FREE_BYTES = 500_000_000  # beside a SQLite database: a backup and a day fit in


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that stands still: a code for machines, a sentence for people."""

    code: str
    words: str


def troubles(s: Session, now: datetime) -> Iterator[Trouble]:
    """One for each thing that stands still at `now`; none while all is well."""
    if lanes := heartbeat.silent(s, now):
        yield Trouble(
            f"worker ({' '.join(lanes)})",
            _("The worker is not running: no SMS goes out and nothing is forgotten. Start it with flask worker."),
        )
    ring, today = keys.ring(), clock.local(now).date()
    if ring.is_away or ring.day > today:
        yield Trouble("keys", _("The keys can't be read, or they are ahead of the clock."))
    elif ring.has_leapt(today):
        yield Trouble("keys", _("The day key is days behind: confirm the date with flask keys advance."))
    elif not ring.has_come(today) and clock.local(now).time() >= KEY_TURNS_BY:
        yield Trouble("keys", _("The day key is of yesterday: the worker lets it go ten minutes after it has started."))
    if _waits_long(s, now):
        yield Trouble("messages", _("SMS that are due have been waiting for more than ten minutes."))
    if _disk_is_full():
        yield Trouble("disk", _("Less than 500 MB are free on the disk of the database."))


def _waits_long(s: Session, now: datetime) -> bool:
    """Whether a message was due ten minutes ago and may go out, at this hour too."""
    before = now - WAITS_TOO_LONG
    if not (window.is_open(now) and window.is_open(before)):
        return False
    due = sending.is_due(now) & (Message.due_at <= before)
    return s.scalar(select(Message.rid).where(due).limit(1)) is not None


def _disk_is_full() -> bool:
    found = settings()
    if not found.is_sqlite:
        return False
    return shutil.disk_usage(Path(found.database_url.removeprefix("sqlite:///")).parent).free < FREE_BYTES
