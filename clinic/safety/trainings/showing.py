"""Trainings in words: when, where, for whom, whether there are seats. No number of seats is told to anybody."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from clinic import clock, wording
from clinic.booking import showing
from clinic.directory.catalogue import Catalogue, LocationInfo
from clinic.safety.pages import shown
from clinic.safety.trainings.plans import FEW
from clinic.safety.trainings.reading import TrainingView
from clinic.wording import gettext as _

LINK_OPENS = timedelta(hours=24)  # before it begins, so that there is time to try it out

KIND_WORDS: dict[str, Any] = {"physical": _l("safety on the way and at work"), "digital": _l("phone and internet")}


@dataclass(frozen=True, slots=True)
class TrainingCard:
    """A training as a list and its page show it; `seats`: free | few | full | over | cancelled."""

    training: TrainingView
    name: str
    kind: str
    when: str
    length: str
    city: str
    where: str
    spoken: str
    about: str
    for_whom: str
    seats: str
    seats_words: str
    example: bool


def card(cat: Catalogue, training: TrainingView, waits: bool, now: datetime) -> TrainingCard | None:
    """A training in words; None when its place is no longer known. `waits`: somebody stands in its line."""
    loc = cat.locations.get(training.location_id)
    if loc is None:
        return None
    language = wording.language_now()
    seats = state(training, waits, now)
    return TrainingCard(
        training=training,
        name=training.name[language],
        kind=str(KIND_WORDS[training.kind]),
        when=showing.day_and_time(training.starts_at, now),
        length=wording.minutes_words(training.minutes),
        city="" if training.place == "online" else loc.city[language],
        where=where(training, loc, language),
        spoken=", ".join(showing.spoken_words(code) for code in training.languages),
        about=training.about[language],
        for_whom=training.for_whom[language],
        seats=seats,
        seats_words=seats_words(seats),
        example=loc.example,
    )


def away(cat: Catalogue, training: TrainingView) -> bool:
    """Whether it is to be at a place that is stopped: then nobody is shown where, nor given a seat."""
    loc = cat.locations.get(training.location_id)
    return training.place != "online" and loc is not None and loc.stopped_at is not None


def state(training: TrainingView, waits: bool, now: datetime) -> str:
    """Whether a seat can be taken: free | few | full | over | cancelled."""
    if training.cancelled:
        return "cancelled"
    if training.begun(now):
        return "over"
    free = 0 if waits else training.seats - training.taken
    return "full" if free <= 0 else "few" if free < FEW else "free"


def seats_words(seats: str) -> str:
    """The state in a word or two, for the chip."""
    words = {
        "free": _("there are seats"),
        "few": _("few seats left"),
        "full": _("full, there is a line"),
        "over": _("it is over"),
        "cancelled": _("cancelled"),
    }
    return words[seats]


def where(training: TrainingView, loc: LocationInfo, language: str) -> str:
    """Where it is, as far as everybody may know."""
    if training.place == "online":
        return _("Online")
    if training.place == "open" and loc.visibility == "open":
        return ", ".join(part for part in (loc.name[language], showing.street(loc, language)) if part)
    return ", ".join(part for part in (loc.city[language], loc.district[language]) if part)


def opens(training: TrainingView, loc: LocationInfo) -> datetime | None:
    """When address or link open under the code; None where the page says them to everybody."""
    if training.place == "online":
        return training.starts_at - LINK_OPENS
    if training.place == "open" and loc.visibility == "open":
        return None
    return training.starts_at - timedelta(minutes=loc.reveal_minutes)


def way(training: TrainingView, loc: LocationInfo, language: str, now: datetime) -> str:
    """What is told under the code by now: address or link; "" while it is closed, or not written yet."""
    moment = opens(training, loc)
    if moment is None or now < moment:
        return ""
    if training.place == "online" or training.way:
        return training.way
    address = f"{loc.name[language]}, {showing.street(loc, language)}. {loc.way_in[language]}"
    return address.strip().removesuffix(".")


def materials(s: Session, page: int | None) -> int | None:
    """The page with what is shown there, while it is served to everybody."""
    if page is None:
        return None
    return page if any(one.section != "staff" for one in shown.languages_of(s, page)) else None


def opens_words(training: TrainingView, loc: LocationInfo, now: datetime) -> str:
    """When address or link open under the code, in words; "" once they are open, or where all may know them."""
    moment = opens(training, loc)
    if moment is None or now >= moment:
        return ""
    today = clock.local(now).date()
    day = clock.local(moment).date()
    return wording.at(moment) if day == today else f"{wording.day_words(day, today)}, {wording.time_words(moment)}"
