"""Claiming what is due and handing it to the provider: none twice, none lost, none at the wrong hour.

A short transaction claims up to ten messages with a lease; each is posted outside of any transaction;
another short one writes down what came of it. What stays "sending" is the reconciler's. Messages to
people on duty go a way of their own (urgent.py).
"""

import logging
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, bindparam, insert, or_, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from clinic import messaging
from clinic.clock import local
from clinic.config import settings
from clinic.db import db, writing
from clinic.messaging import news, outbox, states, today, wanted, window
from clinic.messaging.gate import Gate, gate
from clinic.messaging.models import RANK, URGENT, Attempt, Message
from clinic.messaging.senders import Accepted, Later, Outcome, Outgoing, Refused, Sender, Stop, Unclear
from clinic.messaging.watchdog import Crew, TimedOut
from clinic.passes import phones
from clinic.passes.models import Pass
from clinic.privacy import sealing

CLAIM = 10  # messages in one claim
LEASE = timedelta(seconds=60)
POST_SECONDS = 10.0  # in all: a post that began inside its lease has ended long before anybody asks
CONCURRENCY = 8
WORK_SECONDS = 20.0  # then the worker looks after its other tasks
LONGEST_VALIDITY = 36_000  # seconds; Twilio's ValidityPeriod
A_DAY_TO_ONE_NUMBER = 2
BACKOFF, LONGEST_BACKOFF = timedelta(seconds=30), timedelta(minutes=15)
CLAIMS_LOCK = 0x4B65736B  # PostgreSQL: claims follow one another, since each counts what the others sent

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker alone may send until its lease ends."""

    message_id: bytes
    n: int
    token: str = field(repr=False)
    to: str = field(repr=False)
    body: str = field(repr=False)
    not_after: datetime
    closes_at: datetime  # the end of the operator's hours
    claimed_at: datetime
    held_since: float  # monotonic
    voice: bool = False


@dataclass(frozen=True, slots=True)
class Unsent:
    """Nothing went out: the lease was over, or nobody wanted it any more."""


def work_once(now: datetime) -> int:
    """Send what is due, for at most WORK_SECONDS; how many messages were handed over or tried.

    Results and fresh claims are written together, in batches, while the claimed before are on their way.
    """
    mail = Mail(messaging.sender(), gate(), db.engine)
    started = monotonic()
    crew: Crew[Claimed, Outcome | Unsent] = Crew(CONCURRENCY, POST_SECONDS)
    done: list[tuple[Claimed, Outcome | Unsent]] = []
    tried, drained = 0, False
    try:
        while True:
            spent = monotonic() - started
            moment = now + timedelta(seconds=spent)
            if spent > WORK_SECONDS or not (mail.gate.may_claim(moment) and window.is_open(moment)):
                drained = True
            claiming = not drained and crew.open <= CONCURRENCY
            if claiming or len(done) >= CLAIM or (done and not crew.open):
                with writing() as s:
                    record(s, done, moment)
                    fresh = claim(s, moment, CLAIM) if claiming else []
                tried += len(done)
                done = []
                drained = drained or (claiming and not fresh)
                for claimed in fresh:
                    crew.start(claimed, partial(post, mail, claimed))
            elif not crew.open:
                return tried
            for claimed, result in crew.finished(1.0):
                if isinstance(result, TimedOut):
                    result = Unclear("time is up")
                    mail.gate.heard(result, moment)
                done.append((claimed, result))
    finally:
        crew.close()


@dataclass(frozen=True, slots=True)
class Mail:
    """What a thread needs to post."""

    sender: Sender
    gate: Gate
    engine: Engine


def post(mail: Mail, claimed: Claimed) -> Outcome | Unsent:
    """Hand one message over, unless its lease is over, it is wanted no more, or the gate has shut meanwhile."""
    held = monotonic() - claimed.held_since
    if held >= LEASE.total_seconds() or mail.gate.broken:
        return Unsent()
    try:
        with mail.engine.connect() as connection:
            wanted = still_wanted(connection, claimed)
    except SQLAlchemyError:
        return Unsent()
    if not wanted:
        return Unsent()
    moment = claimed.claimed_at + timedelta(seconds=held)
    seconds = valid_seconds(claimed, moment)
    outcome = mail.sender.send(Outgoing(claimed.to, claimed.body, claimed.token, seconds, claimed.voice))
    return mail.gate.heard(outcome, moment)


def valid_seconds(claimed: Claimed, now: datetime) -> int:
    """How long the provider may try: never past its last moment, nor past the operator's hours."""
    end = min(claimed.not_after, claimed.closes_at)
    return max(1, min(LONGEST_VALIDITY, int((end - now).total_seconds())))


