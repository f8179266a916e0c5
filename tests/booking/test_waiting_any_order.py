"""The waiting list against a plain model: whatever is booked, cancelled and waited for, in whatever order."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from flask import Flask
from sqlalchemy import select
from time_machine import Traveller

from clinic import clock
from clinic.booking import availability, calling, fitting, taken, waiting
from clinic.booking.book import Booked, SlotTaken
from clinic.booking.models import Wish, WishTold
from clinic.db import reading
from clinic.directory import catalogue
from clinic.passes import passes
from tests.booking.line import TEN, TWILIO, WED, Waits, cancel, run, told, waits
from tests.booking.place import booked, now_at, open_place, wish
from tests.conftest import Maker

STEPS = 45
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def sending_app(make_app: Maker, evening: Traveller) -> Flask:
    return make_app("sqlite", TWILIO)


def free_keys(one: Waits) -> set[tuple[int, int]]:
    """The times that fit her now."""
    with reading() as s:
        cat = catalogue.current(s)
        views = waiting.of_pass(s, cat, passes.find(s, one.code), clock.now())
        return {free.key for view in views for free in fitting.fitting(s, cat, view, clock.now())}


def known_keys(one: Waits) -> set[tuple[int, int]]:
    with reading() as s:
        rows = s.execute(select(WishTold.location_id, WishTold.start_cell).where(WishTold.wish_id == one.rid))
        return {(row[0], row[1]) for row in rows}


def in_line(women: list[Waits]) -> list[Waits]:
    with reading() as s:
        there = set(s.scalars(select(Wish.rid)))
    return [one for one in women if one.rid in there]


@pytest.mark.usefixtures("sending_app")
@pytest.mark.parametrize("seed", range(3))
def test_in_any_order_of_events(evening: Traveller, seed: int) -> None:
    chance = Random(seed)
    place, kind = open_place(hours="Mo-Su 15:00-17:00", minutes=30, rooms=2)
    starts = [clock.at(WED, 15 * 60 + 30 * n) for n in range(4)]
    evening.move_to(TEN - timedelta(hours=1))
    visits: list[Booked] = []
    women: list[Waits] = []
    last: dict[bytes, datetime] = {}
    for _ in range(STEPS):
        match chance.choice(("book", "book", "cancel", "wait", "time", "time")):
            case "book":
                try:
                    visits.append(booked(wish(place, kind, chance.choice(starts))))
                except SlotTaken:
                    pass
            case "cancel" if visits:
                cancel(visits.pop(chance.randrange(len(visits))))
            case "wait":
                women.append(waits(place, kind, part="any"))
            case "time":
                evening.shift(timedelta(minutes=chance.choice((1, 5, 20))))
        line = in_line(women)
        before = dict(zip([one.rid for one in line], told(*line), strict=True))
        knew = {one.rid: known_keys(one) for one in line}
        free = {one.rid: free_keys(one) for one in line}
        run()
        heard = [one for one, n in zip(line, told(*line), strict=True) if n > before[one.rid]]
        rested = {one.rid for one in line if clock.now() - last.get(one.rid, LONG_AGO) >= calling.REST}
        for n, one in enumerate(line):
            if one not in heard:
                continue
            news = free[one.rid] - knew[one.rid]
            assert news, "she heard of nothing new"
            assert one.rid in rested, "she heard too often"
            for earlier in line[:n]:  # whoever stands before her and may be told knows it too
                assert earlier.rid not in rested or news <= known_keys(earlier)
        assert len(heard) <= room_for(place, kind)
        for one in line:
            assert known_keys(one) <= free[one.rid], "what is taken is still known"
        assert run() == 0, "she would hear twice"
        last |= {one.rid: clock.now() for one in heard}


def room_for(place: int, services: frozenset[int]) -> int:
    """How many visits there is still room for."""
    cat, loc = now_at(place)
    with reading() as s:
        known = taken.load(s, [place], WED, WED)
    span = (clock.at(WED, 6 * 60), clock.at(WED, 30 * 60))
    return availability.on_day(cat, known, loc, services, WED, span, clock.now()).seats
