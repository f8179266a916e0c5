"""Where she is sent for a kit: the whole of it against one SELECT of that kit's holdings with the driver alone.

2,000 points on the real gazetteer, two kits, three lots of each at every point, 200,000 entries of the ledger
behind their balances. Routing counts from the question on: what is free, what is expected, the best 20 points.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import func, insert, select

from bench import city
from bench.table import Pair, Row, in_turns
from bench.world import World
from clinic import clock, create_app
from clinic.db import Text3, db, reading, writing
from clinic.directory import catalogue
from clinic.directory.gazetteer import Spot
from clinic.directory.models import Location, PlaceName
from clinic.kits import routing, serving, stock
from clinic.kits.catalogue import kits
from clinic.kits.models import Entry, Expected, Holding, KitStep, KitType, Lot, Point, PointKit

POINTS, ENTRIES, KITS, LOTS, LOTS_AT_POINT = 2_000, 200_000, 2, 24, 3
ROUNDS, SPOTS, SHOWN = 200, 20, 20
TARGET = 3.0
SELECT = (
    "SELECT h.point_id, h.id, h.on_hand, h.reserved, l.number, l.expires_on"
    " FROM lot l JOIN holding h ON h.lot_id = l.id WHERE l.kit_type_id = 1"
)
_SEED = 20261125
_FIRST = city.PLACES + 1  # the key of the first point; the places of the city are there already


def run(world: World) -> Iterable[Row]:
    """On SQLite and on PostgreSQL."""
    for name, environ in (("SQLite", world.usual), ("PostgreSQL", world.postgresql)):
        copy = world.copy_of(environ, f"points_{name.lower()}")
        url = f"sqlite:///{copy}" if name == "SQLite" else copy.replace("postgresql://", "postgresql+psycopg://")
        app = create_app({**environ, "KESHKI_DATABASE_URL": url})
        with app.app_context():
            _fill()
            spots = _spots()
            ask = _driver(copy)
            _check(spots, ask)
            pair = _compared(spots, ask)
            words = f"{pair.theirs * 1000:.1f} ms one SELECT, {pair.ours * 1000:.1f} ms ours"
            db.engine.dispose()
        yield Row(f"routing over {POINTS:,} points, {name}", pair.ratio, "<=", TARGET, words, "x")


def _routed(spot: Spot) -> tuple[routing.Proposal, ...]:
    """What a page or the JSON face does when it proposes points."""
    now = clock.now()
    today = clock.local(now).date()
    with reading() as s:
        known = kits(s, catalogue.current(s))
        free = stock.free(s, 1, today, today)
        expected = serving.expected(s, 1, 1, today)
    wish = routing.Wish(1, 1, None, None)
    return routing.propose(known.points.values(), free, spot, wish, now, SHOWN, expected)


def _driver(copy: str) -> Callable[[], list[Any]]:
    """The SELECT with the driver alone, on a connection that stays open."""
    if not copy.startswith("postgresql"):
        raw = sqlite3.connect(copy)
        return lambda: raw.execute(SELECT).fetchall()
    import psycopg

    held = psycopg.connect(copy, autocommit=True)
    return lambda: held.execute(SELECT).fetchall()


def _compared(spots: list[Spot], ask: Callable[[], list[Any]]) -> Pair:
    return in_turns(lambda n: _timed(lambda: _routed(spots[n % len(spots)])), lambda _n: _timed(ask), ROUNDS)


def _timed(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def _check(spots: list[Spot], ask: Callable[[], list[Any]]) -> None:
    """Both see the same shelves; balances are what the entries add up to. Warms up what either remembers."""
    for spot in spots:
        proposals = _routed(spot)
        if len(proposals) != SHOWN or not all(proposal.in_stock for proposal in proposals):
            raise RuntimeError("routing does not find enough points with kits")
    if len(ask()) != POINTS * LOTS_AT_POINT:
        raise RuntimeError("the SELECT does not see every holding of the kit")
    sums = select(Entry.holding_id, func.sum(Entry.d_on_hand).label("d"), func.sum(Entry.d_reserved).label("r"))
    summed = sums.group_by(Entry.holding_id).subquery()
    agreeing = (
        select(func.count())
        .select_from(Holding)
        .join(summed, (summed.c.holding_id == Holding.id))
        .where(summed.c.d == Holding.on_hand, summed.c.r == Holding.reserved)
    )
    with reading() as s:
        counted = s.execute(select(func.count()).select_from(Entry)).scalar_one()
        if s.execute(agreeing).scalar_one() != POINTS * KITS * LOTS_AT_POINT or counted != ENTRIES:
            raise RuntimeError("the ledger is not as it was planned")


def _spots() -> list[Spot]:
    """Where women ask from: in the largest town, each time somewhere else."""
    rng = random.Random(_SEED)
    with reading() as s:
        town = s.execute(select(PlaceName.lat, PlaceName.lng).order_by(PlaceName.weight.desc()).limit(1)).one()
    return [
        Spot(
            round(town.lat + rng.uniform(-0.05, 0.05), 2),
            round(town.lng + rng.uniform(-0.05, 0.05), 2),
            None,
            "position",
        )
        for _ in range(SPOTS)
    ]


def _fill() -> None:
    """Points, shelves and a history for every holding; the same on each run."""
    rng = random.Random(_SEED)
    today = clock.today()
    with writing() as s:
        towns = s.execute(
            select(PlaceName.name, PlaceName.lat, PlaceName.lng, PlaceName.weight)
            .where(PlaceName.kind == "city")
            .order_by(PlaceName.weight.desc())
        ).all()
        chosen = rng.choices(towns, cum_weights=list(accumulate(town.weight for town in towns)), k=POINTS)
        ids = range(_FIRST, _FIRST + POINTS)
        s.execute(insert(Location), [_place(rng, n, town) for n, town in zip(ids, chosen, strict=True)])
        s.execute(
            insert(Point), [{"location_id": n, "kind": "pharmacy", "how_to_ask": Text3(), "hold_days": 3} for n in ids]
        )
        s.execute(insert(KitType), [_kit(n) for n in range(1, KITS + 1)])
        step = {"n": 1, "picture": "wait", "title": _three("Wait"), "text": _three("Wait.")}
        s.execute(insert(KitStep), [{"kit_type_id": n, **step} for n in range(1, KITS + 1)])
        s.execute(insert(PointKit), [{"point_id": n, "kit_type_id": kit} for n in ids for kit in range(1, KITS + 1)])
        s.execute(insert(Lot), [_lot(n, today) for n in range(1, KITS * LOTS + 1)])
        holdings, entries = _shelves(rng, ids, today)
        s.execute(insert(Holding), holdings)
        s.execute(insert(Entry), entries)
        day = today + timedelta(days=5)
        s.execute(
            insert(Expected), [{"point_id": n, "kit_type_id": 1, "quantity": 40, "day": day} for n in ids if n % 5 == 0]
        )
        catalogue.changed(s)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _place(rng: random.Random, n: int, town: Any) -> dict[str, Any]:
    return {
        "id": n,
        "organization_id": 1,
        "key": f"point-{n}",
        "slug": city.slug(n),
        "kind": "distribution_point",
        "visibility": "open",
        "name": Text3(f"Дәріхана {n}", f"Аптека {n}", f"Pharmacy {n}"),
        "city": town.name,
        "district": Text3(),
        "address": Text3(f"Абай даңғылы, {n}", f"пр. Абая, {n}", f"{n} Abai ave."),
        "lat": town.lat + rng.uniform(-0.08, 0.08),
        "lng": town.lng + rng.uniform(-0.1, 0.1),
        "phone": "+7 700 000 00 01",
        "hours": city.HOURS[n % len(city.HOURS)],
        "hours_ph": "10:00-18:00",
        "languages": "kk,ru",
        "bookable": False,
        "days_ahead": 14,
        "desk_seen_on": clock.today(),
    }


def _kit(n: int) -> dict[str, Any]:
    return {
        "id": n, "number": n, "slug": f"kit-{n}", "letter": "AB"[n - 1], "name": _three("Kit"),
        "needs": _three("20 minutes"), "sample": "oral", "read_from": 20, "read_to": 40, "leaflet": "a leaflet",
        "checked_on": clock.today(),
    }  # fmt: skip


def _lot(n: int, today: date) -> dict[str, Any]:
    """Lots of a kit expire one after another, a month apart, the first two have."""
    kit, number = divmod(n - 1, LOTS)
    return {
        "id": n,
        "kit_type_id": kit + 1,
        "number": f"L{n}",
        "expires_on": today + timedelta(days=30 * (number - 2) + 5),
    }


def _shelves(
    rng: random.Random, points: Iterable[int], today: date
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Holdings with balances, and the entries that led to them."""
    count = POINTS * KITS * LOTS_AT_POINT
    each, more = divmod(ENTRIES, count)
    holdings: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    for point in points:
        for kit in range(KITS):
            for lot in rng.sample(range(kit * LOTS + 1, (kit + 1) * LOTS + 1), LOTS_AT_POINT):
                id_ = len(holdings) + 1
                story = list(_story(rng, each + (id_ <= more)))
                entries += [
                    {"holding_id": id_, "kind": kind, "d_on_hand": d, "d_reserved": r, "day": today - timedelta(days=n)}
                    for n, (kind, d, r) in enumerate(story)
                ]
                on_hand, reserved = sum(d for _, d, _ in story), sum(r for _, _, r in story)
                holdings.append({"id": id_, "point_id": point, "lot_id": lot, "on_hand": on_hand, "reserved": reserved})
    return holdings, entries


def _story(rng: random.Random, length: int) -> Iterator[tuple[str, int, int]]:
    """A delivery, then one kit after another set aside and handed over; every fourth shelf is empty in the end."""
    handed = (length - 1) // 2
    yield "received", handed + 1 if rng.random() < 0.25 else handed + rng.randrange(2, 30), 0
    for n in range(length - 1):
        yield ("handed_over", -1, -1) if n % 2 else ("reserved", 0, 1)


def _three(word: str) -> Text3:
    return Text3(word, word, word)
