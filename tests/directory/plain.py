"""A catalogue made of nothing but values, without a database."""

from collections.abc import Mapping
from datetime import date, datetime

from clinic.db import Text3
from clinic.directory.catalogue import Catalogue, ClosureInfo, DecreeInfo, LocationInfo, RoomInfo

NAME = Text3("Сая", "Сая", "Saya")


def a_room(
    id: int = 1, hours: str | None = None, hours_ph: str | None = None, retired_on: date | None = None
) -> RoomInfo:
    return RoomInfo(id, 1, NAME, hours, hours_ph, 0, frozenset({1}), retired_on)


def a_place(
    hours: str = "Mo-Fr 09:00-18:00",
    hours_ph: str = "off",
    closures: tuple[tuple[int | None, datetime, datetime], ...] = (),
    rooms: tuple[RoomInfo, ...] = (a_room(),),
    bookable: bool = True,
    desk_seen_on: date | None = None,
) -> LocationInfo:
    """A place; each closure is (room id or None, start, end) in UTC."""
    return LocationInfo(
        id=1, organization_id=1, organization=NAME, key="saya", slug="aaaaa", kind="clinic", visibility="open",
        consent_on=None, name=NAME, city=NAME, district=NAME, address=NAME, way_in=NAME, lat=43.2, lng=76.9,
        approximate=False, phone="", hours=hours, hours_ph=hours_ph, languages=("kk", "ru"), step_free=None,
        all_genders=None, with_migrants=None, bookable=bookable, lead_minutes=20, days_ahead=14, cancel_minutes=0,
        grace_minutes=10, reveal_minutes=60, source="", source_date="", checked_on=None, checked_by="",
        desk_seen_on=desk_seen_on, example=False, rooms=rooms, services={},
        closures=tuple(ClosureInfo(n, room, start, end) for n, (room, start, end) in enumerate(closures)),
    )  # fmt: skip


def a_catalogue(place: LocationInfo | None = None, decrees: Mapping[date, str] | None = None) -> Catalogue:
    """A catalogue of one place at most; `decrees` says off or work of a day."""
    places = {} if place is None else {place.id: place}
    return Catalogue(
        version=1, locations=places, by_slug={loc.slug: loc for loc in places.values()}, services={},
        service_by_number={}, service_by_slug={}, places=(),
        decrees={day: DecreeInfo(day, kind, Text3()) for day, kind in (decrees or {}).items()},
    )  # fmt: skip
