"""How a signal stands, as her page shows it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.directory import catalogue
from clinic.privacy import sealing
from clinic.safety.alerts import duty, events, offering, told
from clinic.safety.alerts.models import Alert, AlertWord, Drill
from clinic.safety.alerts.signals import COUNTDOWN, CROWD, LATE, UNSENT, row_of
from clinic.safety.alerts.told import Told

WAITING = ("counting", "calling", "unanswered")


@dataclass(frozen=True, slots=True)
class Word:
    """A sentence between her and whoever took the signal."""

    author: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Stand:
    """A signal as her page shows it."""

    rid: bytes
    state: str
    fires_at: datetime
    seconds_left: int
    called: tuple[str, ...]  # who has been called, by the names they chose
    sent_at: datetime | None  # when the provider took the last call to one of them
    taken_as: str
    taken_at: datetime | None
    late: bool
    crowded: bool
    well: bool  # she ended it and said that all is well
    seen_at: datetime | None  # when her page last asked
    told: Told
    words: tuple[Word, ...]


def words(s: Session, rid: bytes) -> tuple[Word, ...]:
    """What was written under a signal."""
    rows = s.execute(select(AlertWord).where(AlertWord.alert_id == rid).order_by(AlertWord.n)).scalars()
    return tuple(Word(row.author, row.at, _opened(rid, row.body)) for row in rows)


def stand(s: Session, rid: bytes, now: datetime) -> Stand:
    """How a signal stands. Raises SignalGone."""
    row = row_of(s, rid)
    what = told.open_(told.ALERT, rid, row.body)
    organization = None
    if row.drill_id is not None:
        organization = s.scalar(select(Drill.organization_id).where(Drill.id == row.drill_id))
    people = offering.in_order(catalogue.current(s), duty.to_call(s, now, organization), what.city)
    called = people[: row.step]
    sent_at = duty.last_sent(s, called, row.fires_at)
    waiting = row.state in WAITING
    crowded = waiting and _untaken(s) > CROWD * max(1, len(people))
    since = now - row.fires_at
    late = waiting and (
        crowded or row.state == "unanswered" or since >= LATE or (since >= UNSENT and sent_at is None) or not people
    )
    return Stand(
        rid=rid,
        state=row.state,
        fires_at=row.fires_at,
        seconds_left=max(0, min(int(COUNTDOWN.total_seconds()), -int(since.total_seconds()))),
        called=tuple(one.shown_as for one in called),
        sent_at=sent_at,
        taken_as=row.taken_as,
        taken_at=row.taken_at,
        late=late,
        crowded=crowded,
        well=row.state == "safe" and any(step == "safe" for _at, step in events.of(s, rid)),
        seen_at=row.seen_at,
        told=what,
        words=words(s, rid),
    )


def page_is_open(seen_at: datetime | None, now: datetime) -> bool:
    """Whether her page is open somewhere: with a script it asks every 3 seconds, without one every 15."""
    return seen_at is not None and abs(now - seen_at) <= timedelta(seconds=45)


def _untaken(s: Session) -> int:
    return (
        s.scalar(select(func.count()).select_from(Alert).where(Alert.state == "calling", Alert.drill_id.is_(None))) or 0
    )


def _opened(rid: bytes, box: bytes) -> str:
    try:
        return sealing.open_(told.WORD, rid, box)
    except sealing.Unreadable:
        return ""
