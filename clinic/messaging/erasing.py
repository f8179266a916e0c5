"""Deleting the provider's copies: number, sender and text stay at the provider no longer than needed."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from clinic import messaging
from clinic.db import reading, writing
from clinic.messaging.models import Erasure, Message
from clinic.messaging.senders import AskFailed, NotYet

AT_ONCE = 20
LEASE = timedelta(minutes=5)
BACKOFF, LONGEST_BACKOFF = timedelta(minutes=10), timedelta(days=1)
LAST_TRY = 20

log = logging.getLogger(__name__)


def work_once(now: datetime) -> int:
    """Delete what is due, unless an open attempt still needs the provider's list; how many are gone."""
    sender = messaging.sender()
    with reading() as s:
        in_doubt = s.scalar(select(Message.rid).where(Message.state == "sending", Message.lease_until <= now).limit(1))
    if in_doubt is not None:
        return 0
    with writing() as s:
        due = s.execute(
            select(Erasure.sid, Erasure.tries)
            .where(Erasure.due_at <= now)
            .order_by(Erasure.due_at)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for sid, tries in due:
            # until then the lease; after that, where the deletion failed, the time to try again
            again = now + max(LEASE, min(LONGEST_BACKOFF, BACKOFF * 2 ** min(tries, 10)))
            s.execute(update(Erasure).where(Erasure.sid == sid).values(due_at=again, tries=tries + 1))
    gone, unasked = [], []
    for nth, (sid, tries) in enumerate(due):
        try:
            sender.erase(sid)
            gone.append(sid)
        except (NotYet, AskFailed) as failure:
            if tries + 1 >= LAST_TRY:
                log.error("SMS: a copy at the provider could not be deleted in %d tries; delete it by hand", LAST_TRY)
                gone.append(sid)
            if isinstance(failure, AskFailed):  # no answer to one is none to the next
                unasked = [other for other, _tries in due[nth + 1 :]]
                break
    if gone or unasked:
        with writing() as s:
            s.execute(delete(Erasure).where(Erasure.sid.in_(gone)))
            later = update(Erasure).where(Erasure.sid.in_(unasked))
            s.execute(later.values(due_at=now + LEASE, tries=Erasure.tries - 1))
    return len(gone)
