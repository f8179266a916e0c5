"""How she was treated: once for each visit, counters that lead to nobody, published at every tenth answer."""

import threading
from contextlib import suppress
from datetime import date, timedelta
from multiprocessing.pool import ThreadPool

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from time_machine import Traveller

from clinic import clock
from clinic.booking import appointments, feedback, forgetting, notes, placing
from clinic.booking.models import Appointment, Feedback, FeedbackLine
from clinic.booking.refusals import Gone
from clinic.db import db, reading, writing
from clinic.directory import catalogue
from clinic.passes import passes
from clinic.passes.passes import OpenPass
from tests.booking.place import booked, open_place, wish

WED = date(2026, 11, 25)
YES = dict.fromkeys(feedback.QUESTIONS, True)


def visits(count: int) -> tuple[int, list[tuple[OpenPass, bytes]]]:
    """A place, and so many women whose visits to it are done."""
    place, kind = open_place(hours="Mo-Su 06:00-30:00", minutes=5)
    start = clock.at(WED, 10 * 60)
    done = [booked(wish(place, kind, start + n * timedelta(minutes=5))) for n in range(count)]
    with writing() as s:
        s.execute(update(Appointment).values(status="done"))
        return place, [(passes.find(s, one.code or ""), one.appointment.rid) for one in done]


def say(woman: tuple[OpenPass, bytes], line: str = "", **answers: bool) -> None:
    with writing() as s:
        feedback.answer(s, *woman, YES | answers, line, clock.now())


def shown(place: int) -> feedback.Shown | None:
    with reading() as s:
        return feedback.shown(s, place)


@pytest.mark.usefixtures("app_on", "evening")
def test_the_tenth_answer_publishes_and_the_next_nine_change_nothing() -> None:
    place, women = visits(21)
    for n, woman in enumerate(women[:9]):
        say(woman, respected=n != 3)
        assert shown(place) is None
    say(women[9], private=False, again=False)
    tenth = feedback.Shown(answers=10, respected=9, private=9, again=9)
    assert shown(place) == tenth
    for woman in women[10:19]:
        say(woman, respected=False)
        assert shown(place) == tenth
    say(women[19])
    assert shown(place) == feedback.Shown(20, 10, 19, 19)
    say(women[20], again=False)
    assert shown(place) == feedback.Shown(20, 10, 19, 19)


@pytest.mark.usefixtures("evening")
def test_a_note_written_at_the_same_moment_lets_nobody_answer_twice(
    app_on: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, women = visits(4)
    unseal = placing.unseal
    for woman in women:
        both = threading.Barrier(2)

        def read(rid: bytes, box: bytes, both: threading.Barrier = both) -> placing.Details:
            found = unseal(rid, box)
            with suppress(threading.BrokenBarrierError):
                both.wait(0.5)  # both have read before either writes, if they can
            return found

        def note(woman: tuple[OpenPass, bytes] = woman) -> None:
            with app_on.app_context(), writing() as s:
                notes.write(s, place, woman[1], "by phone", "nurse", clock.now())

        def her(woman: tuple[OpenPass, bytes] = woman) -> None:
            with app_on.app_context():
                say(woman)

        monkeypatch.setattr(placing, "unseal", read)
        with ThreadPool(2) as pool:
            for done in [pool.apply_async(note), pool.apply_async(her)]:
                done.get(60)
        monkeypatch.undo()
        with pytest.raises(feedback.Answered):
            say(woman)
        with reading() as s:
            box = s.scalars(select(Appointment.details).where(Appointment.rid == woman[1])).one()
        assert unseal(woman[1], box).notes == "by phone"


@pytest.mark.usefixtures("app_on", "evening")
def test_a_visit_is_answered_once_and_only_by_her_after_it_was_done() -> None:
    _place, women = visits(2)
    say(women[0])
    with pytest.raises(feedback.Answered):
        say(women[0], respected=False)
    with pytest.raises(Gone):
        say((women[0][0], women[1][1]))
    with writing() as s:
        s.execute(update(Appointment).where(Appointment.rid == women[1][1]).values(status="in_room"))
    with pytest.raises(Gone):
        say(women[1])
    with reading() as s:
        assert dict(s.execute(select(Feedback.what, Feedback.n)).all()) == {
            "answers": 1, "respected": 1, "private": 1, "again": 1,
        }  # fmt: skip


def test_two_taps_at_once_count_once(app_on: Flask, evening: Traveller) -> None:
    _place, women = visits(1)
    both = threading.Barrier(2)
    refused = []

    def tap() -> None:
        with app_on.app_context():
            both.wait()
            try:
                say(women[0])
            except feedback.Answered:
                refused.append(1)
            db.session.remove()

    taps = [threading.Thread(target=tap) for _ in range(2)]
    for one in taps:
        one.start()
    for one in taps:
        one.join()
    assert len(refused) == 1
    with reading() as s:
        assert s.scalar(select(Feedback.n).where(Feedback.what == "answers")) == 1


@pytest.mark.usefixtures("app")
def test_no_row_outside_her_visit_says_which_visits_were_answered(evening: Traveller) -> None:
    """The mark lies inside the sealed details: answered and unanswered visits look alike, to the length of the box."""
    _place, women = visits(2)
    before = columns()
    say(women[0])
    after = columns()
    assert before == after


def columns() -> list[list[object]]:
    """Every column of every visit; of the sealed box its length."""
    with reading() as s:
        rows = s.execute(text("SELECT * FROM appointment ORDER BY ticket")).mappings().all()
    return [[len(bytes(v)) if k == "details" else v for k, v in row.items()] for row in rows]


@pytest.mark.usefixtures("app_on")
def test_a_line_is_read_from_the_monday_after_and_goes_within_thirty_days(evening: Traveller) -> None:
    place, women = visits(2)
    say(women[0], "They were kind.")
    with reading() as s:
        assert feedback.lines(s, [place], clock.now()) == ()
        row = s.execute(select(FeedbackLine)).scalar_one()
        assert (row.week, row.forget_on) == (date(2026, 11, 23), date(2026, 12, 23))
        assert b"kind" not in bytes(row.body)
        assert set(FeedbackLine.__table__.c.keys()) == {"rid", "location_id", "week", "body", "forget_on"}
    evening.move_to(clock.at(date(2026, 11, 30), 12 * 60))
    with reading() as s:
        assert feedback.lines(s, [place], clock.now()) == (feedback.Line(place, date(2026, 11, 23), "They were kind."),)
        assert feedback.lines(s, [], clock.now()) == ()
    for day, left in ((date(2026, 12, 23), 1), (date(2026, 12, 24), 0)):
        evening.move_to(clock.at(day, 12 * 60))
        while forgetting.run(clock.now()):
            pass
        with reading() as s:
            assert len(s.execute(select(FeedbackLine.rid)).all()) == left


@pytest.mark.usefixtures("app")
def test_she_is_asked_only_about_what_is_done_and_unanswered(evening: Traveller) -> None:
    _place, women = visits(1)
    pass_, rid = women[0]

    def asked() -> bool:
        with reading() as s:
            views = appointments.of_pass(s, catalogue.current(s), pass_, clock.now())
            return rid in feedback.open_for(s, views)

    assert asked()
    say(women[0])
    assert not asked()
