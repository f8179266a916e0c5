"""Counts that count nobody: right on average, never the true count, not to be worked out."""

from collections import Counter
from datetime import date, timedelta
from math import comb, sqrt
from random import Random

import pytest
from flask import Flask
from sqlalchemy import Integer, delete, func, select
from time_machine import Traveller

from clinic import clock
from clinic.booking import forgetting, insight, marking, offering, placing, tally
from clinic.booking.models import Appointment, Offered, Tally
from clinic.booking.placing import Details
from clinic.db import Base, new_rid, reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location
from clinic.passes import passes
from tests.booking.place import booked, now_at, open_place, wish

WED = date(2026, 11, 25)
MONDAY = date(2026, 11, 23)
EIGHT = clock.at(WED, 20 * 60)
VISIT = [tally.key(1, EIGHT, "done")]
SEEDS = 600


@pytest.fixture
def chance(monkeypatch: pytest.MonkeyPatch) -> Random:
    """The coin as a generator with a seed: a failure can be looked at again."""
    source = Random(20261124)
    monkeypatch.setattr("secrets.randbelow", source.randrange)
    return source


def mean_of(visits: int) -> float:
    return sum(tally.rounded([VISIT] * visits)[VISIT[0]] for _ in range(SEEDS)) / SEEDS


@pytest.mark.parametrize("visits", [1, 7, 40, 400])
def test_the_tally_is_right_on_average(chance: Random, visits: int) -> None:
    """Within four standard errors of the truth: one in 16,000 would fail by chance, and the seed is fixed."""
    bound = 4 * 2 * sqrt(visits) / sqrt(SEEDS)  # a visit adds 5 with 1/5: its variance is 4
    assert abs(mean_of(visits) - visits) < bound


@pytest.mark.parametrize("one_in", [4, 6])
def test_another_coin_would_be_noticed(chance: Random, monkeypatch: pytest.MonkeyPatch, one_in: int) -> None:
    """Proves that the bound above can fail."""
    monkeypatch.setattr(tally, "coin", lambda: chance.randrange(one_in) == 0)
    assert abs(mean_of(400) - 400) > 4 * 2 * sqrt(400) / sqrt(SEEDS)


