"""Seats: none given twice, whoever waits the longest comes first, what is over is forgotten."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from time_machine import Traveller

from clinic import clock
from clinic.audit import Audit
from clinic.db import Text3, reading, writing
from clinic.messaging.models import Message
from clinic.passes import passes
from clinic.safety.trainings import forgetting, plans, seats
from clinic.safety.trainings.models import Seat, Training
from clinic.safety.trainings.plans import NotAhead, NotOver, SeatsTaken
from clinic.safety.trainings.seats import Begun, CalledOff, Full, Gone, PhoneNeeded, SeatView
from tests.conftest import EVENING, Maker
from tests.privacy.test_seized import TWILIO
from tests.safety.room import a_place, a_training, now_of, takes, waits

pytestmark = pytest.mark.usefixtures("evening")
PHONE = "+77015550142"
THREADS, SEATS = 24, 7


def mine(code: str | None) -> tuple[SeatView, ...]:
    with reading() as s:
        return seats.of_pass(s, passes.find(s, code or ""), clock.now())


def leaves(code: str | None) -> None:
    with writing() as s:
        pass_ = passes.find(s, code or "")
        seats.leave(s, pass_, seats.of_pass(s, pass_, clock.now())[0].rid, clock.now())


def kinds(state: str = "waiting") -> list[str]:
    with reading() as s:
        return sorted(s.execute(select(Message.kind).where(Message.state == state)).scalars())


def test_nobody_gets_a_seat_that_is_taken_however_many_come_at_once(app_on: Flask) -> None:
    """24 women want 7 seats at once, every third gives hers up again; those who found it full wait in line."""
    training = a_training(a_place(), SEATS)
    ready, seen, lock = threading.Barrier(THREADS), Counter[str](), threading.Lock()

    def woman(n: int) -> None:
        with app_on.app_context():
            ready.wait()
            try:
                taken = takes(training)
            except Full:
                taken = waits(training)
            what = "waits" if taken.seat.waits else "seated"
            if n % 3 == 0:
                leaves(taken.code)
                what = f"left, {what}"
            with lock:
                seen[what] += 1

    women = [threading.Thread(target=woman, args=(n,)) for n in range(THREADS)]
    for one in women:
        one.start()
    for one in women:
        one.join()
    assert sum(seen.values()) == THREADS
    with reading() as s:
        held = s.scalar(select(func.count()).select_from(Seat).where(Seat.queue.is_(None)))
        rest = s.scalar(select(func.count()).select_from(Seat).where(Seat.queue.is_not(None)))
        numbers = s.scalars(select(Seat.ticket)).all()
    assert held == now_of(training).taken == SEATS
    assert rest == THREADS - THREADS // 3 - SEATS
    assert len(set(numbers)) == len(numbers)


def test_the_database_itself_refuses_a_seat_too_many(app_on: Flask) -> None:
    training = a_training(a_place(), 1)
    takes(training)
    with pytest.raises(IntegrityError), writing() as s:
        s.execute(text("UPDATE training SET taken = 2"))
    with pytest.raises(IntegrityError), writing() as s:
        s.execute(text("UPDATE training SET attended = 3"))


def test_a_freed_seat_goes_to_whoever_waits_the_longest(app_on: Flask) -> None:
    training = a_training(a_place(), 1)
    first = takes(training)
    with pytest.raises(Full):
        takes(training)
    second, third = waits(training), waits(training)
    assert [one.seat.before for one in (second, third)] == [0, 1]
    leaves(first.code)
    assert not mine(second.code)[0].waits
    assert mine(second.code)[0].ticket == second.seat.ticket
    assert mine(third.code)[0].waits
    with pytest.raises(Full):
        takes(training)  # not past those who wait
    with writing() as s:
        plans.change(s, training, 2, "", "chief", clock.now())
    assert not mine(third.code)[0].waits
    assert now_of(training).taken == 2


def test_there_are_never_fewer_seats_than_are_taken(app_on: Flask) -> None:
    training = a_training(a_place(), 3)
    takes(training), takes(training)
    with pytest.raises(SeatsTaken) as refusal, writing() as s:
        plans.change(s, training, 1, "", "chief", clock.now())
    assert refusal.value.taken == 2
    assert now_of(training).seats == 3


def test_one_code_has_one_seat_and_a_number_only_where_a_message_is_wanted(make_app: Maker) -> None:
    make_app("sqlite", TWILIO)
    training = a_training(a_place(), 5)
    taken = takes(training)
    again = takes(training, code=taken.code)
    assert again.seat.rid == taken.seat.rid
    assert again.code is None
    other = a_training(a_place(), 5)
    with pytest.raises(PhoneNeeded):
        takes(other, code=taken.code, lead=60)
    takes(other, code=taken.code, phone=PHONE, lead=60)
    assert kinds() == ["reminder"]
    assert len(mine(taken.code)) == 2


def test_messages_follow_the_seat(make_app: Maker) -> None:
    make_app("sqlite", TWILIO)
    training = a_training(a_place(), 1)
    first = takes(training, phone=PHONE, lead=60)
    second = waits(training, phone="+77015550143", tell=True, lead=60)
    assert kinds() == ["reminder"]
    leaves(first.code)
    assert kinds("dropped") == ["reminder"]
    assert kinds() == ["reminder", "seated"]
    third = waits(training)
    with writing() as s:
        assert plans.cancel(s, training, "chief", clock.now()) == (1, 1)
    assert kinds() == ["called_off"]
    for code in (second.code, third.code):
        assert mine(code)[0].training.cancelled
    with pytest.raises(CalledOff):
        takes(training)
    with pytest.raises(NotAhead), writing() as s:
        plans.change(s, training, 9, "", "chief", clock.now())


def test_what_has_begun_is_over_for_seats_and_only_then_somebody_came(app: Flask, evening: Traveller) -> None:
    training = a_training(a_place(), 2)
    taken = takes(training)
    with pytest.raises(NotOver), writing() as s:
        plans.came(s, training, 8, "chief", clock.now())
    evening.shift(timedelta(days=1))
    with pytest.raises(Begun):
        takes(training)
    with pytest.raises(Begun):
        leaves(taken.code)
    for n, kept in ((4, 0), (8, 8)):
        with writing() as s:
            assert plans.came(s, training, n, "chief", clock.now()).attended == kept


def test_on_the_second_day_after_nothing_of_her_is_left(app_on: Flask, evening: Traveller) -> None:
    training = a_training(a_place(), 3, place="online", way="https://meet.example.org/quiet")
    code = takes(training).code
    later = a_training(a_place(), 3, starts_at=EVENING + timedelta(days=9))
    takes(later, code=code)
    evening.shift(timedelta(days=2))
    assert forgetting.run(clock.now()) == 0
    evening.shift(timedelta(days=1))
    assert forgetting.run(clock.now()) == 2
    with reading() as s:
        assert s.scalars(select(Seat.training_id)).all() == [later]
        row = s.get_one(Training, training)
        assert (row.taken, row.last_ticket, row.way) == (0, 0, None)
    assert now_of(later).taken == 1


def test_a_seat_whose_pass_is_gone_is_given_on(app_on: Flask) -> None:
    training = a_training(a_place(), 1)
    taken, next_ = takes(training), waits(training)
    with writing() as s:
        passes.forget(s, passes.find(s, taken.code or ""))
    assert forgetting.run(clock.now()) == 1
    assert not mine(next_.code)[0].waits
    assert forgetting.run(clock.now()) == 0


def test_a_seat_of_another_pass_is_not_hers_to_give_up(app: Flask) -> None:
    training = a_training(a_place(), 2)
    hers, others = takes(training), takes(training)
    with pytest.raises(Gone), writing() as s:
        seats.leave(s, passes.find(s, hers.code or ""), others.seat.rid, clock.now())


def test_planning_is_written_down_and_the_link_is_sealed(app: Flask) -> None:
    a_training(a_place(), 2, name=Text3("Үй", "Дом", "Home"), place="online", way="https://meet.example.org/quiet")
    with reading() as s:
        assert s.scalars(select(Audit.verb)).all() == ["training planned"]
        box = s.execute(text("SELECT way FROM training")).scalar_one()
    assert b"meet" not in bytes(box)
