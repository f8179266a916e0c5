"""Where else: free times for a visit that its place took off, as buttons that carry her code on."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic import clock, wording
from clinic.booking import availability, showing, typed
from clinic.booking.appointments import AppointmentView
from clinic.directory import catalogue
from clinic.directory.catalogue import LocationInfo

SHOWN = 2


@dataclass(frozen=True, slots=True)
class Instead:
    """A free time for the same services; `start` and `numbers` as the booking form reads them."""

    slug: str
    place: str
    when: str
    start: str
    numbers: tuple[int, ...]


def instead(s: Session, view: AppointmentView, now: datetime) -> tuple[Instead, ...]:
    """The nearest free times here or in town, while the day of the visit is not over."""
    if not view.by_place or view.status != "cancelled" or not view.services:
        return ()
    if clock.service_day(view.start) < clock.service_day(now):
        return ()
    cat = catalogue.current(s)
    services = frozenset(service.id for service in view.services)
    found = availability.alternatives(s, cat, view.location, services, view.start, now, SHOWN)
    numbers = tuple(sorted(service.number for service in view.services))
    language = wording.language_now()

    def one(loc: LocationInfo, start: datetime) -> Instead:
        when = showing.day_and_time(start, now)
        return Instead(loc.slug, loc.name[language], when, typed.start_value(start), numbers)

    return tuple(one(loc, slot.start) for loc, slot in found[:SHOWN])