def test_one_visit_more_or_less_can_not_be_told_from_what_is_stored(chance: Random) -> None:
    """What the code stores for 6 visits is distributed as binomial(6, 1/5) × 5; so nearly the same as for 5 or 7."""

    def share(visits: int, hits: int) -> float:
        return comb(visits, hits) * 0.2**hits * 0.8 ** (visits - hits)

    rounds = 5000
    seen = Counter(tally.rounded([VISIT] * 6)[VISIT[0]] // tally.STEP for _ in range(rounds))
    for hits in range(7):
        expected = share(6, hits)
        assert abs(seen[hits] / rounds - expected) < 5 * sqrt(expected * (1 - expected) / rounds) + 1e-9
    for other in (5, 7):
        # the best guesser, who knows everything else, is right in 1/2 + distance/2 of the cases
        distance = sum(abs(share(6, hits) - share(other, hits)) for hits in range(8)) / 2
        assert distance < 0.13


def seat(place: int, start_cell: int, ticket: int, status: str, late: bool, pass_id: bytes | None) -> None:
    """One visit in the table, as booking writes it."""
    cat, loc = now_at(place)
    start = clock.moment(start_cell)
    rid, forget_on = new_rid(), placing.forget_day(start)
    with writing() as s:
        placing.insert_appointment(
            s,
            {
                "rid": rid, "pass_id": pass_id, "location_id": place, "room_id": loc.rooms[0].id,
                "day": clock.service_day(start), "start_cell": start_cell, "visit_cells": 1, "own_cells": 1,
                "status": status, "status_at": None, "ticket": ticket, "noun": 1,
                "details": placing.seal(forget_on, rid, Details((), None)), "moves": 0, "forget_on": forget_on,
                "late": late,
            },
        )  # fmt: skip
    assert cat


@pytest.mark.usefixtures("app_on")
def test_no_true_count_is_left_in_any_table_and_the_sums_are_near(evening: Traveller, chance: Random) -> None:
    """37 who came (27 late), 34 who did not, 28 cancelled: no number in the database is one of these or their sums."""
    place, _kind = open_place(hours="Mo-Su 00:00-24:00", minutes=5)
    with writing() as s:
        her, _code = passes.open_pass(s, "ru", "plain", None, WED + timedelta(days=1))
    plan = [("done", n < 27) for n in range(37)] + [("missed", False)] * 34 + [("cancelled", False)] * 28
    first = clock.cell(EIGHT)
    for n, (status, late) in enumerate(plan):
        seat(place, first + n, n + 1, status, late, her.rid if n % 2 else None)
    evening.move_to(EIGHT + timedelta(days=8))
    while forgetting.run(clock.now()):
        pass
    secret = {37, 27, 34, 28, 71, 99}
    with reading() as s:
        for table in Base.metadata.sorted_tables:
            numbers = [column for column in table.columns if isinstance(column.type, Integer)]
            for column in numbers:
                found = set(s.scalars(select(column)))
                assert not found & secret, (table.name, column.name)
            rows = s.scalar(select(func.count()).select_from(table))
            assert rows not in secret, table.name
        assert all(n % tally.STEP == 0 for n in s.scalars(select(Tally.n)))
        said = insight.read(s, [place], clock.today())[place].weeks[-1].numbers
        booked_ = said[insight.BOOKED]
    assert abs(booked_ - 71) <= 4 * 2 * sqrt(71)
    assert said[tally.LATE] <= said[insight.KEPT]


@pytest.mark.usefixtures("app")
def test_visits_that_are_remembered_are_in_no_figure(evening: Traveller) -> None:
    place, kind = open_place(hours="Mo-Su 00:00-24:00")
    with writing() as s:
        tally.add(s, Counter({tally.key(place, EIGHT, "done"): 25}))
    evening.move_to(clock.at(MONDAY + timedelta(days=9), 12 * 60))  # Wednesday of the next week
    with writing() as s:
        s.get_one(Location, place).desk_seen_on = clock.today()
        catalogue.changed(s)
    with reading() as s:
        before = insight.read(s, [place], clock.today())
    for minutes in range(0, 200, 20):
        booked(wish(place, kind, clock.now() + timedelta(hours=2, minutes=minutes)))
    with reading() as s:
        after = insight.read(s, [place], clock.today())
        assert after == before
        assert after[place].weeks[-1].numbers[insight.KEPT] == 25
    evening.shift(-timedelta(days=1))  # on Tuesday a visit of Sunday night is still remembered
    with reading() as s:
        assert insight.read(s, [place], clock.today())[place].weeks[-1].numbers[insight.KEPT] == 0


@pytest.mark.usefixtures("app")
def test_what_a_visit_counts_as_hangs_on_two_coins_and_no_more(evening: Traveller, chance: Random) -> None:
    came = tally.of_visit(1, EIGHT, "done", True, True)
    assert [[key[3] for key in thing] for thing in came] == [["done", "late", "walk_in"], ["evening_2"]]
    assert tally.of_visit(1, EIGHT, "cancelled", False, False) == [[tally.key(1, EIGHT, "cancelled")]]
    assert [t[0][3] for t in tally.of_visit(1, EIGHT - timedelta(hours=6), "missed", True, False)] == ["missed"]
    night = clock.at(WED, 25 * 60)
    assert tally.of_visit(1, night, "done", False, False)[1] == [(1, MONDAY, 0, "evening_2")]


@pytest.mark.usefixtures("app_on")
def test_late_is_who_came_ten_minutes_after_her_time_and_undoing_takes_it_back(evening: Traveller) -> None:
    place, kind = open_place(hours="Mo-Su 00:00-24:00")
    one = booked(wish(place, kind, EIGHT))

    def mark(was: str, to: str) -> bool:
        with writing() as s:
            marking.set_status(s, place, one.appointment.rid, was, to, "clerk", clock.now())
            return s.scalars(select(Appointment.late)).one()

    evening.move_to(EIGHT + timedelta(minutes=9))
    assert not mark("booked", "here")
    assert not mark("here", "booked")
    evening.move_to(EIGHT + timedelta(minutes=10))
    assert mark("booked", "here")
    assert mark("here", "in_room")
    assert mark("in_room", "done")
    mark("done", "in_room")
    mark("in_room", "here")
    assert not mark("here", "booked")


@pytest.mark.usefixtures("app_on")
def test_how_long_before_is_counted_when_she_books(evening: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "coin", lambda: True)
    place, kind = open_place(hours="Mo-Su 00:00-24:00")
    for hours in (1, 5, 30, 100, 200):
        booked(wish(place, kind, clock.now().replace(minute=0) + timedelta(hours=hours + 1)))
    with reading() as s:
        assert dict(s.execute(select(Tally.what, func.sum(Tally.n)).group_by(Tally.what)).all()) == {
            "lead_3h": 5, "lead_1d": 5, "lead_3d": 5, "lead_7d": 5, "lead_more": 5,
        }  # fmt: skip
        s.execute(delete(Tally))


def test_what_was_offered_is_written_once_from_the_hours_alone(app_on: Flask, evening: Traveller) -> None:
    place, kind = open_place(hours="Mo-Su 18:00-20:00", rooms=2, pause=10)
    for minutes in (18 * 60, 18 * 60 + 30):
        booked(wish(place, kind, clock.at(WED, minutes)))
    evening.move_to(clock.at(WED + timedelta(days=1), 12 * 60))
    with writing() as s:
        s.get_one(Location, place).desk_seen_on = clock.today()
        catalogue.changed(s)
    assert offering.run(clock.now()) == 6  # two hours on each of three days
    with writing() as s:
        s.get_one(Location, place).hours = "Mo-Su 18:00-24:00"
        catalogue.changed(s)
    assert offering.run(clock.now()) == 0
    with reading() as s:
        assert s.execute(select(Offered.hour, Offered.n).where(Offered.day == WED)).all() == [(18, 4), (19, 4)]


def a_place(number: int, offered: int, booked_: int) -> insight.OfPlace:
    evenings = tuple(insight.Evening(day, offered, booked_) for day in range(7))
    return insight.OfPlace(number, (), {}, evenings)


def test_the_ranking_says_where_people_searched_in_vain_and_evenings_are_full() -> None:
    week = insight.Week(MONDAY, {tally.EVENING: 40, tally.DAY: 500})
    searches = {"almaty": (week,), "astana": (insight.Week(MONDAY, {tally.EVENING: 60, tally.DAY: 0}),)}
    places = [a_place(1, 200, 80), a_place(2, 200, 200), a_place(3, 0, 0), a_place(4, 200, 20), a_place(5, 200, 200)]
    areas = {1: ("almaty",), 2: ("almaty",), 3: ("almaty",), 4: ("astana",), 5: ("nowhere",)}
    needs = insight.rank(places, areas, searches)
    assert [need.location_id for need in needs] == [2, 3, 1, 4]
    assert needs[0].full_days == tuple(range(7))
    assert (needs[1].offered, needs[3].unmet) == (0, 60)
    few = insight.rank([a_place(2, 10, 20)], areas, searches)[0]
    assert (few.tells, few.full_days) == (False, ()), "chance alone makes twenty of ten"
