"""What she tells with a signal, as one sealed text: where, how to call back, what others may do for her."""

import json
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta

from clinic import clock
from clinic.privacy import keys, sealing

ALERT, WORD, CHECK_IN = "alert.body", "alert_word.body", "check_in.body"
KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Told:
    """All of it may be empty. `forced`: it came from the second word of a check-in; `wish`: what she wants done."""

    language: str = "ru"
    where: str = field(default="", repr=False)
    lat: float | None = field(default=None, repr=False)
    lng: float | None = field(default=None, repr=False)
    phone: str = field(default="", repr=False)
    may_103: bool = False
    may_102: bool = False
    quiet: bool = False
    follow: bool = False  # her position again while the signal is on
    wish: str = field(default="", repr=False)
    city: str = ""  # key of the city that she chose or that this browser remembers
    unwell: bool = False  # she cannot write, and she is not well
    checked_in: bool = False
    forced: bool = False

    @property
    def says_something(self) -> bool:
        """Whether whoever is on duty can do more with it than write to her page."""
        return bool(self.where or self.phone or self.wish or self.lat is not None)


def forget_on(until: datetime) -> date:
    """The last day on which what is sealed now can be opened; never one whose key has gone already."""
    day = clock.local(until).date()
    return max(day, keys.ring().day)


def seal(told: Told, context: str, row: bytes, until: datetime) -> bytes:
    """The sealed text of `told`, to be forgotten with the day of `until`."""
    return sealing.seal(forget_on(until), context, row, json.dumps(asdict(told), ensure_ascii=False))


def open_(context: str, row: bytes, box: bytes) -> Told:
    """What she told; nothing at all once its day has passed, or where the box cannot be opened."""
    try:
        return Told(**json.loads(sealing.open_(context, row, box)))
    except sealing.Unreadable:
        return Told()
