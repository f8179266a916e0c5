"""The waiting list: who asked first hears first, each once for each free time, only by day; nothing is held."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from time_machine import Traveller

from clinic import clock
from clinic.booking import calling, forgetting, reshape, stopping, waiting
from clinic.booking.models import Wish, WishLocation, WishTold
from clinic.booking.refusals import NotBookable
from clinic.db import Base, Text3, reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location
from clinic.messaging import news, outbox
from clinic.messaging.models import Message
from clinic.passes import passes
from clinic.passes.passes import PhoneNeeded
from clinic.privacy import sealing
from tests import factories
from tests.booking.line import (
    TEN,
    THU,
    TWILIO,
    WED,
    book_free,
    cancel,
    free_for,
    full_evening,
    messages,
    run,
    told,
    waits,
)
from tests.booking.place import booked, open_place, wish
from tests.conftest import Maker

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def sending(request: pytest.FixtureRequest, make_app: Maker, evening: Traveller) -> Flask:
    """An app that can send, on both databases."""
    return make_app(request.param, TWILIO)


@pytest.fixture
def sending_app(make_app: Maker, evening: Traveller) -> Flask:
    return make_app("sqlite", TWILIO)


@pytest.mark.usefixtures("sending")
def test_the_line_hears_in_order_one_after_another_and_nobody_twice(evening: Traveller) -> None:
    place, kind, visits = full_evening()
    first, second, third = (waits(place, kind) for _ in range(3))
    evening.move_to(TEN)
    assert run() == 0
    cancel(visits[1])
    assert run() == 1
    assert told(first, second, third) == [1, 0, 0]
    for minutes, expected in ((19, [1, 0, 0]), (1, [1, 1, 0]), (19, [1, 1, 0]), (1, [1, 1, 1]), (240, [1, 1, 1])):
        evening.shift(minutes * MINUTE)
        run()
        assert told(first, second, third) == expected
    assert free_for(first) == free_for(third) == ["18:20"]  # nothing was held for anybody


@pytest.mark.usefixtures("sending")
def test_whose_message_did_not_arrive_delays_nobody_behind_her(evening: Traveller) -> None:
    place, kind, visits = full_evening()
    first, second = waits(place, kind), waits(place, kind)
    evening.move_to(TEN)
    cancel(visits[1])
    assert run() == 1
    assert told(first, second) == [1, 0]
    with writing() as s:
        rid = s.scalars(select(Message.rid).where(Message.kind == waiting.FREE)).one()
        s.execute(update(Message).values(state="sending", tries=1))
        news.refused(s, rid, 1, "21211", clock.now())
    evening.shift(MINUTE)
    assert run() == 1
    assert told(first, second) == [1, 1]
    evening.shift(240 * MINUTE)
    run()
    assert told(first, second) == [1, 1]


@pytest.mark.usefixtures("sending")
def test_as_many_hear_at_once_as_there_is_room_for(evening: Traveller) -> None:
    place, kind, visits = full_evening(rooms=2)
    women = [waits(place, kind) for _ in range(4)]
    evening.move_to(TEN)
    for visit in visits[:2]:
        cancel(visit)
    assert run() == 2
    assert told(*women) == [1, 1, 0, 0]
    book_free(women[0], place, kind, clock.at(WED, 18 * 60))  # taken: one time is left, and one woman was just told
    assert run() == 0
    evening.shift(20 * MINUTE)
    assert run() == 1
    assert told(*women[1:]) == [1, 1, 0]


@pytest.mark.usefixtures("sending")
def test_what_frees_at_night_is_told_in_the_morning_in_order(evening: Traveller) -> None:
    place, kind, visits = full_evening()
    first, second = waits(place, kind), waits(place, kind)
    evening.move_to(clock.at(WED, 1 * 60))
    cancel(visits[0])
    for hour in (1, 5, 8):
        evening.move_to(clock.at(WED, hour * 60))
        assert run() == 0
    evening.move_to(clock.at(WED, 9 * 60))
    assert run() == 1
    assert told(first, second) == [1, 0]
    with reading() as s:
        row = s.execute(select(Message.due_at, Message.not_after)).one()
    assert (row.due_at, row.not_after) == (clock.now(), clock.at(WED, 18 * 60))


@pytest.mark.usefixtures("sending_app")
def test_nothing_is_put_that_could_not_go_out_the_same_day(evening: Traveller) -> None:
    place, kind = open_place(hours="Mo-Su 18:00-18:20")
    taken = booked(wish(place, kind, clock.at(THU, 18 * 60)))
    she = waits(place, kind, days=(THU, THU))
    evening.move_to(clock.at(WED, 20 * 60 + 46))
    cancel(taken)
    assert run() == 0
    evening.move_to(clock.at(THU, 9 * 60))
    assert run() == 1
    assert told(she) == [1]


@pytest.mark.usefixtures("sending")
def test_a_worker_that_dies_between_message_and_knowledge_has_told_nobody(
    evening: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, kind, visits = full_evening()
    women = [waits(place, kind) for _ in range(2)]
    evening.move_to(TEN)
    cancel(visits[0])

    class Killed(BaseException):
        pass

    def dies(*_args: Any) -> None:
        raise Killed

    for point in (waiting, "know"), (outbox, "put"):
        with monkeypatch.context() as patch:
            patch.setattr(*point, dies)
            with pytest.raises(Killed):
                run()
        assert told(*women) == [0, 0]
    assert run() == 1
    assert run() == 0
    assert told(*women) == [1, 0]


@pytest.mark.usefixtures("sending_app")
def test_who_does_not_fit_is_passed_over(evening: Traveller) -> None:
    place, kind, visits = full_evening()
    elsewhere, other = open_place(hours="off", minutes=30)
    passed_over = [
        waits(place, kind, part="morning"),
        waits(place, kind, days=(THU, THU)),
        waits(elsewhere, other),
        waits(place, kind, tell=False),
    ]
    fits = waits((elsewhere, place), kind)  # the other place does not do it: it is left out
    evening.move_to(TEN)
    cancel(visits[2])
    assert run() == 1
    assert told(*passed_over, fits) == [0, 0, 0, 0, 1]
    assert free_for(passed_over[3]) == ["18:40"]  # no SMS wanted: it stands under her code


@pytest.mark.usefixtures("sending_app")
def test_a_time_that_was_taken_takes_its_message_back_and_is_told_again_when_it_frees_again(evening: Traveller) -> None:
    place, kind, visits = full_evening()
    she = waits(place, kind)
    evening.move_to(clock.at(WED, 9 * 60))
    cancel(visits[0])
    run()
    other = booked(wish(place, kind, clock.at(WED, 18 * 60)))
    run()
    assert messages(she) == ["dropped"]
    cancel(other)
    assert run() == 0  # she was told a moment ago
    evening.shift(calling.REST)
    assert run() == 1
    assert messages(she) == ["dropped", "waiting"]


@pytest.mark.usefixtures("sending_app")
def test_booking_such_a_time_ends_the_wish_and_another_time_does_not(evening: Traveller) -> None:
    place, kind = open_place(hours="Mo-Su 08:00-19:00")
    she = waits(place, kind)
    book_free(she, place, kind, clock.at(WED, 9 * 60))
    assert len(free_for(she)) > 0
    book_free(she, place, kind, clock.at(WED, 18 * 60))
    assert [rows(model) for model in (Wish, WishLocation, WishTold)] == [0, 0, 0]


@pytest.mark.usefixtures("sending_app")
def test_one_woman_with_two_wishes_hears_once(evening: Traveller) -> None:
    place, kind, visits = full_evening()
    she = waits(place, kind)
    again = waits(place, kind, part="any", code=she.code)
    evening.move_to(TEN)
    cancel(visits[0])
    assert run() == 1
    evening.shift(calling.REST)
    assert run() == 0
    assert told(she, again) == [1, 0]


@pytest.mark.usefixtures("sending")
def test_a_closure_reopened_and_new_hours_free_times_too(evening: Traveller) -> None:
    place, kind = open_place(hours="Mo-Su 18:00-18:20")
    with writing() as s:
        cat = catalogue.current(s)
        shut = reshape.Shut(place, None, clock.at(WED, 6 * 60), clock.at(WED, 30 * 60), Text3())
        closure = reshape.close(s, cat, shut, {}, "clerk", clock.now()).closure_id
    first, second = waits(place, kind), waits(place, kind)
    evening.move_to(TEN)
    assert run() == 0
    with writing() as s:
        reshape.reopen(s, catalogue.current(s), place, closure, "clerk", clock.now())
    assert run() == 1
    with writing() as s:
        s.execute(update(Location).where(Location.id == place).values(hours="Mo-Su 18:00-18:40"))
        catalogue.changed(s)
    assert run() == 1
    assert told(first, second) == [1, 1]


@pytest.mark.usefixtures("sending_app")
def test_silence_leaves_the_wish_and_sends_nothing(evening: Traveller) -> None:
    place, kind, visits = full_evening()
    she = waits(place, kind)
    evening.move_to(TEN)
    cancel(visits[0])
    run()
    with writing() as s:
        pass_ = passes.find(s, she.code)
        waiting.silence(s, pass_, clock.now())
    assert messages(she) == ["dropped"]
    cancel(visits[1])
    evening.shift(calling.REST)
    assert run() == 0
    assert free_for(she) == ["18:00", "18:10", "18:20"]


@pytest.mark.usefixtures("sending")
def test_wishes_go_with_their_day_their_pass_or_by_her_word(evening: Traveller) -> None:
    place, kind, visits = full_evening()
    ended, forgotten, kept = (waits(place, kind) for _ in range(3))
    evening.move_to(TEN)
    cancel(visits[0])
    run()
    with writing() as s:
        waiting.end(s, passes.find(s, ended.code), ended.rid)
        passes.forget(s, passes.find(s, forgotten.code))
    assert (rows(Wish), rows(WishLocation), rows(WishTold), rows(Message)) == (1, 1, 0, 0)
    cancel(visits[1])
    run()
    assert told(kept) == [1]
    for day, left in ((THU, 1), (THU + timedelta(days=1), 0)):
        evening.move_to(clock.at(day, 12 * 60))
        while forgetting.run(clock.now()):
            pass
        assert rows(Wish) == left
    assert (rows(WishLocation), rows(WishTold), rows(Message)) == (0, 0, 0)


@pytest.mark.usefixtures("sending_app")
def test_what_she_waits_for_is_sealed_and_takes_the_same_room(evening: Traveller) -> None:
    place, kind = open_place(hours="off")
    with writing() as s:
        factories.a_room(s, s.get_one(Location, place), (factories.a_service(s, slug="other"),))
        catalogue.changed(s)
    a = waits(place, kind, part="morning")
    b = waits(place, frozenset({2}), part="evening")
    with reading() as s:
        boxes = dict(s.execute(select(Wish.rid, Wish.details)).all())
        assert len(boxes[a.rid]) == len(boxes[b.rid])
        assert b"evening" not in boxes[b.rid]
        assert waiting.unseal(b.rid, boxes[b.rid]) == waiting.Details(frozenset({2}), "evening", True)
        with pytest.raises(Exception, match=waiting.DETAILS):
            sealing.open_(waiting.DETAILS, a.rid, boxes[b.rid])


@pytest.mark.usefixtures("sending_app")
def test_refusals(evening: Traveller) -> None:
    place, kind = open_place(hours="off")
    nobody, other = open_place(hours="off", minutes=30)
    with writing() as s:
        s.execute(update(Location).where(Location.id == nobody).values(bookable=False))
        catalogue.changed(s)
    with pytest.raises(NotBookable):
        waits(nobody, other)
    with pytest.raises(NotBookable):
        waits(place, other)
    quiet = waits(place, kind, tell=False)
    with pytest.raises(PhoneNeeded):
        waits(place, kind, code=quiet.code)
    for _ in range(waiting.MOST_WISHES - 1):
        waits(place, kind, tell=False, code=quiet.code)
    with pytest.raises(waiting.TooMany):
        waits(place, kind, tell=False, code=quiet.code)


@pytest.mark.usefixtures("sending_app")
def test_looking_costs_one_statement_while_nothing_changes(evening: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    place, kind, visits = full_evening()
    waits(place, kind)
    evening.move_to(TEN)
    planned = Counter[str]()
    plan = calling.plan

    def counted(s: Session, cat: catalogue.Catalogue, now: datetime) -> calling.Plan:
        planned["plans"] += 1
        return plan(s, cat, now)

    monkeypatch.setattr(calling, "plan", counted)
    for _ in range(5):
        run()
    assert planned["plans"] == 1
    cancel(visits[0])
    run()
    assert planned["plans"] > 1
    assert rows(WishTold) == 1


def rows(model: type[Base]) -> int:
    with reading() as s:
        return s.execute(select(func.count()).select_from(model)).scalar_one()


@pytest.mark.usefixtures("sending_app")
def test_a_place_that_is_stopped_takes_its_messages_back(evening: Traveller) -> None:
    place, kind, visits = full_evening()
    she = waits(place, kind)
    evening.move_to(TEN)
    cancel(visits[0])
    run()
    with writing() as s:
        stopping.stop(s, catalogue.current(s).locations[place], "clerk", clock.now())
    assert run() == 0
    assert messages(she) == ["dropped"]
    assert free_for(she) == []
