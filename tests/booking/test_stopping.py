"""Stop tonight: the place is gone, its evening is called off, and no booking slips past."""

import random
import threading
import time
from collections import Counter
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from time_machine import Traveller

from clinic import clock
from clinic.booking import availability, book, cities, find, stopping, telling
from clinic.booking.models import Appointment, Cell
from clinic.booking.refusals import NotASlot, NotBookable, NoTimeLeft, SlotTaken
from clinic.db import reading, writing
from clinic.directory.catalogue import LocationInfo
from clinic.directory.gazetteer import Spot
from clinic.messaging import outbox
from tests.booking.place import PHONE, booked, free, now_at, open_place, wish
from tests.booking.test_races import a_contested_place
from tests.conftest import EVENING

SOON = EVENING + timedelta(minutes=20)
TOMORROW = EVENING + timedelta(hours=24, minutes=-20)


def here(place: int) -> LocationInfo:
    return now_at(place)[1]


def stop(place: int) -> stopping.Evening:
    with writing() as s:
        return stopping.stop(s, here(place), "gulnar", clock.now())


def kinds(rid: bytes) -> set[tuple[str, str]]:
    with reading() as s:
        return {(m.kind, m.state) for m in outbox.of(s, telling.about(rid))}


def test_a_stop_calls_off_the_evening_and_tells_who_can_be_told(demo_app: Flask, evening: Traveller) -> None:
    place, services = open_place(rooms=3)
    reached = booked(wish(place, services, SOON, PHONE, 15)).appointment
    alone = booked(wish(place, services, SOON)).appointment
    later = booked(wish(place, services, TOMORROW, PHONE, 60)).appointment
    with reading() as s:
        seen = stopping.foresee(s, place, clock.now())
    done = stop(place)
    assert seen == done
    assert [row.rid for row in done.told] == [reached.rid]
    assert [row.rid for row in done.untold] == [alone.rid]
    assert kinds(reached.rid) == {("reminder", "dropped"), ("stopped", "waiting")}
    assert kinds(alone.rid) == set()
    assert kinds(later.rid) == {("reminder", "dropped")}
    with reading() as s:
        states = dict(s.execute(select(Appointment.rid, Appointment.by_place)).all())
    assert states == {reached.rid: "stopped", alone.rid: "stopped", later.rid: ""}


def test_a_stopped_place_is_nowhere_and_takes_nobody(app: Flask, evening: Traveller) -> None:
    place, services = open_place()
    before = here(place)
    stop(place)
    cat, loc = now_at(place)
    with reading() as s:
        spot = Spot(loc.lat, loc.lng, None, "city")
        assert find.find(s, cat, spot, find.Wish(), clock.now()) == ()
        assert availability.alternatives(s, cat, loc, services, SOON, clock.now()) == ()
    with app.test_request_context():
        assert cities.at_link(cat, loc.slug) is None
    assert free(place, services, date(2026, 11, 25)) == []
    with pytest.raises(NotBookable), writing() as s:
        book.confirm(s, cat, wish(place, services, SOON), clock.now())
    with pytest.raises(NoTimeLeft), writing() as s:
        book.walk_in(s, cat, before, None, 20, clock.now(), "gulnar")
    with writing() as s:
        stopping.reopen(s, loc, "chief", clock.now())
    assert free(place, services, date(2026, 11, 25))


def test_what_is_still_stopped_in_the_morning_loses_that_day_and_a_reopened_place_reminds_again(
    demo_app: Flask, evening: Traveller
) -> None:
    place, services = open_place()
    tomorrow = booked(wish(place, services, TOMORROW, PHONE, 60)).appointment
    after = booked(wish(place, services, TOMORROW + timedelta(days=1), PHONE, 60)).appointment
    stop(place)
    assert stopping.call_off(clock.now()) == 0
    evening.shift(timedelta(hours=11))  # 06:40 of the next day
    assert stopping.call_off(clock.now()) == 1
    assert stopping.call_off(clock.now()) == 0
    assert ("stopped", "waiting") in kinds(tomorrow.rid)
    with writing() as s:
        stopping.reopen(s, here(place), "chief", clock.now())
    assert ("reminder", "waiting") in kinds(after.rid)
    assert ("reminder", "waiting") not in kinds(tomorrow.rid)


def test_nobody_books_past_a_stop(app_on: Flask, evening: Traveller) -> None:
    place, kinds_of_visit = a_contested_place()
    cat, loc = now_at(place)
    ready, stopped = threading.Barrier(8), threading.Event()
    seen: Counter[str] = Counter()

    def book_and_book(n: int) -> None:
        chance = random.Random(n)
        ready.wait()
        with app_on.app_context():
            for _ in range(20):
                start = SOON + timedelta(days=chance.choice((0, 0, 1)), minutes=5 * chance.randrange(0, 120, 2))
                services = frozenset(chance.choice(kinds_of_visit))
                request = book.Request(loc, services, start, "ru", "plain", None, None, False, None)
                late = stopped.is_set()
                try:
                    with writing() as s:
                        book.confirm(s, cat, request, clock.now())
                    seen["past the stop" if late else "won"] += 1
                except (NotASlot, SlotTaken, NotBookable) as refusal:
                    seen[type(refusal).__name__] += 1

    def stop_in_between() -> None:
        ready.wait()
        with app_on.app_context():
            while seen["won"] < 20:
                time.sleep(0.01)
            with writing() as s:
                stopping.stop(s, loc, "gulnar", clock.now())
        stopped.set()

    threads = [threading.Thread(target=book_and_book, args=(n,)) for n in range(7)]
    threads.append(threading.Thread(target=stop_in_between))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stopped.is_set()
    assert seen["NotBookable"] > 20
    assert seen["past the stop"] == 0
    with reading() as s:
        rows = s.execute(select(Appointment.rid, Appointment.day, Appointment.status, Appointment.by_place)).all()
        cells = set(s.execute(select(Cell.appointment_id)).scalars())
    tonight = {(row.status, row.by_place) for row in rows if row.day == date(2026, 11, 24)}
    assert tonight == {("cancelled", "stopped")}
    assert cells == {row.rid for row in rows if row.status == "booked"}
