"""An act sent twice is done once, and only who holds its token can read the answer again."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from nacl.exceptions import CryptoError
from sqlalchemy import select
from time_machine import Traveller

from clinic import clock
from clinic.db import db, reading, writing
from clinic.privacy import keys, once, tokens
from clinic.privacy.models import Once
from clinic.staff import sign_in

TOKEN = "k" * 40


def act(body: bytes, made: list[int]) -> once.Done:
    def make() -> dict[str, int]:
        made.append(1)
        return {"ticket": 27}

    with writing() as s:
        return once.run(s, "book", TOKEN, body, once.FORM_KEPT, clock.now(), make)


def test_five_taps_act_once(app_on: Flask, evening: Traveller) -> None:
    made: list[int] = []
    answers = [act(b"19:00", made) for _ in range(5)]
    assert len(made) == 1
    assert [a.replayed for a in answers] == [False, True, True, True, True]
    assert {a.answer["ticket"] for a in answers} == {27}


def test_another_body_under_the_same_token_is_refused(app_on: Flask, evening: Traveller) -> None:
    act(b"19:00", [])
    with pytest.raises(once.Reused):
        act(b"20:00", [])


def test_an_act_that_fails_leaves_the_token_free(app_on: Flask, evening: Traveller) -> None:
    def fail() -> dict[str, int]:
        raise ValueError

    with pytest.raises(ValueError), writing() as s:
        once.run(s, "book", TOKEN, b"19:00", once.FORM_KEPT, clock.now(), fail)
    made: list[int] = []
    assert not act(b"19:00", made).replayed
    assert made


def test_the_answer_is_gone_after_its_time(app_on: Flask, evening: Traveller) -> None:
    made: list[int] = []
    act(b"19:00", made)
    evening.shift(once.FORM_KEPT + timedelta(minutes=1))
    assert not act(b"19:00", made).replayed
    with writing() as s:
        assert once.forget(s, clock.now() + once.FORM_KEPT) == 1


def test_what_may_be_sent_again_is_remembered_for_as_long(app_on: Flask, evening: Traveller) -> None:
    assert once.FORM_KEPT > tokens.LIFETIME
    assert once.DESK_KEPT >= sign_in.LONGEST


def test_what_stands_is_remembered_until_its_last_day_is_over(app_on: Flask, evening: Traveller) -> None:
    made: list[int] = []

    def send() -> once.Done:
        def make() -> dict[str, int]:
            made.append(1)
            return {"ticket": 27}

        last = clock.today() + timedelta(days=9) if not made else clock.today()
        with writing() as s:
            return once.run(s, "book", TOKEN, b"19:00", once.FORM_KEPT, clock.now(), make, lambda: last)

    send()
    evening.shift(timedelta(days=9))
    with writing() as s:
        assert once.forget(s, clock.now()) == 0
        assert once.before(s, "book", TOKEN, b"19:00", clock.now()) == {"ticket": 27}
        with pytest.raises(once.Reused):
            once.before(s, "book", TOKEN, b"20:00", clock.now())
    assert send().replayed
    evening.shift(timedelta(days=1))
    with writing() as s:
        assert once.before(s, "book", TOKEN, b"19:00", clock.now()) is None
        assert once.forget(s, clock.now()) == 1
    assert len(made) == 1


def test_the_database_holds_no_answer_in_clear(app_on: Flask, evening: Traveller) -> None:
    act(b"19:00", [])
    with reading() as s:
        row = s.execute(select(Once)).scalar_one()
    assert b"27" not in row.answer
    assert TOKEN.encode() not in row.token_hash


def test_an_old_copy_tells_nothing_to_who_knows_the_token_and_the_keys_of_a_later_day(
    app: Flask, evening: Traveller
) -> None:
    def kept() -> tuple[bytes, bytes]:
        with reading() as s:
            row = s.execute(select(Once)).scalar_one()
            return row.body_hash, row.answer

    act(b"+77010000000", [])
    end = clock.now() + once.FORM_KEPT
    body_hash, answer = kept()
    evening.shift(timedelta(days=2))
    keys.ring().advance(clock.today(), leap_days=100)
    act(b"+77010000000", [])
    assert kept()[0] != body_hash, "the same number can be tried out against the copy"
    with pytest.raises(CryptoError):
        once._open(once._secret(TOKEN, clock.now() + once.FORM_KEPT), answer)
    with pytest.raises(keys.Gone):
        once._secret(TOKEN, end)


def test_two_at_once_act_once(app_on: Flask) -> None:
    made: list[int] = []
    answers: list[bool] = []
    gate = threading.Barrier(2)

    def tap() -> None:
        with app_on.app_context():
            gate.wait()
            answers.append(act(b"19:00", made).replayed)
            db.session.remove()

    threads = [threading.Thread(target=tap) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(answers) == [False, True]
    assert len(made) == 1
