"""A signal from her side: given, called off, added to, ended; and how it stands.

It is a row with a moment at which it fires. The worker alone fires it (calling.py), so it fires though
her phone is off; until then one tap stops it. Her page holds a random token, the database its hash.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from clinic.db import new_rid
from clinic.privacy import keys, sealing
from clinic.safety.alerts import duty, events, told
from clinic.safety.alerts.models import OPEN, Alert, AlertWord, Drill
from clinic.safety.alerts.told import KEPT, Told

COUNTDOWN = timedelta(seconds=10)
LATE = timedelta(seconds=90)  # then the numbers stand large on her page
UNSENT = timedelta(seconds=20)  # after the countdown: nothing has gone out, so something is wrong here
CROWD = 10  # signals nobody has taken, for each person on duty: more than that, and she is told to call
MOST_WORDS = 60
MOST_STEPS = 300  # in the log: after that what she tells still changes, unlogged, so that nobody fills the list
MOST_OPEN = 3000


class SignalGone(Exception):
    """There is no such signal any more."""


class Overrun(Exception):
    """More signals than anybody can look at: she is told to call, and nothing is kept."""


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
    told: Told
    words: tuple[Word, ...]


def hash_(token: str) -> bytes:
    """What the database keeps of a token or of a check-in's code."""
    return blake2b(token.encode(), key=keys.ring().lasting("alert"), digest_size=32).digest()


def start(s: Session, what: Told, now: datetime) -> str:
    """Begin the countdown of a new signal; the token for her page. Raises Overrun."""
    untaken = s.scalar(select(func.count()).select_from(Alert).where(Alert.state.in_(("counting", "calling"))))
    if (untaken or 0) >= MOST_OPEN:
        raise Overrun
    token = secrets.token_urlsafe(24)
    put(s, what, now + COUNTDOWN, now, token_hash=hash_(token))
    return token


def put(
    s: Session,
    what: Told,
    fires_at: datetime,
    now: datetime,
    token_hash: bytes | None = None,
    drill_id: int | None = None,
) -> bytes:
    """A signal that fires at `fires_at`; its key."""
    rid = new_rid()
    forget_at = max(fires_at, now) + KEPT
    s.execute(
        insert(Alert).values(
            rid=rid, token_hash=token_hash, state="counting", fires_at=fires_at, step=0, told=what.says_something,
            body=told.seal(what, told.ALERT, rid, forget_at), drill_id=drill_id, taken_as="", forget_at=forget_at,
        )
    )  # fmt: skip
    events.write(s, [rid], "given", now)
    return rid


def find(s: Session, token: str) -> bytes:
    """The signal of a page's token. Raises SignalGone."""
    rid = s.scalar(select(Alert.rid).where(Alert.token_hash == hash_(token)))
    if rid is None:
        raise SignalGone
    return rid


def end(s: Session, rid: bytes, now: datetime) -> str:
    """She is safe, or never meant it: "stopped" inside the countdown, else "safe". The state it has now."""
    for states, to in ((("counting",), "stopped"), (OPEN, "safe")):
        if _move(s, rid, states, to):
            events.write(s, [rid], to, now)
            if to == "stopped":
                _empty(s, rid)
            return to
    return _row(s, rid).state


def add(s: Session, rid: bytes, change: dict[str, Any], now: datetime) -> None:
    """She tells more; what the form left out stays. After the end nothing is added.

    Her page sends her position while she writes: whoever comes second adds to what the first has told.
    """
    row = _locked(s, rid)
    if row.state not in ("counting", *OPEN):
        return
    before = told.open_(told.ALERT, rid, row.body)
    after = replace(before, **change)
    if after == before:
        return
    s.execute(
        update(Alert)
        .where(Alert.rid == rid)
        .values(body=told.seal(after, told.ALERT, rid, row.forget_at), told=after.says_something)
    )
    if len(events.of(s, rid)) >= MOST_STEPS:
        return
    moved = {"lat", "lng"} >= {name for name in change if getattr(before, name) != getattr(after, name)}
    events.write(s, [rid], "moved" if moved else "told_more", now)


def say(s: Session, rid: bytes, author: str, text: str, now: datetime) -> bool:
    """Add a sentence; False when the signal has ended or holds too many."""
    row = _locked(s, rid)  # sentences follow one another
    count = s.scalar(select(func.count()).select_from(AlertWord).where(AlertWord.alert_id == rid)) or 0
    if row.state not in ("counting", *OPEN) or count >= MOST_WORDS or not text:
        return False
    box = sealing.seal(told.forget_on(row.forget_at), told.WORD, rid, text)
    s.execute(insert(AlertWord).values(alert_id=rid, n=count + 1, author=author, at=now, body=box))
    events.write(s, [rid], "she_wrote" if author == "her" else "answered", now)
    return True


def words(s: Session, rid: bytes) -> tuple[Word, ...]:
    """What was written under a signal."""
    rows = s.execute(select(AlertWord).where(AlertWord.alert_id == rid).order_by(AlertWord.n)).scalars()
    return tuple(Word(row.author, row.at, _opened(rid, row.body)) for row in rows)


def stand(s: Session, rid: bytes, now: datetime) -> Stand:
    """How a signal stands. Raises SignalGone."""
    row = _row(s, rid)
    organization = None
    if row.drill_id is not None:
        organization = s.scalar(select(Drill.organization_id).where(Drill.id == row.drill_id))
    people = duty.to_call(s, now, organization)
    called = people[: row.step]
    sent_at = duty.last_sent(s, called, row.fires_at)
    waiting = row.state in ("counting", "calling", "unanswered")
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
        told=told.open_(told.ALERT, rid, row.body),
        words=words(s, rid),
    )


def forget(s: Session, now: datetime) -> int:
    """Delete the signals whose 24 hours are over, with what was written under them; how many."""
    old = select(Alert.rid).where(Alert.forget_at <= now)
    gone = s.execute(delete(Alert).where(Alert.rid.in_(old)).execution_options(synchronize_session=False))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _untaken(s: Session) -> int:
    return (
        s.scalar(select(func.count()).select_from(Alert).where(Alert.state == "calling", Alert.drill_id.is_(None))) or 0
    )


def _row(s: Session, rid: bytes) -> Alert:
    row = s.execute(select(Alert).where(Alert.rid == rid).execution_options(populate_existing=True)).scalar()
    if row is None:
        raise SignalGone
    return row


def _locked(s: Session, rid: bytes) -> Alert:
    """The row as the last writer left it, and nobody else's until this transaction ends."""
    s.execute(select(Alert.rid).where(Alert.rid == rid).with_for_update()).all()
    return _row(s, rid)


def _move(s: Session, rid: bytes, states: tuple[str, ...], to: str) -> bool:
    """One conditional step; whoever is second changes nothing."""
    done = s.execute(
        update(Alert)
        .where(Alert.rid == rid, Alert.state.in_(states))
        .values(state=to, next_at=None)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def _empty(s: Session, rid: bytes) -> None:
    """Nobody was called: nothing of what she wrote is of use."""
    row = _row(s, rid)
    box = told.seal(Told(), told.ALERT, rid, row.forget_at)
    s.execute(update(Alert).where(Alert.rid == rid).values(body=box, told=False))
    s.execute(delete(AlertWord).where(AlertWord.alert_id == rid))


def _opened(rid: bytes, box: bytes) -> str:
    try:
        return sealing.open_(told.WORD, rid, box)
    except told.UNREADABLE:
        return ""
