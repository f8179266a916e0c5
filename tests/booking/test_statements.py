"""How many statements a page or an act costs: it must not grow with who else stands in line, nor fast with a day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from flask import Flask
from sqlalchemy import event
from time_machine import Traveller

from clinic import clock
from clinic.booking import stopping
from clinic.db import db, reading, writing
from clinic.kits import orders
from clinic.passes import passes
from tests.booking.place import PHONE, booked, now_at, open_place, wish
from tests.conftest import EVENING
from tests.kits import shelf


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that go to the database meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def look(code: str) -> int:
    """What her page asks of the database for her orders."""
    _cat, known = shelf.now_there()
    with counted() as seen, reading() as s:
        orders.of_pass(s, shelf.now_there()[0], passes.find(s, code), clock.now())
    assert known
    return len(seen)


def test_an_order_that_waits_costs_the_same_behind_one_and_behind_twenty(app: Flask, evening: Traveller) -> None:
    kit = shelf.a_kit()
    point = shelf.a_point(kit)
    first = shelf.waiting(point, kit).code or ""
    alone = look(first)
    for _ in range(19):
        shelf.waiting(point, kit)
    last = shelf.waiting(point, kit).code or ""
    assert look(last) == look(first) == alone


def test_a_stop_costs_little_for_each_visit(demo_app: Flask, evening: Traveller) -> None:
    def stop(visits: int) -> int:
        place, kind = open_place(rooms=visits, minutes=20 if visits == 2 else 40)
        for _ in range(visits):
            booked(wish(place, kind, EVENING + timedelta(minutes=20), PHONE, 15))
        with counted() as seen, writing() as s:
            done = stopping.stop(s, now_at(place)[1], "gulnar", clock.now())
        assert len(done.told) == visits
        return len(seen)

    few, many = stop(2), stop(12)
    assert few <= 40
    assert (many - few) / 10 <= 10
