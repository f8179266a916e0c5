"""Data for tests: plain functions with good defaults. Each writes, and returns the row."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.db import Text3
from clinic.directory.models import (
    Location,
    LocationService,
    Organization,
    Room,
    RoomService,
    Service,
)

ALWAYS = "Mo-Su 06:00-30:00"
EVENINGS = "Mo-Fr 14:00-21:00"
_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"


def text3(word: str) -> Text3:
    return Text3(kk=f"{word} (kk)", ru=f"{word} (ru)", en=word)


def _count(s: Session, model: type) -> int:
    return s.scalar(select(func.count()).select_from(model)) or 0


def a_service(
    s: Session,
    slug: str = "check",
    minutes: int = 20,
    asks_id: bool = False,
    walk_in_only: bool = False,
    name: str = "Quick test",
    by_phone: bool = False,
) -> Service:
    row = Service(
        number=_count(s, Service) + 1,
        slug=slug,
        name=text3(name),
        note=Text3(),
        minutes=minutes,
        asks_id=asks_id,
        walk_in_only=walk_in_only,
        by_phone=by_phone,
    )
    s.add(row)
    s.flush()
    return row


def an_organization(s: Session, slug: str = "org") -> Organization:
    found = s.scalar(select(Organization).where(Organization.slug == slug))
    if found:
        return found
    row = Organization(slug=slug, name=text3(slug))
    s.add(row)
    s.flush()
    return row


def a_location(
    s: Session,
    name: str = "Saya",
    hours: str = EVENINGS,
    hours_ph: str = "off",
    lat: float = 43.24,
    lng: float = 76.93,
    visibility: str = "open",
    kind: str = "clinic",
    bookable: bool = True,
    seen: date | None = date(2026, 11, 24),
    lead_minutes: int = 0,
    days_ahead: int = 14,
    organization: str = "org",
    services: tuple[Service, ...] = (),
    phone: str = "+7 700 000 00 01",
) -> Location:
    """A bookable place in Almaty whose roster was opened on 24 November 2026; it has no room yet."""
    n = _count(s, Location)
    slug = "".join(_SIGNS[(n // len(_SIGNS) ** i) % len(_SIGNS)] for i in range(4, -1, -1))
    row = Location(
        organization_id=an_organization(s, organization).id,
        key=f"place-{n}",
        slug=slug,
        kind=kind,
        visibility=visibility,
        name=text3(name),
        city=Text3(kk="Алматы", ru="Алматы", en="Almaty"),
        district=Text3(kk="Алмалы ауданы", ru="Алмалинский район", en="Almaly district"),
        address=Text3(kk="Байтұрсынов к-сі, 78", ru="ул. Байтурсынова, 78", en="78 Baitursynov st."),
        way_in=Text3(),
        lat=lat,
        lng=lng,
        phone=phone,
        hours=hours,
        hours_ph=hours_ph,
        languages="kk,ru",
        bookable=bookable,
        desk_seen_on=seen,
        lead_minutes=lead_minutes,
        days_ahead=days_ahead,
    )
    s.add(row)
    s.flush()
    for service in services:
        s.add(LocationService(location_id=row.id, service_id=service.id, cost=Text3()))
    s.flush()
    return row


def a_room(
    s: Session,
    location: Location,
    services: tuple[Service, ...],
    name: str = "Room 3",
    hours: str | None = None,
    hours_ph: str | None = None,
    pause: int = 0,
    phone: str = "",
) -> Room:
    n = _count(s, Room)
    row = Room(location_id=location.id, key=f"room-{n}", name=text3(name), hours=hours, hours_ph=hours_ph, pause=pause,
               phone=phone)  # fmt: skip
    s.add(row)
    s.flush()
    for service in services:
        s.add(RoomService(room_id=row.id, service_id=service.id))
        if s.get(LocationService, (location.id, service.id)) is None:
            s.add(LocationService(location_id=location.id, service_id=service.id, cost=Text3()))
    s.flush()
    return row
