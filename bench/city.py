"""A country to measure in: 1,000 places on the real gazetteer, and as many stored appointments as asked for.

The directory is written through the app's own tables; appointments are written in bulk, in the shape
that booking gives them (day rows, tickets, sealed-size details; cells and passes for what lies ahead).
"""

import random
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from bench import serving
from clinic import clock, create_app, start
from clinic.booking import availability
from clinic.clock import CELL_MINUTES
from clinic.db import Text3, db, writing
from clinic.directory import catalogue, seeding
from clinic.directory.models import Location, LocationService, Organization, PlaceName, Room, RoomService, Service
from clinic.directory.openness import open_mask
from clinic.privacy import keys

PLACES = 1000
HOURS = ("Mo-Fr 09:00-21:00; Sa,Su 10:00-18:00", "Mo-Su 08:00-20:00", "Mo-Sa 12:00-23:00; Su off", "Mo-Su 18:00-26:00")
SERVICES = ("quick-test", "lab-test", "four-tests", "check-up")
DAYS_BEHIND, DAYS_AHEAD = 22, 14
_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"
_SEED = 20261125


@dataclass(frozen=True, slots=True)
class Planned:
    """A stored appointment, before it has a row."""

    location: int
    room: int
    day: date
    start_cell: int
    visit_cells: int
    own_cells: int


def build(folder: Path, database_url: str, appointments: int) -> dict[str, str]:
    """Make keys, tables, places and appointments; the environment that serves them."""
    if not (folder / "keys").exists():
        keys.make(folder / "keys", clock.today())
    environ = serving.environment(database_url, folder / "keys")
    app = create_app(environ)
    with app.app_context():
        start.upgrade(app)
        with writing() as s:
            seeding.load_services(s, (seeding.SEEDS / "services.csv").read_bytes())
            seeding.load_gazetteer(s, (seeding.SEEDS / "gazetteer.csv").read_bytes())
            _places(s)
            catalogue.changed(s)
        with db.session() as s:
            planned = _planned(catalogue.current(s), appointments)
        db.engine.dispose()
        _store(database_url, planned)
    return environ


@dataclass(frozen=True, slots=True)
class FreeTime:
    """A free time of a place for the first of SERVICES, as the JSON face writes it."""

    slug: str
    day: str
    start: str
    end: str


def free_times(environ: dict[str, str], days: int) -> list[FreeTime]:
    """The free times of every place from tomorrow on for so many Dates, in order of place and time."""
    app = create_app(environ)
    found: list[FreeTime] = []
    with app.app_context():
        with db.session() as s:
            cat, now = catalogue.current(s), clock.now()
            service = frozenset({cat.service_by_slug[SERVICES[0]].id})
            tomorrow = clock.today() + timedelta(days=1)
            for loc in cat.locations.values():
                for slot in availability.slots(s, cat, loc, service, tomorrow, days, now):
                    start, end = clock.local(slot.start), clock.local(slot.end)
                    found.append(FreeTime(loc.slug, start.date().isoformat(), start.isoformat(), end.isoformat()))
        db.engine.dispose()
    return found


