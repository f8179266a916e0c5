"""What is ready for her, or still to come, on /mine: which place, and of which visit; the same for every result.

Day and number of the visit are those of the desk's list: by them it finds what is hers.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic import clock, wording
from clinic.booking import awaiting, showing
from clinic.directory.catalogue import Catalogue
from clinic.passes.passes import OpenPass


@dataclass(frozen=True, slots=True)
class Ready:
    """A place that has something for her or will have it, and how to reach it."""

    ready: bool
    day: str
    ticket: int
    until: str
    name: str
    address: str  # "" where the address opens with a booking only
    open_words: str
    phones: tuple[tuple[str, str], ...]  # (number to dial, as written)


def cards(s: Session, cat: Catalogue, pass_: OpenPass, now: datetime) -> list[Ready]:
    """What places have ready, or will have, under this pass."""
    language = wording.language_now()
    found = []
    today = clock.local(now).date()
    for location_id, thing in awaiting.of_pass(s, pass_.rid, now):
        loc = cat.locations.get(location_id)
        if loc is None:
            continue
        address = showing.street(loc, language) if loc.visibility != "district" else ""
        words, _open = showing.open_line(cat, loc, now)
        phones = tuple((showing.dial(phone), phone) for phone in showing.phones(loc.phone))
        day, until = wording.long_day(thing.day), wording.day_words(thing.forget_on, today)
        found.append(Ready(thing.ready, day, thing.ticket, until, loc.name[language], address, words, phones))
    return found
