"""`flask staff …` as an operator types it."""

import re

from flask import Flask
from sqlalchemy import select

from clinic.audit import Audit
from clinic.db import db, writing
from clinic.directory import catalogue
from clinic.staff import accounts, memberships, second_factor
from clinic.staff.models import Membership, SignIn, Staff
from tests import factories
from tests.desk.conftest import Desk, sign_in


def run(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["staff", *words])
    return result.exit_code, result.output


def test_add_prints_a_password_that_opens_and_is_kept_nowhere(desk: Desk) -> None:
    code, said = run(desk.app, "add", "New.Person", "--location", "place-0", "--role", "receptionist", "--name", "Asel")
    assert code == 0
    found = re.search(r"Password: (\S+)\nPIN: +(\d{4})", said)
    assert found is not None
    assert sign_in(desk.stranger(), "new.person", found[1]).status_code == 303
    row = db.session.scalars(select(Staff).where(Staff.login == "new.person")).one()
    assert found[1] not in row.password
    assert row.pin is not None
    assert found[2] not in row.pin
    deeds = db.session.scalars(select(Audit.verb).where(Audit.thing == "new.person")).all()
    assert "staff added" in deeds


def test_mistakes_are_one_sentence_and_make_nothing(desk: Desk) -> None:
    before = len(db.session.scalars(select(Staff)).all())
    role = ("--role", "receptionist", "--name", "X")
    for words in (
        ("add", "gulnar", "--location", "place-0", *role),
        ("add", "x y", "--location", "place-0", *role),
        ("add", "fine", "--location", "no-such-place", *role),
        ("add", "fine", "--organization", "no-such", *role),
        ("add", "fine", *role),
        ("add", "fine", "--location", "place-0", "--role", "receptionist", "--name", " "),
        ("password", "nobody"),
        ("off", "nobody"),
    ):
        code, said = run(desk.app, *words)
        assert code == 1, words
        assert said.count("\n") == 1, (words, said)
        assert "Traceback" not in said, (words, said)
    db.session.rollback()
    assert len(db.session.scalars(select(Staff)).all()) == before


def test_a_new_password_ends_sign_ins_and_off_closes_the_account(desk: Desk) -> None:
    desk.client()
    code, said = run(desk.app, "password", "gulnar")
    assert code == 0
    assert "Password" in said
    assert db.session.scalars(select(SignIn)).all() == []
    assert run(desk.app, "off", "gulnar")[0] == 0
    password = re.search(r"Password: (\S+)", said)
    assert password is not None
    assert sign_in(desk.stranger(), "gulnar", password[1]).status_code == 422


def test_a_lost_second_factor_is_taken_off_and_every_sign_in_ends(desk: Desk) -> None:
    desk.client()
    with writing() as s:
        gulnar = accounts.named(s, "gulnar").id
        second_factor.set_app(s, gulnar, second_factor.new_secret(), 0)
        second_factor.new_codes(s, gulnar)
    assert run(desk.app, "second", "gulnar")[0] == 0
    assert run(desk.app, "second", "nobody")[0] == 1
    assert not second_factor.has(db.session(), gulnar)
    assert second_factor.codes_left(db.session(), gulnar) == 0
    assert db.session.scalars(select(SignIn)).all() == []


def test_an_organizations_role_covers_its_places_and_no_others(app: Flask) -> None:
    with writing() as s:
        own, also = (factories.a_location(s, name, organization="saya") for name in ("One", "Two"))
        other = factories.a_location(s, "Other", organization="dala")
        chief = accounts.add(s, "chief", "Chief", "ru", "secret words", None)
        accounts.give_role(s, chief, "coordinator", own.organization_id, None)
        accounts.give_role(s, chief, "coordinator", own.organization_id, None)
        catalogue.changed(s)
    s = db.session()
    cat = catalogue.current(s)
    assert len(s.scalars(select(Membership)).all()) == 1
    places = [cat.locations[row.id] for row in (own, also, other)]
    assert [memberships.may(s, chief.id, ("coordinator",), place) for place in places] == [True, True, False]
    assert not memberships.may(s, chief.id, ("clinician",), places[0])
    assert memberships.places_of(s, chief.id, ("coordinator",), places) == tuple(places[:2])