def slug(number: int) -> str:
    """The slug of a place."""
    return "".join(_SIGNS[(number * 7919 // len(_SIGNS) ** i) % len(_SIGNS)] for i in range(5))


@cache
def number(slug_: str) -> int:
    """The key of the place with this slug."""
    return next(n for n in range(1, PLACES + 1) if slug(n) == slug_)


def _places(s: Any) -> None:
    rng = random.Random(_SEED)
    towns = s.execute(
        select(PlaceName.name, PlaceName.lat, PlaceName.lng, PlaceName.weight)
        .where(PlaceName.kind == "city")
        .order_by(PlaceName.weight.desc())
    ).all()
    services = {row.slug: row.id for row in s.execute(select(Service.slug, Service.id))}
    s.execute(insert(Organization), [{"id": 1, "slug": "bench", "name": _three("Bench")}])
    limits = list(accumulate(town.weight for town in towns))
    chosen = rng.choices(towns, cum_weights=limits, k=PLACES)
    s.execute(insert(Location), [_place(rng, n, town) for n, town in enumerate(chosen, 1)])
    rooms = [
        {"id": 2 * n + k - 1, "location_id": n, "key": f"r{k}", "name": _three(f"Room {k}"), "pause": 5 * (n % 3)}
        for n in range(1, PLACES + 1)
        for k in range(2)
    ]
    s.execute(insert(Room), [{**room, "hours": None, "hours_ph": None, "retired_on": None} for room in rooms])
    ids = [services[slug] for slug in SERVICES]
    s.execute(insert(RoomService), [{"room_id": room["id"], "service_id": id_} for room in rooms for id_ in ids])
    s.execute(
        insert(LocationService),
        [{"location_id": n, "service_id": id_, "cost": _three("free")} for n in range(1, PLACES + 1) for id_ in ids],
    )


def _place(rng: random.Random, n: int, town: Any) -> dict[str, Any]:
    return {
        "id": n,
        "organization_id": 1,
        "key": f"place-{n}",
        "slug": slug(n),
        "kind": "clinic",
        "visibility": "open",
        "name": Text3(f"Достық кабинет {n}", f"Дружественный кабинет {n}", f"Friendly room {n}"),
        "city": town.name,
        "district": Text3(),
        "address": Text3(f"Байтұрсынов к-сі, {n}", f"ул. Байтурсынова, {n}", f"{n} Baitursynov st."),
        "lat": town.lat + rng.uniform(-0.08, 0.08),
        "lng": town.lng + rng.uniform(-0.1, 0.1),
        "phone": "+7 700 000 00 01",
        "hours": HOURS[n % len(HOURS)],
        "hours_ph": "10:00-18:00",
        "languages": "kk,ru",
        "bookable": True,
        "days_ahead": DAYS_AHEAD,
        "desk_seen_on": clock.today(),
    }


def _three(word: str) -> Text3:
    return Text3(word, word, word)


def _planned(cat: catalogue.Catalogue, appointments: int) -> list[Planned]:
    """Appointments spread evenly over rooms and days that are open, none over another."""
    rng = random.Random(_SEED)
    visit = cat.service_by_slug[SERVICES[0]].minutes // CELL_MINUTES
    today = clock.service_day(clock.now())
    days = [today + timedelta(days=n) for n in range(-DAYS_BEHIND, DAYS_AHEAD + 1)]
    open_days = [
        (loc.id, room, day, mask)
        for loc in cat.locations.values()
        for room in loc.rooms
        for day in days
        if (mask := open_mask(cat, loc, room, day))
    ]
    each, more = divmod(appointments, len(open_days))
    rng.shuffle(open_days)
    found: list[Planned] = []
    for number, (location, room, day, mask) in enumerate(open_days):
        own = visit + room.pause // CELL_MINUTES
        own_on_grid = -(-own // 3) * 3
        base = clock.cell(clock.service_day_start(day))
        first, end = (mask & -mask).bit_length() - 1, mask.bit_length()
        starts = range(first, end - visit + 1, own_on_grid)
        wanted = min(each + (number < more), len(starts))
        found += [Planned(location, room.id, day, base + at, visit, own) for at in rng.sample(starts, wanted)]
    for _ in range(appointments - len(found)):  # the days were too short for all: repeat some far in the past
        old = found[rng.randrange(len(found))]
        back = rng.randrange(60, 4000)
        found.append(
            Planned(old.location, old.room, old.day - timedelta(days=back), old.start_cell - back * 288, visit, visit)
        )
    return found


_COLUMNS = {
    "location_day": "location_id day version last_ticket",
    "pass": "rid code_hash language cover phone forget_on",
    "appointment": "rid pass_id location_id room_id day start_cell visit_cells own_cells status status_at "
    "ticket noun details moves forget_on",
    "cell": "room_id cell appointment_id",
}


def _rows(planned: Iterable[Planned]) -> dict[str, Iterator[tuple[Any, ...]]]:
    tickets: dict[tuple[int, date], int] = {}
    passes: list[tuple[Any, ...]] = []
    visits: list[tuple[Any, ...]] = []
    cells: list[tuple[Any, ...]] = []
    today = clock.service_day(clock.now())
    box = secrets.token_bytes(107)
    for p in planned:
        rid = secrets.token_bytes(16)
        ticket = tickets[p.location, p.day] = tickets.get((p.location, p.day), 0) + 2
        forget = p.day + timedelta(days=2)
        ahead = p.day >= today
        if ahead:
            passes.append((rid, rid + rid, "ru", box[:75], None, forget))
            cells += [(p.room, p.start_cell + n, rid) for n in range(p.own_cells)]
        visits.append(
            (
                rid, rid if ahead else None, p.location, p.room, p.day, p.start_cell, p.visit_cells, p.own_cells,
                "booked" if ahead else "done", None, ticket, ticket % 60, box, 0, forget,
            )
        )  # fmt: skip
    cells.sort()
    return {
        "location_day": ((*key, ticket // 2, ticket) for key, ticket in tickets.items()),
        "pass": iter(passes),
        "appointment": iter(visits),
        "cell": iter(cells),
    }


def _store(database_url: str, planned: list[Planned]) -> None:
    if database_url.startswith("sqlite"):
        _store_sqlite(database_url.removeprefix("sqlite:///"), planned)
    else:
        _store_postgresql(database_url.replace("+psycopg", ""), planned)


def _store_sqlite(path: str, planned: list[Planned]) -> None:
    sqlite3.register_adapter(date, date.isoformat)
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        raw.execute("PRAGMA cache_size=-300000")
        indexes = raw.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            f" AND tbl_name IN ({', '.join('?' * len(_COLUMNS))})",
            list(_COLUMNS),
        ).fetchall()
        for name, _sql in indexes:
            raw.execute(f'DROP INDEX "{name}"')
        for table, rows in _rows(planned).items():
            names = _COLUMNS[table].split()
            raw.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", rows)
        for _name, sql in indexes:
            raw.execute(sql)
        raw.commit()
        raw.execute("ANALYZE")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()


def _store_postgresql(url: str, planned: list[Planned]) -> None:
    import psycopg

    with psycopg.connect(url) as raw:
        for table, rows in _rows(planned).items():
            with raw.cursor().copy(f"COPY {table} ({', '.join(_COLUMNS[table].split())}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
    with psycopg.connect(url, autocommit=True) as raw:
        raw.execute("ANALYZE")
        raw.execute("CHECKPOINT")
