"""Routing: the proposal equals a brute-force reference on random maps, and always says why."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

import pytest
from flask import Flask

from clinic import clock
from clinic.db import Text3
from clinic.directory.catalogue import Catalogue, LocationInfo
from clinic.directory.gazetteer import Spot, distance_m
from clinic.directory.hours import intervals
from clinic.kits import collecting, routing, routing_words
from clinic.kits.catalogue import PointInfo, vector
from clinic.kits.routing import Proposal, Wish
from clinic.kits.stock import Free
from tests.conftest import EVENING

TODAY = date(2026, 11, 24)
KIT = 1
HERE = Spot(43.24, 76.90, None, "position")
DIRECTORY = Catalogue(
    1, MappingProxyType({}), MappingProxyType({}), MappingProxyType({}), MappingProxyType({}), MappingProxyType({}),
    MappingProxyType({}), (),
)  # fmt: skip
HOURS = ("24/7", "Mo-Su 09:00-23:00", "Mo-Fr 10:00-18:00", "Mo-Su 19:00-26:00", "Sa 10:00-14:00", "")


def a_point(
    number: int,
    lat: float,
    lng: float,
    hours: str = "24/7",
    visibility: str = "open",
    seen: date | None = TODAY,
    kits: frozenset[int] = frozenset({KIT}),
    hold_days: int = 3,
) -> PointInfo:
    """A point that is no row of a database."""
    name = Text3("P", "P", "P")
    loc = LocationInfo(
        id=number, organization_id=1, organization=name, key=f"p{number}", slug=f"s{number}", kind="clinic",
        visibility=visibility, consent_on=None, name=name, city=name, district=name, address=name, way_in=name, lat=lat,
        lng=lng, approximate=False, phone="", hours=hours, hours_ph=hours, languages=("ru",), step_free=None,
        all_genders=None, with_migrants=None, bookable=False, lead_minutes=0, days_ahead=14, cancel_minutes=0,
        grace_minutes=10, reveal_minutes=60, source="", source_date="", checked_on=None, checked_by="",
        desk_seen_on=seen, example=True, rooms=(), services=MappingProxyType({}), closures=(),
    )  # fmt: skip
    return PointInfo(loc, "clinic", name, hold_days, kits, (lat, lng), DIRECTORY, vector(lat, lng))


@dataclass(frozen=True)
class Map:
    points: tuple[PointInfo, ...]
    free: dict[int, list[Free]]


def a_map(chance: random.Random, size: int) -> Map:
    """Points around her, a few of them far, hidden, forgotten or without this kit; shelves of several lots."""
    points = []
    free: dict[int, list[Free]] = {}
    for number in range(1, size + 1):
        spread = chance.choice((0.02, 0.1, 0.4, 3.0))
        points.append(
            a_point(
                number,
                43.24 + chance.uniform(-spread, spread),
                76.90 + chance.uniform(-spread, spread),
                chance.choice(HOURS),
                chance.choice(("open", "open", "open", "district", "unlisted")),
                chance.choice((TODAY, TODAY - timedelta(days=7), TODAY - timedelta(days=8))),
                frozenset({KIT}) if chance.random() < 0.9 else frozenset({2}),
                chance.choice((1, 2, 3, 5)),
            )
        )
        lots = sorted((TODAY + timedelta(days=chance.randint(0, 400)), n) for n in range(chance.randint(0, 3)))
        if lots:
            free[number] = [Free(number * 10 + n, f"L{n}", day, chance.randint(1, 4)) for day, n in lots]
    return Map(tuple(points), free)


def opens(point: PointInfo, day: date | None, after: time | None, now: datetime) -> bool:
    """Minute by minute: whether there is a minute of the wished time at which the point is open."""
    loc, today = point.location, clock.local(now).date()
    if not loc.hours:
        return day is None and after is None
    last = collect_by(point, today)
    for n in range(-1, (last - today).days + 1):
        one = today + timedelta(days=n)
        if day is not None and (one != day or not today <= day <= last):
            continue
        begins = after.hour * 60 + after.minute if after else 0
        for start, end in intervals(loc.hours, loc.hours_ph, one, False):
            for minute in range(max(start, begins), min(end, 30 * 60)):
                if clock.at(one, minute + 1) > now:
                    return True
    return False


def collect_by(point: PointInfo, today: date) -> date:
    loc = point.location
    last = today + timedelta(days=point.hold_days)
    for n in range(7):
        day = last + timedelta(days=n)
        if loc.hours and intervals(loc.hours, loc.hours_ph, day, False):
            return day
    return last


def by_brute_force(world: Map, spot: Spot | None, wish: Wish, now: datetime, limit: int) -> list[int]:
    """The same answer by looking at every point in every respect."""
    ranked = []
    for point in world.points:
        loc = point.location
        if wish.kit_id not in point.kits or loc.visibility == "unlisted":
            continue
        if loc.desk_seen_on is None or (TODAY - loc.desk_seen_on).days > 7:
            continue
        metres = 0
        if spot is not None:
            metres = distance_m(spot.lat, spot.lng, loc.lat, loc.lng)
            if metres > 50_000:
                continue
            if loc.visibility == "district":
                metres = round(metres / 500) * 500
        last = collect_by(point, TODAY)
        left = sum(lot.free for lot in world.free.get(loc.id, ()) if lot.expires_on >= last) - wish.quantity
        group = 2 if left < 0 else 0 if opens(point, wish.day, wish.after, now) else 1
        comes = collecting.opening(point, wish.day, wish.after, now)
        shut = 6 if (wish.day, wish.after) == (None, None) and comes is not None and comes[0] > now else 0
        ranked.append((group, metres // 500 + shut, -left, metres, loc.id))
    return [key[-1] for key in sorted(ranked)[:limit]]


WISHES = (
    (None, None),
    (TODAY, None),
    (TODAY, time(21, 30)),
    (TODAY + timedelta(days=1), time(17)),
    (TODAY + timedelta(days=9), None),
    (None, time(22)),
)


@pytest.mark.parametrize("seed", range(60))
def test_routing_equals_the_brute_force_reference_on_random_maps(seed: int) -> None:
    chance = random.Random(seed)
    world = a_map(chance, chance.choice((3, 40, 160)))
    for day, after in WISHES:
        wish = Wish(KIT, chance.randint(1, 3), day, after)
        limit = chance.choice((1, 3, 20))
        spot = HERE if chance.random() < 0.8 else None
        found = routing.propose(world.points, world.free, spot, wish, EVENING, limit)
        assert [one.point.id for one in found] == by_brute_force(world, spot, wish, EVENING, limit)


@pytest.fixture
def told(app: Flask, evening: object) -> None:
    """A language to speak in."""


def proposed(points: Sequence[PointInfo], free: dict[int, list[Free]], **expected: date) -> tuple[Proposal, ...]:
    days = {int(name[1:]): day for name, day in expected.items()}
    wish = Wish(KIT, 1, None, None)
    return routing.propose(points, free, HERE, wish, EVENING, 20, days)


def sentence(reasons: Sequence[routing.Reason]) -> str:
    return ", ".join(routing_words.words(reason) for reason in reasons)


@pytest.mark.usefixtures("told")
def test_every_proposal_says_why_and_the_others_why_they_come_later() -> None:
    # places are remembered by their number while the directory is the same: these are this test's own
    good, soon = TODAY + timedelta(days=365), TODAY + timedelta(days=30)
    points = (
        a_point(1001, 43.24, 76.91, "Mo-Su 09:00-22:00"),
        a_point(1002, 43.24, 76.912, "Mo-Su 09:00-22:00"),
        a_point(1003, 43.24, 76.95),
        a_point(1004, 43.24, 76.905),
        a_point(1005, 43.24, 76.906),
    )
    free = {
        1001: [Free(1, "L", good, 9)],
        1002: [Free(2, "L", soon, 3)],
        1003: [Free(3, "L", good, 9)],
    }
    found = proposed(points, free, p1005=TODAY + timedelta(days=1))
    assert [one.point.id for one in found] == [1001, 1002, 1003, 1004, 1005]
    assert [sentence(one.why) for one in found[:3]] == [
        "0,8 км, открыто до 22:00, тесты есть, тесты годны ещё долго",
        "1 км, открыто до 22:00, тесты есть",
        "4 км, открыто круглосуточно, тесты есть, тесты годны ещё долго",
    ]
    assert [sentence(one.later_because) for one in found] == [
        "",
        "там останется только 2 набора",
        "дальше на 3,2 км",
        "сейчас свободных нет",
        "поставку ждут в среду, 25 ноября",
    ]


@pytest.mark.usefixtures("told")
def test_an_open_point_comes_before_a_nearer_one_that_is_shut() -> None:
    free = {n: [Free(n, "L", TODAY + timedelta(days=30), 5)] for n in (1101, 1102, 1103)}
    points = (
        a_point(1101, 43.24, 76.91, "Mo-Su 09:00-19:00"),
        a_point(1102, 43.24, 76.925, "Mo-Su 09:00-22:00"),
        a_point(1103, 43.24, 77.1, "Mo-Su 09:00-22:00"),
    )
    found = proposed(points, free)
    assert [one.point.id for one in found] == [1102, 1101, 1103]
    assert "сейчас закрыто" in sentence(found[1].later_because)
    (wished, *_others) = routing.propose(points, free, HERE, Wish(KIT, 1, TODAY + timedelta(days=1), time(18)), EVENING)
    assert "открыто в среду, 25 ноября, до 19:00" in sentence(wished.why), "it opens at nine, not when she comes"


def test_a_full_shelf_is_drawn_from_before_its_neighbours_last_kit() -> None:
    good = TODAY + timedelta(days=365)
    points = (a_point(1, 43.24, 76.903), a_point(2, 43.24, 76.905))
    found = proposed(points, {1: [Free(1, "L", good, 1)], 2: [Free(2, "L", good, 8)]})
    assert [(one.point.id, one.left) for one in found] == [(2, 7), (1, 0)]


def test_kits_that_expire_before_the_last_day_are_not_promised() -> None:
    point = a_point(1, 43.24, 76.903, hold_days=3)
    for days, in_stock in ((2, False), (3, True)):
        (found,) = proposed([point], {1: [Free(1, "L", TODAY + timedelta(days=days), 1)]})
        assert found.in_stock is in_stock


def test_a_hidden_point_tells_its_district_in_steps_so_that_three_questions_find_nobody() -> None:
    point = a_point(1, 43.2431, 76.9317, visibility="district")
    (found,) = proposed([point], {})
    assert found.distance_m is not None
    assert found.distance_m % 500 == 0


def test_she_is_not_sent_farther_than_fifty_kilometres() -> None:
    assert proposed([a_point(1, 43.24 + 0.47, 76.90)], {}) == ()
    assert len(proposed([a_point(1, 43.24 + 0.44, 76.90)], {})) == 1


@pytest.mark.parametrize(
    ("hours", "day", "until"),
    [
        ("Mo-Su 09:00-23:00", date(2026, 11, 27), 23 * 60),
        ("Mo-Su 19:00-26:00", date(2026, 11, 27), 24 * 60),  # after midnight it is another day
        ("Mo-Th 10:00-18:00", date(2026, 11, 30), 18 * 60),  # shut from Friday to Sunday
        ("", date(2026, 11, 27), 24 * 60),
    ],
)
def test_the_last_day_is_one_on_which_she_can_come(hours: str, day: date, until: int) -> None:
    point = a_point(1, 43.24, 76.9, hours)
    assert collecting.collect_by(point, TODAY) == day
    assert collecting.until(point, day) == clock.at(day, until)
