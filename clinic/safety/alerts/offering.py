"""Whether a signal may be offered, and to whom it goes first: by city, since help that is far knows no streets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic import messaging
from clinic.booking import cities
from clinic.db import Text3
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, LocationInfo
from clinic.directory.gazetteer import distance_m
from clinic.directory.models import Organization
from clinic.messaging import urgent
from clinic.safety.alerts import duty
from clinic.safety.alerts.duty import OnDuty

NEAR_M = 50_000


@dataclass(frozen=True, slots=True)
class Offer:
    """A signal may be given: who would be called, in their order, and until when the last of them is there.

    `near`: the first of them is responsible for a place near her city, or nobody knows her city.
    `by_phone`: the messages of the day are not used up; without them a signal is seen on their screens alone.
    """

    people: tuple[OnDuty, ...]
    organization: Text3
    city: Text3  # of the first of them
    near: bool
    by_phone: bool
    until: datetime


def offer(s: Session, now: datetime, city: str = "") -> Offer | None:
    """What may be offered at `now` to somebody in `city` (a key); None while nobody would come to know of a signal."""
    if not messaging.enabled() or not duty.looks(s, now):
        return None
    found = duty.to_call(s, now)
    doubted = duty.doubted(s, found)
    cat = catalogue.current(s)
    people = in_order(cat, [one for one in found if one.rid not in doubted], city)
    if not people:
        return None
    first = people[0]
    places = _places_of(cat, first)
    organization = s.scalars(select(Organization.name).where(Organization.id == first.organization_id)).one()
    return Offer(
        people=people,
        organization=organization,
        city=places[0].city if places else Text3(),
        near=is_near(cat, first, city),
        by_phone=urgent.budget(s, now) > 0,
        until=max(one.ends_at for one in people),
    )


def in_order(cat: Catalogue, people: Sequence[OnDuty], city: str) -> tuple[OnDuty, ...]:
    """Whom a signal from `city` (a key, or "") calls first: those responsible for a place near it."""
    return tuple(sorted(people, key=lambda one: not is_near(cat, one, city)))


def is_near(cat: Catalogue, one: OnDuty, city: str) -> bool:
    """Whether somebody is responsible for a place near a city; true of everybody where nobody knows the city."""
    here = cities.by_key(cat, city) if city else None
    if here is None:
        return True
    return any(distance_m(here.lat, here.lng, loc.lat, loc.lng) <= NEAR_M for loc in _places_of(cat, one))


def _places_of(cat: Catalogue, one: OnDuty) -> list[LocationInfo]:
    """The places for which somebody on duty is responsible, within the organization of this duty."""
    return [
        loc
        for loc in cat.locations.values()
        if loc.organization_id == one.organization_id and any(role.covers(loc) for role in one.covers)
    ]
