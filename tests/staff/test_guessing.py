"""What others would guess is no password, and who guesses is slowed down and seen; nobody is locked out by it."""

import pytest
from flask import Flask
from sqlalchemy import select
from time_machine import Traveller

from clinic.audit import Audit
from clinic.db import reading
from clinic.staff.guessable import is_guessable
from tests.desk.conftest import PASSWORD, Desk, csrf
from tests.desk.conftest import sign_in as enter


@pytest.mark.parametrize(
    "password",
    ["1234567890", "aaaaaaaaaa", "qwertyuiop", "йцукенгшщз", " " * 10, "password12", "gulnar-clinic", "Алматы2026"],
)
def test_what_everybody_tries_first_is_refused_beside_its_field(desk: Desk, password: str) -> None:
    client = desk.client()
    page = client.post(
        "/staff/me/password",
        data={"csrf_token": csrf(client, "/staff/me/password"), "current": PASSWORD, "password": password},
    )
    assert page.status_code == 422
    assert 'id="password-e"' in page.text or "легко угадать" in page.text or "логин" in page.text.lower()


def test_four_words_and_what_we_make_ourselves_are_good() -> None:
    assert not is_guessable("correct horse battery", ("gulnar",))
    assert not is_guessable("n6zu-qa6e-pdmb-g389", ("gulnar",))


def test_another_password_asks_for_the_one_she_has(desk: Desk) -> None:
    client = desk.client()
    token = csrf(client, "/staff/me/password")
    form = {"csrf_token": token, "current": "not this one", "password": "seven green lamps sing"}
    assert client.post("/staff/me/password", data=form).status_code == 422
    assert client.post("/staff/me/password", data=form | {"current": PASSWORD}).status_code == 303


def test_who_guesses_waits_and_is_seen_and_she_comes_in_where_she_was_before(
    desk: Desk, app: Flask, evening: Traveller
) -> None:
    hers = desk.stranger()
    assert enter(hers, "gulnar", PASSWORD).status_code == 303
    answers = []
    for n in range(25):
        guesser = desk.stranger()
        guesser.environ_base["REMOTE_ADDR"] = f"203.0.113.{n}"
        answers.append(enter(guesser, "gulnar", f"wrong {n}").status_code)
    assert answers == [422] * 20 + [429] * 5
    late = desk.stranger()
    late.environ_base["REMOTE_ADDR"] = "203.0.113.99"
    assert enter(late, "gulnar", PASSWORD).status_code == 429, "the right one would be a guess as well"
    unknown = desk.stranger()
    unknown.environ_base["REMOTE_ADDR"] = "203.0.113.98"
    assert enter(unknown, "nobody-here", "wrong").status_code == 422
    hers.post("/staff/sign-out", data={"csrf_token": csrf(hers, "/staff/me")})
    assert enter(hers, "gulnar", PASSWORD).status_code == 303
    with reading() as s:
        assert s.scalars(select(Audit.verb).where(Audit.actor == "gulnar", Audit.verb == "password.wrong")).all()
