"""The steps of a message's life, each one conditional UPDATE: what has moved on meanwhile stays as it is.

`waiting → sending → accepted → sent → delivered | undelivered`; ends: failed, dropped, expired, unknown.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_, select, update
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

_attempts: Any = Attempt.__table__
_TAKE_SID = (
    update(_attempts)
    .where(_attempts.c.message_id == bindparam("of"), _attempts.c.n == bindparam("nth"))
    .values(sid=bindparam("its_sid"), outcome="accepted")
)


def accepted(s: Session, taken: Sequence[tuple[bytes, int, str]], now: datetime) -> None:
    """The provider has taken these attempts: (message, n, its sid) each.

    Its copies are to be erased after a day, or earlier when final; at once when the message is gone here.
    """
    if not taken:
        return
    ids, sids = [message_id for message_id, _n, _sid in taken], [sid for _message_id, _n, sid in taken]
    rows = s.execute(
        select(Attempt.message_id, Attempt.n, Attempt.sid).where(
            or_(Attempt.message_id.in_(ids), Attempt.sid.in_(sids))
        )
    ).all()
    known = {message_id for message_id, _n, _sid in rows}
    # a sid that the reconciler has given to a twin (same text, same number) stays there
    holders = {sid: (message_id, n) for message_id, n, sid in rows}
    s.execute(
        _TAKE_SID,
        [
            {
                "of": message_id,
                "nth": n,
                "its_sid": sid if holders.get(sid, (message_id, n)) == (message_id, n) else None,
            }
            for message_id, n, sid in taken
        ],
        execution_options={"synchronize_session": False},
    )
    _rows(s, _forward(Message.rid.in_([rid for rid in ids if rid in known]), "accepted", "", now))
    _erase(s, [{"sid": sid, "due_at": now + NO_NEWS if rid in known else now, "tries": 0} for rid, _n, sid in taken])


def forward(s: Session, message_id: bytes, state: str, error: str, now: datetime) -> bool:
    """Move a message forward to a state that the provider reports, never back. False when it was farther."""
    return bool(_rows(s, _forward(Message.rid == message_id, state, error, now)))


def _forward(which: ColumnElement[bool], state: str, error: str, now: datetime) -> Any:
    farther: ColumnElement[bool] = Message.rank < RANK[state]
    if RANK[state] >= RANK["accepted"]:  # "unknown" has the rank of "sent", but any news is better than none
        farther = or_(farther, Message.state == "unknown")
    looks = None if state in FINAL else now + FIRST_LOOK
    values = {"state": state, "rank": RANK[state], "error": error, "lease_until": looks}
    return update(Message).where(which, farther).values(values)


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


def again(s: Session, message_id: bytes, n: int, due_at: datetime, error: str) -> bool:
    """Attempt `n` was taken and surely did not arrive, for a cause that goes: the message waits for another try.

    False when it is of no use any more: dropped, too late, delivered, or tried again already.
    """
    return bool(
        _rows(
            s,
            update(Message)
            .where(
                Message.rid == message_id,
                Message.tries == n,
                Message.state.in_(("sending", "accepted", "sent", "unknown")),
                Message.dropped_at.is_(None),
                Message.not_after > due_at,
            )
            .values(state="waiting", rank=RANK["waiting"], lease_until=None, error=error, due_at=due_at),
        )
    )


def is_newest(s: Session, message_id: bytes, n: int) -> bool:
    """Whether a message was not tried again since attempt `n`."""
    return s.scalar(select(Message.tries).where(Message.rid == message_id)) == n


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
    _erase(s, [{"sid": sid, "due_at": due_at, "tries": 0}])


def _erase(s: Session, rows: Sequence[dict[str, Any]]) -> None:
    insert: Any = postgres_insert if s.get_bind().dialect.name == "postgresql" else sqlite_insert
    fresh = insert(Erasure.__table__)
    s.execute(
        fresh.on_conflict_do_update(
            index_elements=[Erasure.sid],
            set_={"due_at": fresh.excluded.due_at},
            where=Erasure.due_at > fresh.excluded.due_at,
        ),
        rows,
    )


def _rows(s: Session, statement: Any) -> int:
    """How many rows an UPDATE changed."""
    result: Any = s.execute(statement.execution_options(synchronize_session=False))
    return int(result.rowcount)
