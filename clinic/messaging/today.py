"""How many messages of today each number may have got: counted once, then kept up to date, in memory only.

Every claim asks it, so it must not grow with the day: it reads what other workers have claimed since it last
looked (claims are numbered), and anew only what had no outcome yet. Numbers stand here as digests under a
key of this process. What was erased meanwhile counts on: otherwise whoever books and forgets again and
again could have any number called upon without end.
"""

import secrets
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, cast

from flask import current_app
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from clinic.clock import at, local
from clinic.config import settings
from clinic.messaging import outbox
from clinic.messaging.models import URGENT, Attempt, Message
from clinic.privacy import sealing

NOT_TAKEN = ("later", "unsent", "absent", "refused")  # outcomes after which the provider surely has nothing
EXTENSION = "keshki.sending.today"
_PART = 500
_KEY = secrets.token_bytes(32)

Try = tuple[bytes, int]  # message and attempt


@dataclass(slots=True)
class Today:
    """What this process knows of one day's messages."""

    day: date
    claim: int = -1  # the last claim that was read
    numbers: Counter[bytes] = field(default_factory=Counter)
    total: int = 0
    _digests: dict[Try, bytes] = field(default_factory=dict)
    _counted: set[Try] = field(default_factory=set)
    _open: set[bytes] = field(default_factory=set)  # messages with an attempt whose outcome is not known yet

    def to(self, number: str) -> int:
        """How many a number may have got."""
        return self.numbers[digest(number)]

    def add(self, rid: bytes, n: int, number: str) -> None:
        """This process is about to try: it counts from now on, even if it is erased before anybody looks."""
        self._digests[rid, n] = digest(number)
        self._set((rid, n), True)
        self._open.add(rid)

    def read(self, s: Session, again: Collection[bytes]) -> None:
        """Bring it up to date; the attempts of the messages `again` are read whatever was known of them."""
        if self.claim < 0:
            self._take(s, Attempt.started_at >= at(self.day, 0))
        else:
            self._take(s, Attempt.claim > self.claim)
        known = sorted({*self._open, *again})
        for begin in range(0, len(known), _PART):
            part = known[begin : begin + _PART]
            self._open.difference_update(part)  # what is gone meanwhile counts as it stood
            self._take(s, Attempt.message_id.in_(part), Attempt.started_at >= at(self.day, 0))

    def _take(self, s: Session, *which: ColumnElement[bool]) -> None:
        rows = s.execute(
            select(Attempt.message_id, Attempt.n, Attempt.outcome, Attempt.claim, Message.to)
            .join(Message, Message.rid == Attempt.message_id)
            .where(*which, Message.kind.not_in(URGENT))
        ).all()
        for rid, n, outcome, claim, to in rows:
            self.claim = max(self.claim, claim)
            self._count((rid, n), outcome, to)
        self.claim = max(self.claim, 0)

    def _count(self, one: Try, outcome: str, to: bytes) -> None:
        if one not in self._digests:
            self._digests[one] = _of_sealed(one[0], to)
        if outcome in ("", "unclear"):
            self._open.add(one[0])
        self._set(one, outcome not in NOT_TAKEN)

    def _set(self, one: Try, counts: bool) -> None:
        if counts == (one in self._counted):
            return
        (self._counted.add if counts else self._counted.discard)(one)
        self.numbers[self._digests[one]] += 1 if counts else -1
        self.total += 1 if counts else -1


def today(now: datetime) -> Today:
    """What the current app's process knows of the Date of `now`."""
    day = local(now).date()
    found = current_app.extensions.get(EXTENSION)
    if found is None or found.day != day:
        found = current_app.extensions[EXTENSION] = Today(day)
    return cast(Today, found)


def next_claim(s: Session, now: datetime) -> int:
    """The number of a new claim: above all others, also of those that were erased. Claims follow one another."""
    last: Any = s.scalar(select(func.max(Attempt.claim)))
    return max((last or 0) + 1, int(now.timestamp() * 1000))


def digest(number: str) -> bytes:
    """A number as it stands in memory."""
    return blake2b(number.encode(), key=_KEY, digest_size=16).digest()


def is_spent(s: Session, now: datetime) -> bool:
    """Whether the day's budget of messages is used up: what is due today goes out tomorrow, or not at all.

    Whoever offers a message asks this before it is counted on.
    """
    most = settings().sms_daily_cap
    tried = (
        select(Attempt.n)
        .join(Message, Message.rid == Attempt.message_id)
        .where(
            Attempt.started_at >= at(local(now).date(), 0),
            Attempt.outcome.not_in(NOT_TAKEN),
            Message.kind.not_in(URGENT),
        )
        .limit(most)
    )
    return (s.scalar(select(func.count()).select_from(tried.subquery())) or 0) >= most


def _of_sealed(rid: bytes, to: bytes) -> bytes:
    try:
        return digest(sealing.open_(outbox.TO, rid, to))
    except sealing.Unreadable:
        return b""
