"""The directory as an immutable value in memory: locations, rooms, services, closures, the gazetteer.

Pages and searches read it instead of the tables. Each process keeps one snapshot per database and
loads it anew when the number in the table `catalogue` has changed; whoever writes a table of the
directory calls `changed`. Writing never trusts a snapshot.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, event, select, text
from sqlalchemy.orm import Session

from clinic import clock
from clinic.db import Prepared, Text3
from clinic.directory import hours
from clinic.directory.models import (
    Closure,
    Decree,
    Location,
    LocationService,
    Organization,
    PlaceName,
    Room,
    RoomService,
    Service,
)

log = logging.getLogger(__name__)

ATTENDED_DAYS = 7  # a place whose roster nobody opened for longer gives no slots
CLOSURES_KEPT_DAYS = 60
_LOAD_TRIES = 3


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    id: int
    number: int
    slug: str
    name: Text3
    note: Text3
    minutes: int
    asks_id: bool
    walk_in_only: bool
    by_phone: bool = False


@dataclass(frozen=True, slots=True)
class RoomInfo:
    """A room; `hours` and `hours_ph` None mean the location's."""

    id: int
    location_id: int
    name: Text3
    hours: str | None
    hours_ph: str | None
    pause: int
    services: frozenset[int]
    retired_on: date | None
    phone: str = ""


@dataclass(frozen=True, slots=True)
class ClosureInfo:
    """Shut from `starts_at` until `ends_at`; the whole location where `room_id` is None."""

    id: int
    room_id: int | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class DecreeInfo:
    day: date
    kind: str
    name: Text3


@dataclass(frozen=True, slots=True)
class PlaceInfo:
    id: int
    key: str
    kind: str
    name: Text3
    within: str
    other_names: tuple[str, ...]
    lat: float
    lng: float
    weight: int


