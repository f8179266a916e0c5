"""Passkeys: made for an account, verified, of this site; each answer enters once."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from clinic import clock
from clinic.db import reading, writing
from clinic.staff import passkeys, second_factor
from clinic.staff.models import Staff
from clinic.staff.passkeys import PasskeyRefused, Site
from tests.staff.authenticator import PRESENT, Authenticator
from tests.staff.test_races import a_place_with, at_once

pytestmark = pytest.mark.usefixtures("evening")
SITE = Site("https://keshki.example", "Keshki")


def added(staff_id: int, device: Authenticator) -> None:
    with writing() as s:
        now = clock.now()
        answer = device.make(passkeys.question_to_add(s, SITE, staff_id, now))
        passkeys.add(s, SITE, staff_id, answer, "phone", now, now.date())


def refused(answer: str) -> bool:
    """Whether an answer enters nobody's account."""
    try:
        passkeys.enter(SITE, answer, clock.now())
    except PasskeyRefused:
        return True
    return False


def test_an_answer_enters_once_also_of_two_at_once(app_on: Flask, evening: time_machine.Traveller) -> None:
    _, (one, two) = a_place_with("one", "two")
    devices = Authenticator(SITE.origin), Authenticator(SITE.origin)
    for staff_id, device in zip((one, two), devices, strict=True):
        added(staff_id, device)
    evening.shift(timedelta(seconds=5))
    answer = devices[1].answer(passkeys.question_to_enter(SITE, clock.now()))

    def enter() -> None:
        assert passkeys.enter(SITE, answer, clock.now()) == two

    assert at_once(app_on, *[enter] * 3) == ["PasskeyRefused"] * 2 + ["done"]
    evening.shift(timedelta(seconds=5))
    fresh = devices[0].answer(passkeys.question_to_enter(SITE, clock.now()))
    assert passkeys.enter(SITE, fresh, clock.now()) == one


def test_what_is_not_verified_not_of_this_site_or_too_old_is_refused(
    app: Flask, evening: time_machine.Traveller
) -> None:
    _, (one, two) = a_place_with("one", "two")
    device = Authenticator(SITE.origin)
    added(one, device)
    evening.shift(timedelta(seconds=5))
    question = passkeys.question_to_enter(SITE, clock.now())
    other_site = Authenticator("https://keshki.example.evil")
    other_site.key, other_site.id = device.key, device.id
    unknown = Authenticator(SITE.origin)
    stranger = Authenticator(SITE.origin)
    stranger.id = device.id
    with reading() as s:
        to_add = passkeys.question_to_add(s, SITE, one, clock.now()).replace("{", '{"rpId": "keshki.example", ', 1)
    wrong = {
        "no finger": device.answer(question, PRESENT),
        "a false page": other_site.answer(question),
        "an unknown device": unknown.answer(question),
        "another key": stranger.answer(question),
        "another question": device.answer(to_add),
        "nonsense": "{}",
        "a list": "[]",
        "a number": "7",
    }
    for what, answer in wrong.items():
        assert refused(answer), what
    good = device.answer(question)
    evening.shift(timedelta(hours=1, seconds=1))
    assert refused(good)
    fresh = device.answer(passkeys.question_to_enter(SITE, clock.now()))
    with writing() as s:
        s.execute(update(Staff).where(Staff.id == one).values(off_at=clock.now()))
    assert refused(fresh)
    with writing() as s:
        asked = passkeys.question_to_add(s, SITE, two, clock.now())
        for answer in (Authenticator(SITE.origin).make(asked, PRESENT), device.make(asked)):
            with pytest.raises(PasskeyRefused):
                passkeys.add(s, SITE, one, answer, "phone", clock.now(), clock.today())
        assert not second_factor.has(s, two)


def test_the_last_factor_takes_the_recovery_codes_along(app: Flask) -> None:
    _, (one,) = a_place_with("one")
    added(one, Authenticator(SITE.origin))
    with writing() as s:
        second_factor.new_codes(s, one)
        (key,) = passkeys.of(s, one)
        assert not passkeys.take(s, one, key.id + 1)
        assert second_factor.codes_left(s, one) == 10
        assert passkeys.take(s, one, key.id)
        assert second_factor.codes_left(s, one) == 0


def test_who_has_only_a_passkey_needs_it_or_a_recovery_code(app: Flask) -> None:
    _, (one,) = a_place_with("one")
    added(one, Authenticator(SITE.origin))
    with writing() as s:
        code = second_factor.new_codes(s, one)[0]
    now = clock.now()
    assert not second_factor.passes(one, "", now)
    assert not second_factor.passes(one, "123456", now)
    assert second_factor.passes(one, code, now)
    assert not second_factor.passes(one, code, now)
