"""Messages to people on duty: at any hour, at once, past whatever the queue of reminders is held up by.

A lane of its own in the worker: it waits neither for the operator's hours nor for a slow call before it,
pays out of its own daily budget, and tries again within seconds. A second message to somebody on duty
harms less than none; the claims and leases are those of all messages.
"""

import logging
import secrets
from datetime import date, datetime, timedelta
from functools import partial
from time import monotonic
from typing import cast

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic import messaging
from clinic.clock import at, local
from clinic.config import settings
from clinic.db import db, reading, writing
from clinic.messaging import outbox, sending
from clinic.messaging.gate import Gate
from clinic.messaging.models import URGENT, Attempt, Message
from clinic.messaging.senders import Outcome, Unclear
from clinic.messaging.sending import Claimed, Mail, Unsent
from clinic.messaging.watchdog import Crew, TimedOut
from clinic.passes import phones
from clinic.privacy import sealing

CALL = "duty_call"  # the kind of a voice call
AT_ONCE = 16  # calls under way: a provider that hangs on some does not hold up the next
SOON = timedelta(seconds=5)
PATIENCE = 0.2  # seconds that one turn waits for answers
EXTENSION = "keshki.sending.urgent"

log = logging.getLogger(__name__)


class Lane:
    """The urgent messages of one worker process: what is under way outlives a turn."""

    def __init__(self) -> None:
        self._mail = Mail(messaging.sender(), Gate(), db.engine)
        self._crew: Crew[Claimed, Outcome | Unsent] = Crew(AT_ONCE, sending.POST_SECONDS)
        self._warned_on: date | None = None

    @property
    def open(self) -> int:
        """How many calls have not ended."""
        return self._crew.open

    def turn(self, now: datetime) -> int:
        """Claim what is due, hand it over, write down what has been answered; how many claims and answers."""
        self._mail.gate.answered()  # nothing shuts this lane
        fresh = self._claim(now)
        for claimed in fresh:
            self._crew.start(claimed, partial(sending.post, self._mail, claimed))
        done: list[tuple[Claimed, Outcome | Unsent]] = [
            (claimed, Unclear("time is up") if isinstance(result, TimedOut) else result)
            for claimed, result in self._crew.finished(PATIENCE)
        ]
        if done:
            with writing() as s:
                sending.record(s, done, now, lambda _n: SOON)
        return len(fresh) + len(done)

    def _claim(self, now: datetime) -> list[Claimed]:
        with reading() as s:
            due = s.scalar(select(Message.rid).where(sending.is_due(now), Message.kind.in_(URGENT)).limit(1))
            left = budget(s, now) if due is not None else 0
        if due is None:
            return []
        today = local(now).date()
        if not left and self._warned_on != today:
            self._warned_on = today
            log.error("SMS: today's budget of duty messages (KESHKI_DUTY_DAILY_CAP) is used up")
        if not left:
            return []
        with writing() as s:
            return claim(s, now, AT_ONCE)


def lane() -> Lane:
    """The lane of the current app in this process."""
    found = current_app.extensions.get(EXTENSION)
    if found is None:
        found = current_app.extensions[EXTENSION] = Lane()
    return cast(Lane, found)


def claim(s: Session, now: datetime, n: int) -> list[Claimed]:
    """Claim up to `n` due urgent messages, as far as today's budget reaches."""
    held_since = monotonic()
    due = s.execute(
        select(Message.rid, Message.to, Message.body, Message.not_after, Message.tries, Message.kind)
        .where(sending.is_due(now), Message.kind.in_(URGENT))
        .order_by(Message.due_at)
        .limit(min(n, budget(s, now)))
        .with_for_update(skip_locked=True)
    ).all()
    claimed = []
    for rid, sealed_to, sealed_body, not_after, tries, kind in due:
        try:
            to, body = sealing.open_(outbox.TO, rid, sealed_to), sealing.open_(outbox.BODY, rid, sealed_body)
        except sealing.Unreadable as error:
            sending.aside(s, rid, *sending.unread(error))
            continue
        if phones.country(to) not in settings().sms_countries:
            sending.aside(s, rid, "failed", "country")
            continue
        token = secrets.token_urlsafe(18)
        claimed.append(
            Claimed(rid, tries + 1, token, to, body, not_after, not_after, now, held_since, voice=kind == CALL)
        )
    if claimed:
        sending.take(s, claimed, now, 0)
    return claimed


def budget(s: Session, now: datetime) -> int:
    """How many urgent messages may still be tried today."""
    tried = s.scalar(
        select(func.count())
        .select_from(Attempt)
        .join(Message, Message.rid == Attempt.message_id)
        .where(Attempt.started_at >= at(local(now).date(), 0), Message.kind.in_(URGENT))
    )
    return max(0, settings().duty_daily_cap - (tried or 0))