@dataclass(frozen=True, slots=True, eq=False)
class LocationInfo:
    """A location with all that belongs to it. `rooms` holds those not yet retired when it was loaded,
    `services` what it lists (service id → cost), `closures` those that ended less than 60 days ago."""

    id: int
    organization_id: int
    organization: Text3
    key: str
    slug: str
    kind: str
    visibility: str
    consent_on: date | None
    name: Text3
    city: Text3
    district: Text3
    address: Text3
    way_in: Text3
    lat: float
    lng: float
    approximate: bool
    phone: str
    hours: str
    hours_ph: str
    languages: tuple[str, ...]
    step_free: bool | None
    all_genders: bool | None
    with_migrants: bool | None
    bookable: bool
    lead_minutes: int
    days_ahead: int
    cancel_minutes: int
    grace_minutes: int
    reveal_minutes: int
    source: str
    source_date: str
    checked_on: date | None
    checked_by: str
    desk_seen_on: date | None
    example: bool
    rooms: tuple[RoomInfo, ...]
    services: Mapping[int, Text3]
    closures: tuple[ClosureInfo, ...]
    must_tell: Text3 | None = None
    must_tell_on: date | None = None
    stopped_at: datetime | None = None
    stopped_by: str = ""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All of the directory at one version."""

    version: int
    locations: Mapping[int, LocationInfo]
    by_slug: Mapping[str, LocationInfo]
    services: Mapping[int, ServiceInfo]
    service_by_number: Mapping[int, ServiceInfo]
    service_by_slug: Mapping[str, ServiceInfo]
    decrees: Mapping[date, DecreeInfo]
    places: tuple[PlaceInfo, ...]


_snapshots: WeakKeyDictionary[Engine, Catalogue] = WeakKeyDictionary()
_lock = Lock()
_CHANGED = "catalogue changed in"
_RAISE = text(
    "INSERT INTO catalogue (id, version) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET version = catalogue.version + 1"
)
_VERSION = Prepared(text("SELECT version FROM catalogue WHERE id = 1"))


def current(s: Session) -> Catalogue:
    """The directory as this session sees it: one cheap query, and a load when the version has changed."""
    if s.info.get(_CHANGED) is not None and s.info[_CHANGED] is s.get_transaction():
        # its own changes are not committed: others must not see them, even if they are rolled back
        s.flush()
        return _load(s, _version(s))
    engine = _engine(s)
    version = _version(s)
    known = _snapshots.get(engine)
    if known is not None and known.version == version:
        return known
    with _lock:
        known = _snapshots.get(engine)
        if known is not None and known.version == version:
            return known
        for _try in range(_LOAD_TRIES):
            loaded = _load(s, version)
            seen = _version(s)
            if seen == version:
                break
            version = seen  # changed while it was being read (PostgreSQL): read it again
        else:
            return loaded
        _snapshots[engine] = loaded
        return loaded


def changed(s: Session) -> None:
    """Raise the version when the transaction of the change commits: every process reloads then.

    Its row is the one that all changes of all places meet at. Locked last, it closes no circle of waiting:
    whoever holds it waits for nothing more.
    """
    s.info[_CHANGED] = s.get_transaction()


@event.listens_for(Session, "before_commit")
def _raise_version(s: Session) -> None:
    if s.info.get(_CHANGED) is not None and s.info[_CHANGED] is s.get_transaction():
        s.flush()
        s.execute(_RAISE)


def attended(loc: LocationInfo, today: date) -> bool:
    """Whether somebody there looks at its pages: not stopped, and opened at the desk within 7 days."""
    seen = loc.desk_seen_on
    return loc.stopped_at is None and seen is not None and seen >= today - timedelta(days=ATTENDED_DAYS)


def takes_bookings(loc: LocationInfo, today: date) -> bool:
    """Whether one may book there: bookable, and attended."""
    return loc.bookable and attended(loc, today)


def listed(loc: LocationInfo) -> bool:
    """Whether a place may stand in lists; an unlisted one is reached by its link alone, a stopped one not at all."""
    return loc.visibility != "unlisted" and loc.stopped_at is None


def _version(s: Session) -> int:
    return _VERSION.run(s, {}).scalar() or 0


def _engine(s: Session) -> Engine:
    bind = s.get_bind()
    return bind.engine if isinstance(bind, Connection) else bind


def _load(s: Session, version: int) -> Catalogue:
    services = {row.id: ServiceInfo(**row._mapping) for row in _rows(s, Service, _fields(ServiceInfo))}
    room_services: dict[int, set[int]] = defaultdict(set)
    for room_id, service_id in s.execute(select(RoomService.room_id, RoomService.service_id)):
        room_services[room_id].add(service_id)
    locations = _locations(s, _rooms(s, room_services), _closures(s), _costs(s))
    return Catalogue(
        version=version,
        locations=MappingProxyType(locations),
        by_slug=MappingProxyType({loc.slug: loc for loc in locations.values()}),
        services=MappingProxyType(services),
        service_by_number=MappingProxyType({service.number: service for service in services.values()}),
        service_by_slug=MappingProxyType({service.slug: service for service in services.values()}),
        decrees=MappingProxyType(
            {row.day: DecreeInfo(row.day, row.kind, row.name) for row in _rows(s, Decree, ("day", "kind", "name"))}
        ),
        places=tuple(
            PlaceInfo(**{**row._mapping, "other_names": _several(row.other_names, ";")})
            for row in _rows(s, PlaceName, _fields(PlaceInfo))
        ),
    )


def _locations(
    s: Session,
    rooms: Mapping[int, list[RoomInfo]],
    closures: Mapping[int, list[ClosureInfo]],
    costs: Mapping[int, dict[int, Text3]],
) -> dict[int, LocationInfo]:
    organizations = {row.id: row.name for row in _rows(s, Organization, ("id", "name"))}
    own = [name for name in _fields(LocationInfo) if name not in ("organization", "rooms", "services", "closures")]
    found: dict[int, LocationInfo] = {}
    for row in _rows(s, Location, own):
        values: dict[str, Any] = dict(row._mapping)
        values["languages"] = _several(row.languages, ",")
        values["hours"] = _readable(row.hours, row.slug)
        values["hours_ph"] = _readable(row.hours_ph, row.slug)
        found[row.id] = LocationInfo(
            **values,
            organization=organizations[row.organization_id],
            rooms=tuple(rooms.get(row.id, ())),
            services=MappingProxyType(costs.get(row.id, {})),
            closures=tuple(closures.get(row.id, ())),
        )
    return found


def _rooms(s: Session, services: Mapping[int, set[int]]) -> dict[int, list[RoomInfo]]:
    found: dict[int, list[RoomInfo]] = defaultdict(list)
    today = clock.today()
    names = [name for name in _fields(RoomInfo) if name != "services"]
    for row in _rows(s, Room, names):
        if row.retired_on is not None and row.retired_on <= today:
            continue
        values: dict[str, Any] = dict(row._mapping)
        for field in ("hours", "hours_ph"):
            if values[field] is not None:
                values[field] = _readable(values[field], f"room {row.id}")
        found[row.location_id].append(RoomInfo(**values, services=frozenset(services.get(row.id, ()))))
    return found


def _closures(s: Session) -> dict[int, list[ClosureInfo]]:
    found: dict[int, list[ClosureInfo]] = defaultdict(list)
    since = clock.now() - timedelta(days=CLOSURES_KEPT_DAYS)
    query = (
        select(Closure.location_id, Closure.id, Closure.room_id, Closure.starts_at, Closure.ends_at)
        .where(Closure.ends_at > since)
        .order_by(Closure.starts_at, Closure.id)
    )
    for row in s.execute(query):
        found[row.location_id].append(ClosureInfo(row.id, row.room_id, row.starts_at, row.ends_at))
    return found


def _costs(s: Session) -> dict[int, dict[int, Text3]]:
    found: dict[int, dict[int, Text3]] = defaultdict(dict)
    query = select(LocationService.location_id, LocationService.service_id, LocationService.cost)
    for location_id, service_id, cost in s.execute(query.order_by(LocationService.service_id)):
        found[location_id][service_id] = cost
    return found


def _fields(info: Any) -> tuple[str, ...]:
    return tuple(info.__dataclass_fields__)


def _rows(s: Session, model: Any, names: Sequence[str]) -> Iterable[Any]:
    """Plain rows of the columns that bear these names in the model, in the order of the key."""
    columns = [getattr(model, name) for name in names]
    return s.execute(select(*columns).order_by(*model.__table__.primary_key)).all()


def _several(joined: str, separator: str) -> tuple[str, ...]:
    return tuple(part for part in (part.strip() for part in joined.split(separator)) if part)


def _readable(expression: str, where: str) -> str:
    """The expression, or "" (not published) when it was stored past the check and cannot be evaluated."""
    try:
        hours.evaluable(expression)
    except hours.HoursError:
        log.warning("hours of %s cannot be read, shown as not published", where)
        return ""
    return expression
