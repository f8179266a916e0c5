"""Putting messages, dropping them, and looking at them: always in the transaction of whoever owns them.

A message knows no appointment: its text is fixed and sealed when it is put; `about` names what it is
about, so that its owner can drop it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session

from clinic.db import new_rid
from clinic.messaging.covers import TooLong, fits
from clinic.messaging.models import RANK, Message
from clinic.privacy import sealing

TO, BODY = "message.to", "message.body"
DROPPED_WHY = "dropped"
TROUBLES = ("unknown", "failed", "undelivered", "expired")


@dataclass(frozen=True, slots=True)
class MessageView:
    """Where a message stands, without its number or text."""

    kind: str
    state: str
    due_at: datetime
    not_after: datetime
    dropped: bool
    error: str


def put(
    s: Session,
    pass_id: bytes | None,
    about: str,
    kind: str,
    to: str,
    body: str,
    due_at: datetime,
    not_after: datetime,
    forget_on: date,
) -> bytes:
    """Put a message to the number `to` (E.164) that goes out from `due_at` on, never from `not_after` on.

    Its number and text are sealed until the end of `forget_on`. Returns its key. Raises TooLong for a
    text of more than one segment; the database refuses a second live message of one kind about one thing.
    """
    if not fits(body):
        raise TooLong(f"a message of kind {kind} does not fit one segment")
    rid = new_rid()
    s.execute(
        insert(Message).values(
            rid=rid,
            pass_id=pass_id,
            about=about,
            kind=kind,
            to=sealing.seal(forget_on, TO, rid, to),
            body=sealing.seal(forget_on, BODY, rid, body),
            due_at=due_at,
            not_after=not_after,
            state="waiting",
            rank=RANK["waiting"],
            error="",
            tries=0,
        )
    )
    return rid


def drop(s: Session, about: str, kinds: Collection[str] | None, now: datetime, why: str = DROPPED_WHY) -> int:
    """Take back what has not gone out: all messages about a thing, or those of some kinds.

    What waits is dropped; what is being sent right now is marked, so that it is never sent again.
    `why` (a word such as "moved") is kept with it. Returns how many.
    """
    chosen = [Message.about == about, Message.dropped_at.is_(None)]
    if kinds is not None:
        chosen.append(Message.kind.in_(kinds))
    return _take_back(s, chosen, now, why)


def _take_back(s: Session, chosen: Sequence[ColumnElement[bool]], now: datetime, why: str) -> int:
    waiting = s.execute(
        update(Message)
        .where(*chosen, Message.state == "waiting")
        .values(state="dropped", rank=RANK["dropped"], dropped_at=now, error=why)
        .execution_options(synchronize_session=False)
    )
    under_way = s.execute(
        update(Message)
        .where(*chosen, Message.state == "sending")
        .values(dropped_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(waiting.rowcount) + int(under_way.rowcount)  # type: ignore[attr-defined]


def drop_all(s: Session, pass_id: bytes, now: datetime, why: str, but: bytes) -> None:
    """Take back all that has not gone out under a pass, whatever it is about, except the message `but`."""
    mine = [Message.pass_id == pass_id, Message.rid != but, Message.dropped_at.is_(None)]
    _take_back(s, mine, now, why)


def held_up(s: Session) -> str:
    """The provider's error for which the queue has stopped, as long as anything waits for its mending; else ""."""
    return (
        s.scalar(
            select(Message.error)
            .where(Message.state == "waiting", Message.error != "", Message.dropped_at.is_(None))
            .order_by(Message.due_at.desc())
            .limit(1)
        )
        or ""
    )


def erase(s: Session, pass_id: bytes) -> None:
    """Take number and text out of all messages of a pass, except what is at the provider's door right now."""
    kept = s.execute(
        select(Message.rid, Message.to).where(Message.pass_id == pass_id, Message.state.not_in(("waiting", "sending")))
    ).all()
    for rid, to in kept:
        until = sealing.forget_day(to)
        s.execute(
            update(Message)
            .where(Message.rid == rid)
            .values(to=sealing.seal(until, TO, rid, ""), body=sealing.seal(until, BODY, rid, ""))
            .execution_options(synchronize_session=False)
        )


def of(s: Session, about: str) -> tuple[MessageView, ...]:
    """The messages about a thing, in the order in which they are due."""
    return of_all(s, (about,)).get(about, ())


def of_all(s: Session, abouts: Sequence[str]) -> dict[str, tuple[MessageView, ...]]:
    """The messages about several things, in one query."""
    rows = s.execute(
        select(
            Message.about,
            Message.kind,
            Message.state,
            Message.due_at,
            Message.not_after,
            Message.dropped_at,
            Message.error,
        )
        .where(Message.about.in_(abouts))
        .order_by(Message.due_at, Message.kind)
    ).all()
    found: dict[str, tuple[MessageView, ...]] = {}
    for about, kind, state, due_at, not_after, dropped_at, error in rows:
        view = MessageView(kind, state, due_at, not_after, dropped_at is not None, error)
        found[about] = (*found.get(about, ()), view)
    return found


def troubles(s: Session, abouts: Sequence[str]) -> dict[str, MessageView]:
    """Of these things, those whose last message did not surely reach her; dropped ones were none."""
    worst = {}
    for about, views in of_all(s, abouts).items():
        last = [view for view in views if view.state != "dropped"][-1:]
        if last and last[0].state in TROUBLES:
            worst[about] = last[0]
    return worst