def claim(s: Session, now: datetime, n: int) -> list[Claimed]:
    """Claim up to `n` due messages: they are "sending" once the transaction of `s` commits.

    What may not go out (country, two a day to one number, forgotten) or is wanted no more is put aside in the
    same step.
    """
    held_since = monotonic()
    if s.get_bind().dialect.name == "postgresql":
        s.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CLAIMS_LOCK})
    due = s.execute(
        select(Message.rid, Message.to, Message.body, Message.not_after, Message.tries, Message.about, Message.kind)
        .where(is_due(now), Message.kind.not_in(URGENT))
        .order_by(Message.due_at)
        .limit(n)
        .with_for_update(skip_locked=True)
    ).all()
    if not due:
        return []
    known = today.today(now)
    known.read(s, [row.rid for row in due if row.tries])
    closes_at = window.closes(local(now).date())
    claimed: list[Claimed] = []
    over = wanted.unwanted(s, [(row.rid, row.about, row.kind) for row in due])
    for rid, sealed_to, sealed_body, not_after, tries, _about, _kind in due:
        if rid in over:
            aside(s, rid, "dropped", wanted.WHY)
            continue
        if known.total >= settings().sms_daily_cap:
            gate().cap_reached(local(now).date(), now)
            break
        try:
            to = sealing.open_(outbox.TO, rid, sealed_to)
            body = sealing.open_(outbox.BODY, rid, sealed_body)
        except sealing.Unreadable as error:
            aside(s, rid, *unread(error))
            continue
        if phones.country(to) not in settings().sms_countries:
            aside(s, rid, "failed", "country")
            continue
        if known.to(to) >= A_DAY_TO_ONE_NUMBER:
            _tomorrow(s, rid, not_after, now)
            continue
        known.add(rid, tries + 1, to)
        claimed.append(
            Claimed(rid, tries + 1, secrets.token_urlsafe(18), to, body, not_after, closes_at, now, held_since)
        )
    if claimed:
        take(s, claimed, now, today.next_claim(s, now))
    return claimed


def unread(error: sealing.Unreadable) -> tuple[str, str]:
    """State and reason of a message that can't be read: its day has passed, or its box does not open."""
    return ("expired", "forgotten") if isinstance(error, sealing.Gone) else ("failed", "unreadable")


def is_due(now: datetime) -> ColumnElement[bool]:
    """What may go out at `now`, and is still wanted."""
    number_stands = select(Pass.rid).where(Pass.rid == Message.pass_id, Pass.phone.is_not(None)).exists()
    return and_(
        Message.state == "waiting", Message.due_at <= now, Message.not_after > now, Message.dropped_at.is_(None),
        or_(Message.pass_id.is_(None), number_stands),  # one put while she erased her number goes nowhere
    )  # fmt: skip


def take(s: Session, claimed: Sequence[Claimed], now: datetime, number: int) -> None:
    """Write down the lease and the attempt of each; `number` is that of the claim."""
    s.execute(
        update(Message)
        .where(Message.rid.in_([c.message_id for c in claimed]))
        .values(state="sending", rank=RANK["sending"], lease_until=now + LEASE, tries=Message.tries + 1, error="")
        .execution_options(synchronize_session=False)
    )
    s.execute(
        insert(Attempt),
        [
            {
                "message_id": c.message_id, "n": c.n, "token": c.token, "started_at": now,
                "asked": 0, "absent": 0, "outcome": "", "claim": number,
            }
            for c in claimed
        ],
    )  # fmt: skip


_message: Any = Message.__table__
_WANTED = select(_message.c.tries).where(
    _message.c.rid == bindparam("of"), _message.c.state == "sending", _message.c.dropped_at.is_(None)
)


def still_wanted(connection: Connection, claimed: Claimed) -> bool:
    """Whether nobody dropped the message, deleted it or answered for it since it was claimed."""
    return bool(connection.scalar(_WANTED, {"of": claimed.message_id}) == claimed.n)


def record(
    s: Session,
    done: Sequence[tuple[Claimed, Outcome | Unsent]],
    now: datetime,
    wait: Callable[[int], timedelta] | None = None,
) -> None:
    """Write down what came of claims; what a receipt or the reconciler wrote meanwhile stays.

    `wait(n)`: how long a message waits after its n-th refusal "for now", when not `backoff(n)`.
    """
    taken = [(c.message_id, c.n, outcome.sid) for c, outcome in done if isinstance(outcome, Accepted)]
    states.accepted(s, taken, now)
    for claimed, outcome in done:
        _record(s, claimed.message_id, claimed.n, outcome, now, wait or backoff)


def _record(
    s: Session, rid: bytes, n: int, outcome: Outcome | Unsent, now: datetime, wait: Callable[[int], timedelta]
) -> None:
    match outcome:
        case Refused(error):
            news.refused(s, rid, n, error, now)
        case Later(_, asked):
            states.note(s, rid, n, "later")
            states.back(s, rid, n, now + max(asked, wait(n)), "")
        case Stop(error):
            states.note(s, rid, n, "later")
            states.back(s, rid, n, now + LONGEST_BACKOFF, error)
        case Unsent():
            states.note(s, rid, n, "unsent")
            states.back(s, rid, n, None, "")
        case Unclear():
            states.note(s, rid, n, "unclear")
        case Accepted(sid, status, error) if status in news.BAD:
            news.take(s, rid, n, sid, status, error, now)


def backoff(tries: int) -> timedelta:
    """How long a message waits after its `tries`-th refusal "for now", a little different each time."""
    doubled: timedelta = BACKOFF * 2 ** min(tries - 1, 10)
    return min(LONGEST_BACKOFF, doubled) * random.uniform(0.8, 1.2)  # noqa: S311


def aside(s: Session, rid: bytes, state: str, error: str) -> None:
    """Put a message that waits to an end, with the reason."""
    s.execute(
        update(Message)
        .where(Message.rid == rid)
        .values(state=state, rank=RANK[state], error=error)
        .execution_options(synchronize_session=False)
    )


def _tomorrow(s: Session, rid: bytes, not_after: datetime, now: datetime) -> None:
    """A third message of one day to one number waits for the next morning, if it is of use then."""
    morning = window.opens(local(now).date() + window.DAY)
    if morning >= not_after:
        aside(s, rid, "expired", "two a day")
        return
    s.execute(
        update(Message)
        .where(Message.rid == rid)
        .values(due_at=morning)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
