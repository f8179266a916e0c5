"""Whether this worker may claim messages now: pauses after refusals, a stop, three unclear calls in a row."""

import logging
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock
from typing import cast

from flask import current_app

from clinic.messaging.senders import Accepted, Later, Outcome, Refused, Stop, Unclear

EXTENSION = "keshki.sending.gate"
UNCLEAR_IN_A_ROW = 3
PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)
STOPPED_FOR = timedelta(minutes=15)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Gate:
    """The state of one worker process; another one finds out by itself."""

    shut_until: datetime | None = None
    capped_on: date | None = None
    laters: int = 0
    unclear: int = 0
    lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def broken(self) -> bool:
        """Three calls in a row ended unclear: nothing is claimed until one question is answered."""
        return self.unclear >= UNCLEAR_IN_A_ROW

    def may_claim(self, now: datetime) -> bool:
        return not self.broken and (self.shut_until is None or now >= self.shut_until)

    def heard(self, outcome: Outcome, now: datetime) -> None:
        """Learn from the outcome of a call; the threads that call tell it themselves, at once."""
        with self.lock:
            self._learn(outcome, now)

    def _learn(self, outcome: Outcome, now: datetime) -> None:
        match outcome:
            case Unclear():
                self.unclear += 1
                if self.unclear == UNCLEAR_IN_A_ROW:
                    log.error("SMS: three calls in a row ended unclear; nothing is sent until the provider answers")
            case Stop(error):
                self.shut_until = now + STOPPED_FOR
                log.error("SMS: the queue has stopped, the account or its settings need repair (error %s)", error)
            case Later():
                self.laters += 1
                self.shut_until = now + min(LONGEST_PAUSE, PAUSE * 2 ** min(self.laters - 1, 10))
            case Accepted() | Refused():
                self.laters = self.unclear = 0

    def cap_reached(self, today: date, now: datetime) -> None:
        """The day's cap is reached: look again later, and say so once a day."""
        self.shut_until = now + STOPPED_FOR
        if self.capped_on != today:
            self.capped_on = today
            log.error("SMS: today's cap (KESHKI_SMS_DAILY_CAP) is reached; what is due waits")

    def answered(self) -> None:
        """A question was answered: the provider is there."""
        self.unclear = 0


def gate() -> Gate:
    """The gate of the current app in this process."""
    found = current_app.extensions.get(EXTENSION)
    if found is None:
        found = current_app.extensions[EXTENSION] = Gate()
    return cast(Gate, found)
