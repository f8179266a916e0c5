"""Receipts: what the provider tells about a message, found by the token of its attempt."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic.messaging import news, states
from clinic.messaging.models import Attempt

LONGEST_SID = 40
LONGEST_ERROR = 40


def take(s: Session, token: str, sid: str, status: str, error: str, now: datetime) -> bool:
    """Take a receipt in; receipts come twice and in any order. False when nobody knows its token.

    A receipt proves that the provider has the message, so it ends every doubt about its attempt. One
    whose message is gone has its copy erased at once.
    """
    if not sid or len(sid) > LONGEST_SID:
        return False
    found = s.execute(select(Attempt.message_id, Attempt.n, Attempt.sid).where(Attempt.token == token)).one_or_none()
    if found is None:
        states.erase_at(s, sid, now)
        return False
    message_id, n, known_sid = found
    if known_sid is None:
        _keep(s, message_id, n, sid)
    news.take(s, message_id, n, sid, status, error[:LONGEST_ERROR], now)
    return True


def _keep(s: Session, message_id: bytes, n: int, sid: str) -> None:
    """Remember the provider's number, unless the reconciler gave it to a twin of the same text and number."""
    try:
        with s.begin_nested():
            s.execute(
                update(Attempt)
                .where(Attempt.message_id == message_id, Attempt.n == n)
                .values(sid=sid, outcome="accepted")
                .execution_options(synchronize_session=False)
            )
    except IntegrityError:
        states.note(s, message_id, n, "accepted")
