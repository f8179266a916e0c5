"""A small ready city for tests: one bookable clinic in Almaty with two rooms, one friendly NGO."""

from dataclasses import dataclass
from datetime import date

from clinic.db import writing
from clinic.directory.catalogue import changed
from tests import factories


@dataclass(frozen=True, slots=True)
class City:
    """Ids and slugs of what `build` made."""

    saya: str
    saya_id: int
    rooms: tuple[int, int]
    ngo: str
    quick: int  # 20 minutes
    second: int  # 20 minutes
    doctor: int  # 40 minutes, asks for ID
    pep: int  # walk-in only


def build(seen: date = date(2026, 11, 24)) -> City:
    """Write the city into the database of the current app."""
    with writing() as s:
        quick = factories.a_service(s, slug="check", minutes=20, name="Quick test")
        second = factories.a_service(s, slug="second", minutes=20, name="Second test")
        doctor = factories.a_service(s, slug="doctor", minutes=40, asks_id=True, name="Screening")
        pep = factories.a_service(s, slug="now", minutes=30, walk_in_only=True, name="Pills at once")
        saya = factories.a_location(s, "Saya", hours="Mo-Su 14:00-26:00", hours_ph="14:00-26:00", seen=seen)
        one = factories.a_room(s, saya, (quick, second, doctor), name="Room 3")
        two = factories.a_room(s, saya, (quick, second), name="Room 4", pause=10)
        ngo = factories.a_location(s, "Shamshyraq", lat=43.25, lng=76.94, kind="ngo", seen=seen)
        factories.a_room(s, ngo, (quick, pep), name="Room")
        changed(s)
        return City(saya.slug, saya.id, (one.id, two.id), ngo.slug, quick.id, second.id, doctor.id, pep.id)
