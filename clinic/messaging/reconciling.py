"""Asking the provider what became of a message before anything is sent again.

An attempt whose lease has been over for a minute is asked about: listed and matched → accepted; absent
twice, a minute apart → sent once more; where nobody can tell → unknown, shown to the desk, never resent.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from clinic import messaging
from clinic.db import writing
from clinic.messaging import news, outbox, sending, states
from clinic.messaging.gate import gate
from clinic.messaging.models import Attempt, Message
from clinic.messaging.senders import AskFailed, Copy
from clinic.messaging.sending import LEASE
from clinic.privacy import sealing

ASK_AFTER = timedelta(seconds=60)  # after the lease, and between two questions
CLOCKS_DIFFER = timedelta(seconds=120)  # at most, between ours and the provider's
ABSENT_TWICE = 2
UNCLEAR_TWICE = 2
GIVE_UP = timedelta(hours=24)  # after `not_after`, when no question was ever answered
SURELY_UNSENT = ("later", "unsent")
AT_ONCE = 50
LOOKS_AT_ONCE = 20

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Doubt:
    """An attempt of which nobody here knows whether the provider took it."""

    message_id: bytes
    n: int
    to: str = field(repr=False)
    body: str = field(repr=False)
    started_at: datetime
    not_after: datetime
    dropped: bool


def work_once(now: datetime) -> int:
    """Ask about every attempt that is in doubt; how many were settled."""
    sender, doorkeeper = messaging.sender(), gate()
    with writing() as s:
        doubts = take_up(s, now)
    if not doubts and not doorkeeper.broken:
        return 0
    since = min((d.started_at for d in doubts), default=now) - CLOCKS_DIFFER
    try:
        copies = sender.sent_since(since)
    except AskFailed as failure:
        log.warning("SMS: the provider does not answer (%s); nothing is sent again", failure)
        with writing() as s:
            for doubt in doubts:
                _later(s, doubt, now)
        return 0
    doorkeeper.answered()
    with writing() as s:
        return settle(s, doubts, copies, now)


def take_up(s: Session, now: datetime) -> list[Doubt]:
    """The attempts to ask about now, each under a new lease, so that nobody else asks meanwhile."""
    rows = s.execute(
        select(
            Message.rid, Message.tries, Message.to, Message.body, Message.not_after, Message.dropped_at,
            Attempt.started_at,
        )
        .join(Attempt, (Attempt.message_id == Message.rid) & (Attempt.n == Message.tries))
        .where(Message.state == "sending", Message.lease_until <= now - ASK_AFTER)
        .order_by(Attempt.started_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, of=Message)
    ).all()  # fmt: skip
    doubts = []
    for rid, n, to, body, not_after, dropped_at, started_at in rows:
        try:
            number, words = sealing.open_(outbox.TO, rid, to), sealing.open_(outbox.BODY, rid, body)
        except sealing.Unreadable as error:
            states.end(s, rid, n, "unknown", sending.unread(error)[1])
            continue
        doubts.append(Doubt(rid, n, number, words, started_at, not_after, dropped_at is not None))
    if doubts:
        ids = [d.message_id for d in doubts]
        s.execute(
            update(Message)
            .where(Message.rid.in_(ids))
            .values(lease_until=now + LEASE)
            .execution_options(synchronize_session=False)
        )
    return doubts


def settle(s: Session, doubts: Sequence[Doubt], copies: Sequence[Copy], now: datetime) -> int:
    """Compare what is in doubt with what the provider lists; how many attempts are settled."""
    taken = set(s.scalars(select(Attempt.sid).where(Attempt.sid.in_([copy.sid for copy in copies]))))
    settled = 0
    for doubt in doubts:
        possible = sorted(
            (
                copy
                for copy in copies
                if copy.to == doubt.to and copy.created_at >= doubt.started_at - CLOCKS_DIFFER and copy.sid not in taken
            ),
            key=lambda copy: copy.created_at,
        )
        if not _still_open(s, doubt):
            continue
        match = next((copy for copy in possible if copy.body == doubt.body), None)
        if match is not None:
            taken.add(match.sid)
            states.accepted(s, [(doubt.message_id, doubt.n, match.sid)], now)
            news.take(s, doubt.message_id, doubt.n, match.sid, match.status, match.error, now)
            settled += 1
        elif any(not copy.body for copy in possible):
            states.end(s, doubt.message_id, doubt.n, "unknown", "redacted")
            settled += 1
        else:
            settled += _absent(s, doubt, now)
    return settled


def look_once(now: datetime) -> int:
    """Ask for news of what was accepted and of which no receipt came; how many moved on."""
    sender = messaging.sender()
    with writing() as s:
        rows = s.execute(
            select(Message.rid, Attempt.n, Attempt.sid, Attempt.started_at)
            .join(Attempt, (Attempt.message_id == Message.rid) & (Attempt.n == Message.tries))
            .where(Message.state.in_(("accepted", "sent")), Message.lease_until <= now, Attempt.sid.is_not(None))
            .limit(LOOKS_AT_ONCE)
            .with_for_update(skip_locked=True, of=Message)
        ).all()
        for rid, _n, _sid, started_at in rows:
            # each silence as long again as all before it: 10 minutes, 20, 40, …
            next_look = now + max(states.FIRST_LOOK, now - started_at)
            s.execute(
                update(Message)
                .where(Message.rid == rid)
                .values(lease_until=next_look if next_look < started_at + states.NO_NEWS else None)
                .execution_options(synchronize_session=False)
            )
    moved = 0
    for rid, n, sid, _started in rows:
        if sid is None:
            continue
        try:
            status, error = sender.status(sid)
        except AskFailed:
            return moved
        if status:
            with writing() as s:
                moved += news.take(s, rid, n, sid, status, error, now)
    return moved


def _still_open(s: Session, doubt: Doubt) -> bool:
    """Whether no receipt settled the attempt while we asked."""
    return (
        s.scalar(
            select(Message.rid).where(
                Message.rid == doubt.message_id, Message.state == "sending", Message.tries == doubt.n
            )
        )
        is not None
    )


def _absent(s: Session, doubt: Doubt, now: datetime) -> int:
    """The provider knows nothing of it: once may be too early, twice is an answer."""
    ours = (Attempt.message_id == doubt.message_id, Attempt.n == doubt.n)
    s.execute(
        update(Attempt)
        .where(*ours)
        .values(asked=Attempt.asked + 1, absent=Attempt.absent + 1)
        .execution_options(synchronize_session=False)
    )
    if (s.scalar(select(Attempt.absent).where(*ours)) or 0) < ABSENT_TWICE:
        _ask_again(s, doubt, now)
        return 0
    unclear = s.scalar(
        select(func.count())
        .select_from(Attempt)
        .where(Attempt.message_id == doubt.message_id, Attempt.outcome.not_in(SURELY_UNSENT))
    )
    states.note(s, doubt.message_id, doubt.n, "absent")
    if (unclear or 0) >= UNCLEAR_TWICE:
        states.end(s, doubt.message_id, doubt.n, "unknown", "absent twice over")
    elif not doubt.dropped and doubt.not_after <= now:
        states.end(s, doubt.message_id, doubt.n, "expired", "")
    else:
        states.back(s, doubt.message_id, doubt.n, None, "")
    return 1


def _later(s: Session, doubt: Doubt, now: datetime) -> None:
    """No answer: ask again in a minute; a day after the message lost its use, nobody will ever know."""
    if now >= doubt.not_after + GIVE_UP:
        states.end(s, doubt.message_id, doubt.n, "unknown", "no answer")
        return
    s.execute(
        update(Attempt)
        .where(Attempt.message_id == doubt.message_id, Attempt.n == doubt.n)
        .values(asked=Attempt.asked + 1)
        .execution_options(synchronize_session=False)
    )
    _ask_again(s, doubt, now)


def _ask_again(s: Session, doubt: Doubt, now: datetime) -> None:
    s.execute(
        update(Message)
        .where(Message.rid == doubt.message_id, Message.state == "sending", Message.tries == doubt.n)
        .values(lease_until=now)
        .execution_options(synchronize_session=False)
    )
