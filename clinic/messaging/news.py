"""What the provider says of a message, and what follows from it: the one place for all three ways it may say so
(the answer to sending, a receipt, the answer to a question). What each error code is about: `senders/answers.py`.
"""

import logging
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.messaging import outbox, states
from clinic.messaging.gate import STOPPED_FOR
from clinic.messaging.models import Message
from clinic.messaging.senders import answers
from clinic.passes import passes
from clinic.privacy import sealing

BAD = ("failed", "undelivered", "canceled")  # the provider's words for what did not arrive
WHY = "number"  # why what waited was dropped

log = logging.getLogger(__name__)


def take(s: Session, message_id: bytes, n: int, sid: str, status: str, error: str, now: datetime) -> bool:
    """Write down the provider's word for where attempt `n` of a message is; whether that moved it on.

    Its copy there goes once the word is final. What failed because of the account, or of a full queue,
    waits for another try; what failed because of the number is the last that goes there.
    """
    state = states.PROVIDER_STATES.get(status, "accepted")
    about = answers.about(error) if state in ("failed", "undelivered") else ""
    states.erase_at(s, sid, now if state in states.FINAL else now + states.NO_NEWS)
    if about in (answers.ACCOUNT, answers.LATER) and states.again(
        s, message_id, n, now + STOPPED_FOR, error if about == answers.ACCOUNT else ""
    ):
        states.note(s, message_id, n, "refused")
        if about == answers.ACCOUNT:
            log.error("SMS: the account or its sender needs repair (error %s); the message waits", error)
        return True
    if about and not states.is_newest(s, message_id, n):
        return False  # it was tried again since: the newer try says what became of it
    if about == answers.NUMBER:
        _unreached(s, message_id, now)
    return states.forward(s, message_id, state, error, now)


def refused(s: Session, message_id: bytes, n: int, error: str, now: datetime) -> None:
    """Attempt `n` was refused for good: the message has failed; a number that takes none gets no other."""
    if answers.about(error) in (answers.NUMBER, answers.ACCOUNT):  # the latter only where others do go out
        _unreached(s, message_id, now)
    states.note(s, message_id, n, "refused")
    states.end(s, message_id, n, "failed", error)


def _unreached(s: Session, message_id: bytes, now: datetime) -> None:
    """No message reaches the number of this one. Kept with its pass, so that nothing more is put or promised."""
    row = s.execute(
        select(Message.pass_id, Message.to).where(Message.rid == message_id, Message.state != "delivered")
    ).one_or_none()
    if row is None or row.pass_id is None:
        return
    try:
        number = sealing.open_(outbox.TO, message_id, row.to)
    except sealing.Unreadable:
        return
    if passes.unreached(s, row.pass_id, number):
        outbox.drop_all(s, row.pass_id, now, WHY, but=message_id)
