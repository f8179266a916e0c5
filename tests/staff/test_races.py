"""Two at once, of whatever works once, and of two who take each other's role: one wins."""

from collections.abc import Callable
from threading import Barrier, Thread

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select

from clinic import clock
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.staff import accounts, invitations, people, second_factor, shared_desks
from clinic.staff.models import Membership, Staff
from clinic.staff.people import Held
from tests import factories
from tests.desk.conftest import PASSWORD, PIN

pytestmark = pytest.mark.usefixtures("evening")


def at_once(app: Flask, *acts: Callable[[], object]) -> list[str]:
    """Do all at the same moment; "done", "no" for False, or the name of what each raised."""
    gate, said = Barrier(len(acts)), list[str]()

    def run(act: Callable[[], object]) -> None:
        with app.app_context():
            gate.wait()
            try:
                said.append("no" if act() is False else "done")
            except Exception as error:
                said.append(type(error).__name__)

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


def a_place_with(*logins: str, role: str = "administrator") -> tuple[int, list[int]]:
    """A place, and people who hold a role at its organization."""
    with writing() as s:
        place = factories.a_location(s)
        made = []
        for login in logins:
            person = accounts.add(s, login, login.title(), "ru", PASSWORD, PIN)
            accounts.give_role(s, person, role, place.organization_id, None)
            made.append(person.id)
        catalogue.changed(s)
        return place.id, made


def test_one_invitation_makes_one_account(app_on: Flask) -> None:
    place, (chief,) = a_place_with("chief")
    now = clock.now()
    with writing() as s:
        role = people.target(s, "receptionist", None, place)
        made = invitations.invite(s, chief, "Asel", "ru", [role], now)

    def accept(login: str) -> Callable[[], object]:
        return lambda: invitations.accept(made.key, made.code, login, "evening lamp 7", "8093", now)

    assert at_once(app_on, accept("one"), accept("two"), accept("one")) == ["InvitationRefused"] * 2 + ["done"]
    with reading() as s:
        assert s.scalar(select(func.count()).select_from(Staff)) == 2


def test_two_invitations_and_one_login_make_one_account(app_on: Flask) -> None:
    place, (chief,) = a_place_with("chief")
    now = clock.now()
    with writing() as s:
        role = people.target(s, "receptionist", None, place)
        both = [invitations.invite(s, chief, "Asel", "ru", [role], now) for _ in range(2)]
    acts = [
        lambda made=made: invitations.accept(made.key, made.code, "same", "evening lamp 7", "8093", now)
        for made in both
    ]
    assert at_once(app_on, *acts) == ["AccountError", "done"]


def test_a_code_passes_once(app_on: Flask) -> None:
    _, (chief,) = a_place_with("chief")
    now = clock.now()
    secret = second_factor.new_secret()
    with writing() as s:
        second_factor.set_app(s, chief, secret, 0)
        recovery = second_factor.new_codes(s, chief)[0]
    for code in (pyotp.TOTP(secret).at(now), recovery):
        acts = [lambda code=code: second_factor.passes(chief, code, now)] * 3
        assert at_once(app_on, *acts) == ["done", "no", "no"], code


def test_three_tries_of_a_pin_in_all(app_on: Flask) -> None:
    place, (gulnar,) = a_place_with("gulnar", role="receptionist")
    now = clock.now()
    with writing() as s:
        shared_desks.enrol(s, place, "Window", now.date())
        (desk,) = shared_desks.at(s, [place], now.date())
        info = catalogue.current(s).locations[place]
    acts = [lambda: shared_desks.sit_down(desk, info, gulnar, "0000")] * 6
    assert at_once(app_on, *acts) == ["DeskRefused"] * 6
    with pytest.raises(shared_desks.DeskRefused):
        shared_desks.sit_down(desk, info, gulnar, PIN)


def test_two_administrators_who_take_each_others_role_leave_one(app_on: Flask) -> None:
    _, (one, two) = a_place_with("one", "two")

    def take(chief: int, other: int) -> Callable[[], object]:
        def act() -> None:
            with writing() as s:
                people.take(s, chief, other, Held("administrator", 1, None))

        return act

    said = at_once(app_on, take(one, two), take(two, one))
    assert said[1] == "done"
    assert said[0] in ("NotYours", "LastOne")
    with reading() as s:
        assert s.scalar(select(func.count()).select_from(Membership)) == 1
