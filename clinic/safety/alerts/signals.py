"""A signal from her side: given, added to, ended, called again.

It is a row with a moment at which it fires. The worker alone fires it (calling.py), so it fires though
her phone is off; until then one tap stops it. Her page holds a random token, the database its hash.
What she writes always arrives, or she is told at once that it did not: a signal that somebody on duty
has ended calls anew with her next word, and one that she has ended herself takes none.
"""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from clinic.db import new_rid
from clinic.privacy import keys, sealing
from clinic.safety.alerts import events, told
from clinic.safety.alerts.models import OPEN, Alert, AlertWord
from clinic.safety.alerts.told import KEPT, Told

COUNTDOWN = timedelta(seconds=10)
STEP = timedelta(seconds=90)  # then the next person is called as well
LATE = timedelta(seconds=90)  # then the numbers stand large on her page
UNSENT = timedelta(seconds=20)  # after the countdown: nothing has gone out, so something is wrong here
CROWD = 10  # signals nobody has taken, for each person on duty: more than that, and she is told to call
MOST_WORDS = 60
MOST_STEPS = 300  # in the log: after that what she tells still changes, unlogged, so that nobody fills the list
MOST_OPEN = 3000
ALWAYS = 2  # so many of one network are let in, however many others there are
SEEN_EVERY = timedelta(seconds=15)
GOING = ("counting", *OPEN)  # she can add to it


class SignalGone(Exception):
    """There is no such signal any more."""


class Overrun(Exception):
    """More signals than anybody can look at: she is told to call, and nothing is kept."""


def hash_(token: str) -> bytes:
    """What the database keeps of a token or of a check-in's code."""
    return blake2b(token.encode(), key=keys.ring().lasting("alert"), digest_size=32).digest()


def start(s: Session, what: Told, now: datetime, network: bytes | None = None) -> str:
    """Begin the countdown of a new signal; the token for her page. Raises Overrun.

    `network` tells callers of one network from others, so that many of one hide nobody (`fairness`).
    """
    untaken = select(func.count()).select_from(Alert).where(Alert.state.in_(("counting", "calling")))
    if (s.scalar(untaken) or 0) >= MOST_OPEN:
        own = s.scalar(untaken.where(Alert.network == network)) if network is not None else ALWAYS
        if (own or 0) >= ALWAYS:
            raise Overrun
    token = secrets.token_urlsafe(24)
    put(s, what, now + COUNTDOWN, now, token_hash=hash_(token), network=network)
    return token


