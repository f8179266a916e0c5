"""What is over goes: cells with their day, visits and passes after their last day, numbers that count nobody."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, func, select, update
from time_machine import Traveller

from clinic import clock
from clinic.booking import book, forgetting
from clinic.booking.models import Appointment, Cell, LocationDay, Tally
from clinic.db import Base, reading, writing
from clinic.messaging.models import Message
from clinic.passes import passes
from clinic.passes.models import Pass
from tests.booking.place import PHONE, booked, now_at, open_place, wish

WED = date(2026, 11, 25)
EIGHT = clock.at(WED, 20 * 60)


def count(model: type[Base]) -> int:
    with reading() as s:
        return s.execute(select(func.count()).select_from(model)).scalar_one()


def forget_all() -> None:
    while forgetting.run(clock.now()):
        pass


@pytest.mark.usefixtures("app_on")
def test_cells_go_with_their_service_day_and_visits_after_the_day_that_follows(evening: Traveller) -> None:
    place, kind = open_place()
    booked(wish(place, kind, EIGHT, PHONE, 60))
    cat, loc = now_at(place)
    evening.move_to(EIGHT - timedelta(hours=1))
    with writing() as s:
        book.walk_in(s, cat, loc, None, kind, clock.now(), "clerk")
    evening.move_to(clock.at(WED, 29 * 60 + 59))
    forget_all()
    assert (count(Cell), count(Appointment)) == (8, 2)
    evening.move_to(clock.at(WED, 30 * 60))
    forget_all()
    assert (count(Cell), count(Appointment), count(Pass), count(Message)) == (0, 2, 1, 1)
    evening.move_to(clock.at(WED, 48 * 60 - 1))
    forget_all()
    assert count(Appointment) == 2
    evening.move_to(clock.at(WED, 48 * 60))
    forget_all()
    assert (count(Appointment), count(Pass), count(Message)) == (0, 0, 0)
    evening.move_to(clock.at(WED, 5 * 24 * 60))
    forget_all()
    assert count(LocationDay) == 0


@pytest.mark.usefixtures("app_on")
def test_passes_that_still_hold_a_visit_stand_in_no_others_way(
    evening: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, kind = open_place(minutes=5)
    for n in range(6):
        booked(wish(place, kind, EIGHT + n * timedelta(minutes=5)))
    with writing() as s:
        empty = passes.open_pass(s, "ru", "plain", None, WED)[0].rid
        s.execute(update(Pass).values(forget_on=WED))
        s.execute(update(Pass).where(Pass.rid == empty).values(rid=b"\xff" * 16))  # the last that is looked at
    monkeypatch.setattr(forgetting, "BATCH", 2)
    evening.move_to(clock.at(WED + timedelta(days=1), 8 * 60))
    with writing() as s:
        assert forgetting.forget_passes(s, clock.now()) == 1
    assert count(Pass) == 6


@pytest.mark.usefixtures("app")
def test_a_later_visit_keeps_the_pass_but_not_the_earlier_visit(evening: Traveller) -> None:
    place, kind = open_place()
    mine = booked(wish(place, kind, EIGHT))
    booked(wish(place, kind, EIGHT + timedelta(days=6), code=mine.code))
    evening.move_to(EIGHT + timedelta(days=2))
    forget_all()
    assert (count(Appointment), count(Pass)) == (1, 1)


@pytest.mark.usefixtures("app")
def test_the_tally_is_right_on_average_and_never_the_true_count(
    evening: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, kind = open_place(hours="Mo-Su 00:00-24:00", minutes=5)
    for n in range(10):
        booked(wish(place, kind, EIGHT + n * timedelta(minutes=5)))
    evening.move_to(EIGHT + timedelta(days=3))
    chances = iter([0, 1, 2, 3] * 5)  # two coins for each visit: its state and its evening
    monkeypatch.setattr("secrets.randbelow", lambda _: next(chances))
    with writing() as s:
        s.execute(delete(Tally))  # how long before they were booked
    forget_all()
    with reading() as s:
        assert s.execute(select(Tally.week, Tally.hour, Tally.what, Tally.n).order_by(Tally.what)).all() == [
            (date(2026, 11, 23), 20, "booked", 25)
        ]
