"""What is ready for her, on /mine: which place, and that alone; the same sentence for every result."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic import wording
from clinic.booking import awaiting, showing
from clinic.directory.catalogue import Catalogue
from clinic.passes.passes import OpenPass


@dataclass(frozen=True, slots=True)
class Ready:
    """A place that has something for her, and how to reach it."""

    name: str
    address: str  # "" where the address opens with a booking only
    open_words: str
    phones: tuple[tuple[str, str], ...]  # (number to dial, as written)


def cards(s: Session, cat: Catalogue, pass_: OpenPass, now: datetime) -> list[Ready]:
    """The places with something ready under this pass."""
    language = wording.language_now()
    found = []
    for location_id in awaiting.of_pass(s, pass_.rid, now):
        loc = cat.locations.get(location_id)
        if loc is None:
            continue
        address = loc.address[language] if loc.visibility != "district" else ""
        words, _open = showing.open_line(cat, loc, now)
        phones = tuple((showing.dial(phone), phone) for phone in showing.phones(loc.phone))
        found.append(Ready(loc.name[language], address, words, phones))
    return found
