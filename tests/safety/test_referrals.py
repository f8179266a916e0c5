"""A code from one organization to another: redeemed once, by the right one, in time; the database knows nothing."""

import re
import threading
from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from time_machine import Traveller

from clinic import clock
from clinic.db import reading, writing
from clinic.privacy import codes as signs
from clinic.safety.referrals import codes
from clinic.safety.referrals.codes import CodeUnknown, Sent
from tests import factories
from tests.desk.conftest import Desk, cheap_argon2, csrf, furnish
from tests.privacy.test_seized import everything
from tests.site.conftest import words

__all__ = ["cheap_argon2"]
pytestmark = pytest.mark.usefixtures("evening")
DESKS = 12


@pytest.fixture
def two(app_on: Flask) -> tuple[int, int]:
    """The ids of two organizations."""
    with writing() as s:
        return factories.an_organization(s, "sends").id, factories.an_organization(s, "takes").id


def made(two: tuple[int, int], kind: str = "shelter", days: int = 7) -> str:
    with writing() as s:
        return codes.make(s, *two, kind, days, "chief", clock.now())[0]


def redeemed(code: str, *at: int) -> Sent:
    with writing() as s:
        return codes.redeem(s, code, at, "keeper", clock.now())


def test_one_of_many_desks_redeems_a_code(app_on: Flask, two: tuple[int, int]) -> None:
    code = made(two)
    ready, seen = threading.Barrier(DESKS), Counter[str]()

    def desk() -> None:
        with app_on.app_context():
            ready.wait()
            try:
                seen[redeemed(code, two[1]).kind] += 1
            except CodeUnknown:
                seen["unknown"] += 1

    desks = [threading.Thread(target=desk) for _ in range(DESKS)]
    for one in desks:
        one.start()
    for one in desks:
        one.join()
    assert seen == {"shelter": 1, "unknown": DESKS - 1}


def test_another_organization_learns_nothing_and_burns_nothing(two: tuple[int, int]) -> None:
    code = made(two)
    for wrong in (two[:1], ()):
        with pytest.raises(CodeUnknown):
            redeemed(code, *wrong)
    for typed in ("", "A" * 15, signs.new()):
        with pytest.raises(CodeUnknown):
            redeemed(typed, two[1])
    assert redeemed(signs.shown(code).lower(), two[1]) == Sent("shelter", two[0])


def test_after_its_last_day_it_is_gone(two: tuple[int, int], evening: Traveller) -> None:
    code, other = made(two, days=3), made(two, days=3)
    evening.shift(timedelta(days=3))
    assert redeemed(code, two[1]).kind == "shelter"
    evening.shift(timedelta(days=1))
    with pytest.raises(CodeUnknown):
        redeemed(other, two[1])
    with writing() as s:
        assert codes.forget(s, clock.now()) == 1


def test_a_seized_database_does_not_say_who_sent_whom_where(two: tuple[int, int]) -> None:
    code = made(two)
    made(two, "papers")
    held = everything()
    for secret in (code, code.lower(), "shelter", "papers", '"from"'):
        assert secret.encode() not in held
    with reading() as s:
        sizes = s.execute(text("SELECT length(box) FROM referral")).scalars().all()
    assert len(set(sizes)) == 1


def test_two_desks_give_and_take(app: Flask) -> None:
    desk: Desk = furnish(app)
    gulnar, dala = desk.client("gulnar"), desk.client("dala")
    url = "/staff/referrals"
    page = gulnar.get(url).text
    sender = re.search(r'name="sender" value="(\d+)"', page)
    assert sender
    with reading() as s:
        to = s.execute(text("SELECT id FROM organization WHERE slug = 'other'")).scalar_one()
    form = {"csrf_token": csrf(gulnar, url), "token": "t" * 22, "sender": sender[1], "to": str(to), "kind": "medical",
            "days": "7"}  # fmt: skip
    for field, value in (("to", sender[1]), ("to", "999"), ("kind", "x"), ("days", "8"), ("days", "")):
        assert gulnar.post(url + "/give", data={**form, field: value}).status_code == 422
    assert gulnar.post(url + "/give", data={**form, "sender": str(to)}).status_code == 404
    given = gulnar.post(url + "/give", data=form)
    shown = re.search(r'<p class="code"[^>]*>([^<]+)</p>', given.text)
    assert shown
    assert shown[1] in gulnar.post(url + "/give", data=form).text  # pressed twice: the same code
    for said in ("Dala (ru)", "data-print", "Адрес", "Телефон"):
        assert said in given.text, "where to go is said aloud, and the slip is printed by a button"
    take = {"csrf_token": csrf(dala, url), "token": "u" * 22, "code": shown[1]}
    own = gulnar.post(url + "/take", data={**take, "csrf_token": form["csrf_token"]})
    assert own.status_code == 404
    taken = dala.post(url + "/take", data=take)
    assert "медицинская помощь после насилия" in words(taken)
    assert "org (ru)" in words(taken)
    assert dala.post(url + "/take", data={**take, "token": "w" * 22}).status_code == 404
    assert desk.client("keeper").get(url).status_code == 404