def put(
    s: Session,
    what: Told,
    fires_at: datetime,
    now: datetime,
    token_hash: bytes | None = None,
    drill_id: int | None = None,
    network: bytes | None = None,
) -> bytes:
    """A signal that fires at `fires_at`; its key."""
    rid = new_rid()
    forget_at = max(fires_at, now) + KEPT
    s.execute(
        insert(Alert).values(
            rid=rid, token_hash=token_hash, state="counting", fires_at=fires_at, step=0, told=what.says_something,
            body=told.seal(what, told.ALERT, rid, forget_at), drill_id=drill_id, taken_as="", forget_at=forget_at,
            network=network,
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


def end(s: Session, rid: bytes, now: datetime, well: bool = False) -> str:
    """She ends it: "stopped" inside the countdown, else "safe". The state it has now.

    `well`: she says that all is well, which she may also do after the end; without it nothing is said of that.
    """
    row = _locked(s, rid)
    if row.state == "counting":
        _set(s, rid, state="stopped", next_at=None, network=None)
        events.write(s, [rid], "stopped", now)
        _empty(s, rid)
    elif row.state in OPEN:
        _set(s, rid, state="safe", next_at=None, network=None)
        events.write(s, [rid], "safe" if well else "she_stopped", now)
    elif row.state == "safe" and well and all(step != "safe" for _at, step in events.of(s, rid)):
        events.write(s, [rid], "safe", now)
    return row_of(s, rid).state


def add(s: Session, rid: bytes, change: dict[str, Any], now: datetime) -> bool:
    """She tells more; what the form left out stays. False when it was not passed on, for she has ended it.

    Her page sends her position while she writes: whoever comes second adds to what the first has told.
    A position alone, which comes by itself, calls nobody anew.
    """
    row = _locked(s, rid)
    if row.state == "closed" and not {"lat", "lng"} >= change.keys():
        _call_again(s, rid, now)
    elif row.state not in GOING:
        return False
    before = told.open_(told.ALERT, rid, row.body)
    after = replace(before, **change)
    if after == before:
        return True
    _set(s, rid, body=told.seal(after, told.ALERT, rid, row.forget_at), told=after.says_something)
    if len(events.of(s, rid)) < MOST_STEPS:
        moved = {"lat", "lng"} >= {name for name in change if getattr(before, name) != getattr(after, name)}
        what = "not_well" if after.unwell and not before.unwell else "moved" if moved else "told_more"
        events.write(s, [rid], what, now)
    return True


def say(s: Session, rid: bytes, author: str, text: str, now: datetime) -> bool:
    """Add a sentence; False when it was not: she has ended the signal, or it holds too many."""
    row = _locked(s, rid)  # sentences follow one another
    count = s.scalar(select(func.count()).select_from(AlertWord).where(AlertWord.alert_id == rid)) or 0
    if not text or count >= MOST_WORDS:
        return False
    if row.state == "closed" and author == "her":
        _call_again(s, rid, now)
    elif row.state not in GOING:
        return False
    box = sealing.seal(told.forget_on(row.forget_at), told.WORD, rid, text)
    s.execute(insert(AlertWord).values(alert_id=rid, n=count + 1, author=author, at=now, body=box))
    events.write(s, [rid], "she_wrote" if author == "her" else "answered", now)
    return True


def call_again(s: Session, rid: bytes, now: datetime) -> bool:
    """Somebody on duty has ended it, and she needs it still; False when it cannot be called again."""
    row = _locked(s, rid)
    if row.state == "closed":
        _call_again(s, rid, now)
    return row.state in ("closed", *GOING)


def seen(s: Session, rid: bytes, now: datetime) -> None:
    """Her page is open."""
    stale = or_(Alert.seen_at.is_(None), Alert.seen_at < now - SEEN_EVERY, Alert.seen_at > now)
    s.execute(update(Alert).where(Alert.rid == rid, stale).values(seen_at=now))


def forget(s: Session, now: datetime) -> int:
    """Delete the signals whose 24 hours are over, with what was written under them; how many."""
    old = select(Alert.rid).where(Alert.forget_at <= now)
    gone = s.execute(delete(Alert).where(Alert.rid.in_(old)).execution_options(synchronize_session=False))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def row_of(s: Session, rid: bytes) -> Alert:
    """The row of a signal, as it is now. Raises SignalGone."""
    row = s.execute(select(Alert).where(Alert.rid == rid).execution_options(populate_existing=True)).scalar()
    if row is None:
        raise SignalGone
    return row


def _call_again(s: Session, rid: bytes, now: datetime) -> None:
    """From the first person on, and for another half hour; who had it sees it among the others."""
    _set(s, rid, state="calling", step=1, fires_at=now, next_at=now + STEP, taken_by=None, taken_at=None)
    events.write(s, [rid], "called_again", now)


def _locked(s: Session, rid: bytes) -> Alert:
    """The row as the last writer left it, and nobody else's until this transaction ends."""
    s.execute(select(Alert.rid).where(Alert.rid == rid).with_for_update()).all()
    return row_of(s, rid)


def _set(s: Session, rid: bytes, **values: Any) -> None:
    s.execute(update(Alert).where(Alert.rid == rid).values(values).execution_options(synchronize_session=False))


def _empty(s: Session, rid: bytes) -> None:
    """Nobody was called: nothing of what she wrote is of use."""
    row = row_of(s, rid)
    _set(s, rid, body=told.seal(Told(), told.ALERT, rid, row.forget_at), told=False)
    s.execute(delete(AlertWord).where(AlertWord.alert_id == rid))
