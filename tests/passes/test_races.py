"""Whoever writes to a pass at the same moment as another takes nothing back: neither her number nor her days."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from clinic import clock
from clinic.db import reading, writing
from clinic.passes import passes
from clinic.passes.passes import OpenPass

PHONE = "+77010000001"
ROUNDS = 25
DAY = timedelta(days=1)

pytestmark = pytest.mark.usefixtures("evening")


def hers() -> OpenPass:
    with writing() as s:
        return passes.open_pass(s, "ru", "plain", PHONE, clock.today())[0]


def as_it_is(pass_: OpenPass) -> OpenPass:
    with reading() as s:
        return passes.of(s, pass_.rid)


def erase(pass_: OpenPass) -> None:
    with writing() as s:
        passes.set_contact(s, pass_, "ru", "plain", None)


def keep(days: int) -> Callable[[OpenPass], None]:
    def act(pass_: OpenPass) -> None:
        with writing() as s:
            passes.keep_until(s, pass_, clock.today() + days * DAY)

    return act


def not_reached(pass_: OpenPass) -> None:
    with writing() as s:
        passes.unreached(s, pass_.rid, PHONE)


def at_once(app: Flask, pass_: OpenPass, *acts: Callable[[OpenPass], None]) -> list[BaseException]:
    """Each in a thread of its own, from what was read before any of them wrote."""
    ready, errors = threading.Barrier(len(acts)), list[BaseException]()

    def run(act: Callable[[OpenPass], None]) -> None:
        with app.app_context():
            try:
                ready.wait()
                act(pass_)
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return errors


@pytest.mark.parametrize("goes", [erase, not_reached])
def test_an_erased_number_does_not_come_back_while_her_next_visit_is_booked(
    app_on: Flask, goes: Callable[[OpenPass], None]
) -> None:
    for _ in range(ROUNDS):
        pass_ = hers()
        assert at_once(app_on, pass_, goes, keep(3), keep(9)) == []
        now = as_it_is(pass_)
        assert (now.phone, now.forget_on) == (None, clock.today() + 9 * DAY)


def test_her_code_opens_as_long_as_the_longest_of_what_hangs_from_it(app_on: Flask) -> None:
    for _ in range(ROUNDS):
        pass_ = hers()
        assert at_once(app_on, pass_, *(keep(days) for days in (9, 2, 5, 7))) == []
        now = as_it_is(pass_)
        assert (now.phone, now.forget_on) == (PHONE, clock.today() + 9 * DAY)


def test_what_was_read_before_she_erased_it_writes_nothing_back(app_on: Flask) -> None:
    pass_ = hers()
    erase(pass_)
    keep(5)(pass_)
    assert as_it_is(pass_).phone is None
    keep(2)(pass_)
    assert as_it_is(pass_).forget_on == clock.today() + 5 * DAY
