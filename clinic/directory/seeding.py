"""Fills the directory from `seeds/`: what is published about real places, and the demo's invented ones.

Both can be called at every start: what is already there as in the files costs a comparison. Rows
that are no longer in a file stay; a person takes places off.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import flask_babel
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from clinic import clock
from clinic.config import ROOT
from clinic.db import LANGUAGES, Base, Text3
from clinic.directory import catalogue, importing, tables
from clinic.directory.models import Location, LocationService, OpenQuestion, PlaceName, Room, RoomService, Service
from clinic.directory.tables import Cells, Mistake, TableRefused

_: Callable[..., str] = flask_babel.gettext  # flask-babel has no types

SEEDS = ROOT / "seeds"
PLACE_KINDS = ("city", "town", "district", "metro", "landmark")


def _three(base: str) -> tuple[str, ...]:
    return tuple(f"{base}_{language}" for language in LANGUAGES)


SERVICE_COLUMNS = ("number", "slug", *_three("name"), *_three("note"), "minutes", "asks_id", "walk_in_only", "by_phone")
PLACE_COLUMNS = ("key", "kind", *_three("name"), "within", "other_names", "lat", "lng", "weight")
ROOM_COLUMNS = ("location", "key", *_three("name"), "hours", "hours_ph", "pause", "phone", "services")
COST_COLUMNS = ("location", "service", *_three("cost"))


def load_real(s: Session) -> None:
    """The services, the gazetteer and the real places with their sources. `s` must be a writing session."""
    load_services(s, (SEEDS / "services.csv").read_bytes())
    load_gazetteer(s, (SEEDS / "gazetteer.csv").read_bytes())
    _load_folder(s, SEEDS / "real")
    load_questions(s, (SEEDS / "real" / "open_questions.csv").read_bytes())


def load_demo(s: Session, now: datetime) -> None:
    """`load_real`, and the invented places, whose rosters were all looked at today."""
    load_real(s)
    _load_folder(s, SEEDS / "demo")
    load_rooms(s, (SEEDS / "demo" / "rooms.csv").read_bytes())
    today = clock.local(now).date()
    seen = s.scalars(
        update(Location)
        .where(Location.example, Location.bookable, Location.desk_seen_on.is_distinct_from(today))
        .values(desk_seen_on=today)
        .returning(Location.id)
        .execution_options(synchronize_session=False)
    ).all()
    if seen:
        catalogue.changed(s)


def load_services(s: Session, data: bytes) -> None:
    """The catalogue of services, by number. Raises TableRefused."""
    table = tables.read(data, SERVICE_COLUMNS, ())
    mistakes: list[Mistake] = []
    rows = []
    for row in table.rows:
        cells = Cells(row, mistakes)
        minutes = cells.whole("minutes", 5, 600, 0)
        if minutes == 0 or minutes % 5:
            cells.wrong("minutes", _("This must be a multiple of five."))
        rows.append(
            {
                "number": cells.whole("number", 1, 9999, 0),
                "slug": cells.needed("slug", 40),
                "name": cells.text3("name", 120),
                "note": cells.text3("note", 300),
                "minutes": minutes,
                "asks_id": bool(cells.yes_no("asks_id")),
                "walk_in_only": bool(cells.yes_no("walk_in_only")),
                "by_phone": bool(cells.yes_no("by_phone")),
            }
        )
    _upsert(s, Service, "number", rows, mistakes)


def load_gazetteer(s: Session, data: bytes) -> None:
    """The names and positions of towns, districts, stations and landmarks, by key. Raises TableRefused."""
    table = tables.read(data, PLACE_COLUMNS, ())
    mistakes: list[Mistake] = []
    rows = []
    for row in table.rows:
        cells = Cells(row, mistakes)
        rows.append(
            {
                "key": cells.needed("key", 60),
                "kind": cells.one_of("kind", PLACE_KINDS, ""),
                "name": cells.text3("name", 120),
                "within": cells.text("within", 60),
                "other_names": cells.text("other_names", 1000),
                "lat": cells.number("lat"),
                "lng": cells.number("lng"),
                "weight": cells.whole("weight", 0, 100_000_000, 0),
            }
        )
    _upsert(s, PlaceName, "key", rows, mistakes)


def load_questions(s: Session, data: bytes) -> None:
    """What a person has to check before a site may open, by number; answers stay. Raises TableRefused."""
    mistakes: list[Mistake] = []
    rows = []
    for row in tables.read(data, ("number", *LANGUAGES), ()).rows:
        cells = Cells(row, mistakes)
        words = Text3(*(cells.needed(language, 500) for language in LANGUAGES))
        rows.append({"number": cells.whole("number", 1, 999, 0), "question": words})
    _upsert(s, OpenQuestion, "number", rows, mistakes)


def load_rooms(s: Session, data: bytes) -> None:
    """Rooms of known locations, by location and key, with what is done in each. Raises TableRefused."""
    table = tables.read(data, ROOM_COLUMNS, ())
    locations = dict(s.execute(select(Location.key, Location.id)).all())
    services = dict(s.execute(select(Service.slug, Service.id)).all())
    rooms = {(room.location_id, room.key): room for room in s.scalars(select(Room))}
    done: dict[int, set[int]] = {}
    for room_id, service_id in s.execute(select(RoomService.room_id, RoomService.service_id)):
        done.setdefault(room_id, set()).add(service_id)
    mistakes: list[Mistake] = []
    checked: list[tuple[int, str, dict[str, Any], set[int]]] = []
    for row in table.rows:
        cells = Cells(row, mistakes)
        location = cells.needed("location", 60)
        if location not in locations:
            cells.wrong("location", _("There is no location “%(word)s”.", word=location))
        hours, on_holidays = importing.read_hours(cells)
        values = {
            "name": cells.text3("name", 60),
            "hours": hours or None,
            "hours_ph": on_holidays if hours else None,
            "pause": cells.whole("pause", 0, 120, 0),
            "phone": cells.text("phone", 60),
        }
        offered = cells.several("services")
        for slug in offered:
            if slug not in services:
                cells.wrong("services", _("There is no service “%(word)s”.", word=slug))
        ids = {services[slug] for slug in offered if slug in services}
        checked.append((locations.get(location, 0), cells.needed("key", 40), values, ids))
    if mistakes:
        raise TableRefused(mistakes)
    changed = False
    for location_id, key, values, ids in checked:
        room = rooms.get((location_id, key))
        if room is None:
            room = Room(location_id=location_id, key=key, **values)
            s.add(room)
            s.flush()
            changed = True
        changed |= _set(room, values)
        if done.get(room.id, set()) != ids:
            s.execute(delete(RoomService).where(RoomService.room_id == room.id))
            s.add_all(RoomService(room_id=room.id, service_id=id_) for id_ in sorted(ids))
            changed = True
    _finish(s, changed)


def load_costs(s: Session, data: bytes) -> None:
    """What single services cost at known locations that list them. Raises TableRefused."""
    table = tables.read(data, COST_COLUMNS, ())
    listed = {
        (location, service): row
        for location, service, row in s.execute(
            select(Location.key, Service.slug, LocationService)
            .join(Location, Location.id == LocationService.location_id)
            .join(Service, Service.id == LocationService.service_id)
        )
    }
    mistakes: list[Mistake] = []
    found: list[tuple[LocationService, Text3]] = []
    for row in table.rows:
        cells = Cells(row, mistakes)
        offered = listed.get((cells.needed("location", 60), cells.needed("service", 40)))
        cost = cells.text3("cost", 60)
        if offered is None:
            cells.wrong("service", _("This location does not list this service."))
        else:
            found.append((offered, cost))
    if mistakes:
        raise TableRefused(mistakes)
    changes = [_set(offered, {"cost": cost}) for offered, cost in found]
    _finish(s, any(changes))


def _load_folder(s: Session, folder: Path) -> None:
    importing.import_locations(s, (folder / "locations.csv").read_bytes())
    load_costs(s, (folder / "costs.csv").read_bytes())


def _upsert(
    s: Session, model: type[Base], key: str, rows: Sequence[Mapping[str, Any]], mistakes: Iterable[Mistake]
) -> None:
    refused = tuple(mistakes)
    if refused:
        raise TableRefused(refused)
    stored = {getattr(row, key): row for row in s.scalars(select(model))}
    new = [model(**values) for values in rows if values[key] not in stored]
    s.add_all(new)
    changes = [_set(stored[v[key]], v) for v in rows if v[key] in stored]
    _finish(s, any(changes) or bool(new))


def _set(row: Base, values: Mapping[str, Any]) -> bool:
    """Give a row these values; whether any was different."""
    different = [name for name, value in values.items() if getattr(row, name) != value]
    for name in different:
        setattr(row, name, values[name])
    return bool(different)


def _finish(s: Session, changed: bool) -> None:
    s.flush()
    if changed:
        catalogue.changed(s)
