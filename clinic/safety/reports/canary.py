"""Once a month the site writes a note to itself: if it comes back opened, the right key is in use.

It is sealed for the key that every woman's note is sealed for, lies among them and looks like them. The
organization's answers bring its word back; whoever put another key here cannot read it.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic import clock
from clinic.db import writing
from clinic.privacy import keys
from clinic.safety.reports import boxes, conversations, key_list
from clinic.safety.reports.content import CANARY, Content, pack
from clinic.safety.reports.models import ReportCanary

LATE_DAYS = 45


@dataclass(frozen=True, slots=True)
class State:
    """The newest canary, the newest that came back, and whether that is too long ago."""

    sent: date | None
    opened: date | None
    is_late: bool


def send_due(now: datetime) -> int:
    """Write this month's canary, unless it was written or nobody reads notes; how many."""
    found = key_list.current()
    if found is None:
        return 0
    month = clock.local(now).date().replace(day=1)
    with writing() as s:
        if s.get(ReportCanary, month) is not None:
            return 0
        word = secrets.token_hex(16)
        said = {"month": month.isoformat(), "word": word}
        box = boxes.seal(found.in_use, pack(Content(CANARY, said)))
        conversations.begin(s, secrets.token_bytes(32), box, now)
        s.add(ReportCanary(month=month, week=conversations.week_of(now), word_hash=_hash(word)))
    return 1


def came_back(s: Session, month: str, word: str, now: datetime) -> bool:
    """The organization has opened the canary of a month; False where there was none, or the word is not the one."""
    row = next((one for one in s.scalars(select(ReportCanary)) if one.month.isoformat() == month), None)
    if row is None or row.word_hash != _hash(word):
        return False
    row.opened_on = row.opened_on or clock.local(now).date()
    return True


def state(s: Session, now: datetime) -> State:
    """How it stands."""
    today = clock.local(now).date()
    months = list(s.scalars(select(ReportCanary.month).order_by(ReportCanary.month)))
    opened = s.scalar(
        select(ReportCanary.month)
        .where(ReportCanary.opened_on.is_not(None))
        .order_by(ReportCanary.month.desc())
        .limit(1)
    )
    oldest_shut = next((m for m in months if opened is None or m > opened), None)
    late = oldest_shut is not None and today - oldest_shut > timedelta(days=LATE_DAYS)
    return State(months[-1] if months else None, opened, late)


def _hash(word: str) -> bytes:
    return blake2b(word.encode(), key=keys.ring().lasting("note canary"), digest_size=32).digest()
