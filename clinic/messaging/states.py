"""The steps of a message's life, each one conditional UPDATE: what has moved on meanwhile stays as it is.

`waiting → sending → accepted → sent → delivered | undelivered`; ends: failed, dropped, expired, unknown.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from clinic.messaging.models import RANK, Attempt, Erasure, Message

FINAL = ("delivered", "undelivered", "failed")
NO_NEWS = timedelta(hours=24)  # without news for so long the provider's copy goes all the same
FIRST_LOOK = timedelta(minutes=10)  # then we ask for news, where no receipt came

# Twilio's words for where a message is; those it does not know yet count as "it has it"
PROVIDER_STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
}


def accepted(s: Session, message_id: bytes, n: int, sid: str, now: datetime) -> bool:
    """The provider has taken attempt `n` under `sid`. False when message and attempt are gone.

    Its copy is to be erased after a day, or earlier when final; at once when nobody here knows it any more.
    """
    known = _rows(
        s, update(Attempt).where(Attempt.message_id == message_id, Attempt.n == n).values(sid=sid, outcome="accepted")
    )
    erase_at(s, sid, now + NO_NEWS if known else now)
    if known:
        forward(s, message_id, "accepted", "", now)
    return bool(known)


def forward(s: Session, message_id: bytes, state: str, error: str, now: datetime) -> bool:
    """Move a message forward to a state that the provider reports, never back. False when it was farther."""
    farther: ColumnElement[bool] = Message.rank < RANK[state]
    if RANK[state] >= RANK["accepted"]:  # "unknown" has the rank of "sent", but any news is better than none
        farther = or_(farther, Message.state == "unknown")
    looks = None if state in FINAL else now + FIRST_LOOK
    moved = (
        update(Message)
        .where(Message.rid == message_id, farther)
        .values(state=state, rank=RANK[state], error=error, lease_until=looks)
    )
    return bool(_rows(s, moved))


def back(s: Session, message_id: bytes, n: int, due_at: datetime | None, error: str) -> None:
    """Attempt `n` surely did not go out: the message waits again (from `due_at`, if given), or is dropped."""
    ours = (Message.rid == message_id, Message.tries == n, Message.state == "sending")
    values: dict[str, Any] = {"state": "waiting", "rank": RANK["waiting"], "lease_until": None, "error": error}
    if due_at is not None:
        values["due_at"] = due_at
    _rows(
        s,
        update(Message)
        .where(*ours, Message.dropped_at.is_not(None))
        .values(state="dropped", rank=RANK["dropped"], lease_until=None),
    )
    _rows(s, update(Message).where(*ours).values(values))


def end(s: Session, message_id: bytes, n: int, state: str, error: str) -> None:
    """Attempt `n` was the last: the message ends as failed, unknown, expired or dropped."""
    _rows(
        s,
        update(Message)
        .where(Message.rid == message_id, Message.tries == n, Message.state == "sending")
        .values(state=state, rank=RANK[state], error=error, lease_until=None),
    )


def note(s: Session, message_id: bytes, n: int, outcome: str) -> None:
    """Write down how attempt `n` ended."""
    _rows(s, update(Attempt).where(Attempt.message_id == message_id, Attempt.n == n).values(outcome=outcome))


def erase_at(s: Session, sid: str, due_at: datetime) -> None:
    """The provider's copy `sid` is to be deleted at `due_at`, or earlier when that was already so."""
    insert: Any = postgres_insert if s.get_bind().dialect.name == "postgresql" else sqlite_insert
    fresh = insert(Erasure).values(sid=sid, due_at=due_at, tries=0)
    s.execute(
        fresh.on_conflict_do_update(
            index_elements=[Erasure.sid],
            set_={"due_at": fresh.excluded.due_at},
            where=Erasure.due_at > fresh.excluded.due_at,
        )
    )


def _rows(s: Session, statement: Any) -> int:
    """How many rows an UPDATE changed."""
    result: Any = s.execute(statement.execution_options(synchronize_session=False))
    return int(result.rowcount)
