"""A deed stands once an hour: arrivals written down twice would be a count of visits."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from time_machine import Traveller

from clinic import audit, clock
from clinic.audit import Audit
from clinic.db import reading, writing


def deeds() -> list[tuple[object, ...]]:
    with reading() as s:
        rows = s.execute(select(Audit.actor, Audit.verb, Audit.location).order_by(Audit.actor, Audit.hour))
        return [tuple(row) for row in rows]


@pytest.mark.parametrize("location", [None, 3])
def test_the_same_deed_at_the_same_moment_is_written_down_once(app_on: Flask, location: int | None) -> None:
    wrote, hour = threading.Event(), clock.now()

    def first() -> None:
        with app_on.app_context(), writing() as s:
            audit.record(s, hour, "aigul", "visit.here", "2026-11-24", location)
            wrote.set()

    def second() -> None:
        wrote.wait(30)
        with app_on.app_context(), writing() as s:
            audit.record(s, hour, "aigul", "visit.here", "2026-11-24", location)

    for _turn in range(10):
        wrote.clear()
        both = [threading.Thread(target=act) for act in (first, second)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert deeds() == [("aigul", "visit.here", location)]


def test_what_differs_in_anything_stands_beside_it(app_on: Flask, evening: Traveller) -> None:
    now = clock.now()
    with writing() as s:
        for actor, verb, thing, place, at in (
            ("a", "visit.here", "x", 3, now), ("a", "visit.here", "x", None, now), ("a", "visit.here", "x", 4, now),
            ("a", "visit.done", "x", 3, now), ("a", "visit.here", "y", 3, now), ("b", "visit.here", "x", 3, now),
            ("a", "visit.here", "x", 3, now + timedelta(hours=1)),
            ("a", "visit.here", "x", 3, now + timedelta(minutes=1)),
        ):  # fmt: skip
            audit.record(s, at, actor, verb, thing, place)
    assert len(deeds()) == 7
