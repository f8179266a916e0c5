"""Setting a place up and changing it: its entry, its rooms, what is done there. Each raises the catalogue's version."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from clinic.db import Text3
from clinic.directory import catalogue
from clinic.directory.importing import new_slug
from clinic.directory.models import Location, LocationService, Room, RoomService


def create(s: Session, organization_id: int, values: Mapping[str, Any], services: Collection[int]) -> Location:
    """A new place with what is done there. `s` writes."""
    slug = new_slug(set(s.scalars(select(Location.slug))))
    place = Location(organization_id=organization_id, key=f"place-{slug}", slug=slug, **values)
    s.add(place)
    s.flush()
    s.add_all(LocationService(location_id=place.id, service_id=one, cost=Text3()) for one in sorted(services))
    catalogue.changed(s)
    return place


def change(s: Session, location_id: int, values: Mapping[str, Any], services: Collection[int]) -> None:
    """Other values and services of a place; what a service costs stays, rooms lose what is dropped. `s` writes."""
    s.execute(update(Location).where(Location.id == location_id).values(**values))
    rooms = select(Room.id).where(Room.location_id == location_id)
    known = set(s.scalars(select(LocationService.service_id).where(LocationService.location_id == location_id)))
    dropped = known - set(services)
    s.execute(
        delete(LocationService).where(
            LocationService.location_id == location_id, LocationService.service_id.in_(dropped)
        )
    )
    s.execute(delete(RoomService).where(RoomService.room_id.in_(rooms), RoomService.service_id.in_(dropped)))
    s.add_all(
        LocationService(location_id=location_id, service_id=one, cost=Text3()) for one in sorted(set(services) - known)
    )
    catalogue.changed(s)


def hide(s: Session, location_id: int) -> None:
    """A place stands in no list and takes no bookings any more; what is booked stays on its roster. `s` writes."""
    s.execute(update(Location).where(Location.id == location_id).values(visibility="unlisted", bookable=False))
    catalogue.changed(s)


def add_room(s: Session, location_id: int, name: Text3, pause: int, services: Collection[int]) -> Room:
    """One more room. `s` writes."""
    n = s.scalar(select(func.count()).select_from(Room).where(Room.location_id == location_id)) or 0
    room = Room(location_id=location_id, key=f"room-{n + 1}", name=name, pause=pause)
    while s.scalar(select(Room.id).where(Room.location_id == location_id, Room.key == room.key)):
        n += 1
        room.key = f"room-{n + 1}"
    s.add(room)
    s.flush()
    _serve(s, room.id, services)
    catalogue.changed(s)
    return room


def change_room(s: Session, room_id: int, name: Text3, pause: int, services: Collection[int]) -> None:
    """Another name, pause or set of services of a room. `s` writes."""
    s.execute(update(Room).where(Room.id == room_id).values(name=name, pause=pause))
    s.execute(delete(RoomService).where(RoomService.room_id == room_id))
    _serve(s, room_id, services)
    catalogue.changed(s)


def retire_room(s: Session, room_id: int, today: date) -> None:
    """From today on nothing takes place in a room any more; what took place stays written. `s` writes."""
    s.execute(update(Room).where(Room.id == room_id).values(retired_on=today))
    catalogue.changed(s)


def _serve(s: Session, room_id: int, services: Collection[int]) -> None:
    s.add_all(RoomService(room_id=room_id, service_id=one) for one in sorted(services))
    s.flush()
