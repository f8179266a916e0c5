"""Whether this worker may claim messages now: pauses after refusals, a stop, three unclear calls in a row."""

import logging
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock
from typing import cast

from flask import current_app

from clinic.messaging.senders import Accepted, Later, Outcome, Refused, Stop, Unclear, answers

EXTENSION = "keshki.sending.gate"
UNCLEAR_IN_A_ROW = 3
PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)
STOPPED_FOR = timedelta(minutes=15)
PROVED = timedelta(hours=1)  # so long after a message was taken the sender is known to be good

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Gate:
    """The state of one worker process; another one finds out by itself."""

    shut_until: datetime | None = None
    capped_on: date | None = None
    laters: int = 0
    unclear: int = 0
    good_at: datetime | None = None  # when a message was last taken
    lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def broken(self) -> bool:
        """Three calls in a row ended unclear: nothing is claimed until one question is answered."""
        return self.unclear >= UNCLEAR_IN_A_ROW

    def may_claim(self, now: datetime) -> bool:
        return not self.broken and (self.shut_until is None or now >= self.shut_until)

    def heard(self, outcome: Outcome, now: datetime) -> Outcome:
        """Learn from the outcome of a call; the threads that call tell it themselves, at once.

        Returns what it means: a sender that was good just now is no reason to stop, its number is.
        """
        with self.lock:
            if isinstance(outcome, Stop) and outcome.error in answers.PAIR and self._is_proved(now):
                outcome = Refused(outcome.error)
            self._learn(outcome, now)
        return outcome

    def _is_proved(self, now: datetime) -> bool:
        return self.good_at is not None and now - self.good_at <= PROVED

    def _learn(self, outcome: Outcome, now: datetime) -> None:
        match outcome:
            case Unclear():
                self.unclear += 1
                if self.unclear == UNCLEAR_IN_A_ROW:
                    log.error("SMS: three calls in a row ended unclear; nothing is sent until the provider answers")
            case Stop(error):
                self.shut_until = now + STOPPED_FOR
                log.error("SMS: the queue has stopped, the account or its settings need repair (error %s)", error)
            case Later(_, wait):
                self.laters += 1
                self.shut_until = now + max(wait, min(LONGEST_PAUSE, PAUSE * 2 ** min(self.laters - 1, 10)))
            case Accepted():
                self.laters = self.unclear = 0
                self.good_at = now
            case Refused():
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
