"""A shared desk: a browser that a coordinator has enrolled, a name, a PIN; the deeds carry that name."""

import re

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic.audit import Audit
from clinic.db import reading, writing
from clinic.staff import accounts, second_factor
from clinic.staff.models import Device, Membership, Staff
from tests.desk import routes
from tests.desk.conftest import PIN, Desk, csrf, person
from tests.desk.conftest import sign_in as enter
from tests.staff.test_people import change, id_of

DESKS = "/staff/people/desks"


def enrolled(desk: Desk) -> FlaskClient:
    """The browser at the desk, after the coordinator has made it a shared one."""
    client = desk.client("chief")
    data = {"csrf_token": csrf(client, DESKS), "place": str(desk.location_id), "name": "Window 1"}
    answer = client.post(DESKS, data=data)
    assert answer.headers["Location"] == "/staff/sign-in"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert client.get("/staff/people").headers["Location"] == "/staff/sign-in", "she is signed out of it"
    return client


def sit(client: FlaskClient, login: str, pin: str = PIN):  # type: ignore[no-untyped-def]
    data = {"csrf_token": csrf(client, "/staff/sign-in"), "who": str(id_of(login)), "pin": pin}
    return client.post("/staff/sit-down", data=data)


def names(client: FlaskClient) -> set[str]:
    return set(re.findall(r'name="who"[^>]*><span>([^<]+)<', client.get("/staff/sign-in").text))


def test_who_sits_down_picks_a_name_and_the_deeds_carry_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = enrolled(desk)
    monkeypatch.setattr(second_factor, "asked", lambda: True)  # at a shared desk none is needed
    assert names(browser) == {"Gulnar", "Aigul", "Keeper"}
    ticket = desk.woman(0)
    assert sit(browser, "gulnar").status_code == 303
    step = {"csrf_token": csrf(browser, desk.url()), "step": f"{ticket}:booked:here"}
    assert browser.post(desk.url("/step"), data=step).status_code == 303
    browser.post("/staff/sign-out", data={"csrf_token": csrf(browser, desk.url())})
    assert names(browser) == {"Gulnar", "Aigul", "Keeper"}
    assert sit(browser, "aigul").status_code == 303
    step["csrf_token"], step["step"] = csrf(browser, desk.url()), f"{ticket}:here:in_room"
    assert browser.post(desk.url("/step"), data=step).status_code == 303
    with reading() as s:
        deeds = s.execute(select(Audit.verb, Audit.actor).where(Audit.verb.like("visit.%"))).all()
    assert set(deeds) == {("visit.here", "gulnar"), ("visit.in_room", "aigul")}


def test_no_other_browser_shows_names_or_takes_a_pin(desk: Desk) -> None:
    enrolled(desk)
    stranger = desk.stranger()
    assert names(stranger) == set()
    assert sit(stranger, "gulnar").headers["Location"] == "/staff/sign-in"
    assert stranger.get(desk.url()).headers["Location"] == "/staff/sign-in"
    stranger.set_cookie("d", "invented")
    assert names(stranger) == set()


def test_a_pin_opens_no_more_than_that_desk(desk: Desk) -> None:
    with writing() as s:
        foreign = s.scalar(select(Membership.location_id).join(Staff).where(Staff.login == "dala"))
        accounts.give_role(s, accounts.named(s, "gulnar"), "receptionist", None, foreign)
        accounts.give_role(s, accounts.named(s, "gulnar"), "coordinator", None, foreign)
        person(s, "duty", "responder", desk.location_id)
        person(s, "admin", "administrator", desk.location_id)
    browser = enrolled(desk)
    assert names(browser) == {"Gulnar", "Aigul", "Keeper"}, "whoever rules or is on duty there signs in by herself"
    for login in ("duty", "admin", "chief", "dala"):
        assert sit(browser, login).status_code == 422
    assert sit(browser, "gulnar").status_code == 303
    assert browser.get(desk.url()).status_code == 200
    for path in (desk.url(slug=desk.foreign_slug), "/staff/people", "/staff/me", "/staff/me/second", DESKS):
        assert browser.get(path).status_code == 404, path
    assert 'name="section"' not in browser.get("/staff/pages").text
    own = desk.client("gulnar")
    assert own.get("/staff/people").status_code == 200
    assert 'name="section"' in own.get("/staff/pages").text


def test_who_works_at_two_places_is_led_to_that_desk_alone(desk: Desk) -> None:
    with writing() as s:
        foreign = s.scalar(select(Membership.location_id).join(Staff).where(Staff.login == "dala"))
        accounts.give_role(s, accounts.named(s, "gulnar"), "receptionist", None, foreign)
    browser = enrolled(desk)
    assert sit(browser, "gulnar").status_code == 303
    assert browser.get("/staff/").headers["Location"] == desk.url()
    assert desk.foreign_slug not in browser.get("/staff/hours").text
    for path in ("/staff/", "/staff/hours"):
        assert desk.foreign_slug in desk.client("gulnar").get(path).text, path


def test_a_role_that_a_pin_must_not_open_ends_what_it_opened(desk: Desk) -> None:
    browser, chief = enrolled(desk), desk.client("chief")
    assert sit(browser, "gulnar").status_code == 303
    assert change(chief, "gulnar", "give", role="coordinator", where=f"place:{desk.location_id}").status_code == 303
    assert browser.get(desk.url()).headers["Location"] == "/staff/sign-in"
    assert names(browser) == {"Aigul", "Keeper"}


def test_at_a_shared_desk_the_table_holds_but_for_ones_own_account(desk: Desk) -> None:
    browser = enrolled(desk)
    with writing() as s:  # a coordinator of another place is no more than a receptionist here
        foreign = s.scalar(select(Membership.location_id).join(Staff).where(Staff.login == "dala"))
        accounts.give_role(s, accounts.named(s, "gulnar"), "coordinator", None, foreign)
    routes.everybody(desk)
    assert sit(browser, "gulnar").status_code == 303
    known = routes.table()
    for rule in routes.rules(desk.app):
        cell = known.get(f"GET {rule.rule}", {}).get("receptionist", routes.DOOR)
        if cell == routes.DOOR:
            continue
        answer = browser.get(routes.address(rule, desk, desk.slug))
        there = cell == routes.YES and not rule.rule.startswith("/staff/me")
        assert (answer.status_code == 404) == (not there), (rule.rule, answer.status_code)
        if "slug" in rule.arguments:
            assert browser.get(routes.address(rule, desk, desk.foreign_slug)).status_code == 404, rule.rule
    links = set(re.findall(r'href="(/staff/[^"#?]*)"', browser.get(desk.url()).text))
    assert {link for link in links if browser.get(link).status_code == 404} == set(), "the head leads nowhere else"


def test_three_wrong_pins_need_a_full_sign_in(desk: Desk) -> None:
    browser = enrolled(desk)
    for _ in range(3):
        assert sit(browser, "gulnar", "0000").status_code == 422
    assert sit(browser, "gulnar").status_code == 422
    assert sit(browser, "aigul").status_code == 303, "each name for itself"
    enter(desk.stranger(), "gulnar", "wrong")
    browser.post("/staff/sign-out", data={"csrf_token": csrf(browser, desk.url())})
    assert sit(browser, "gulnar").status_code == 422
    desk.client("gulnar")
    assert sit(browser, "gulnar").status_code == 303


def test_ended_or_old_it_is_no_desk_any_more(desk: Desk, evening: time_machine.Traveller) -> None:
    browser = enrolled(desk)
    assert sit(browser, "gulnar").status_code == 303
    chief = desk.client("chief")
    with reading() as s:
        device = s.scalars(select(Device.id)).one()
    assert chief.post(f"{DESKS}/{device}/end", data={"csrf_token": csrf(chief, DESKS)}).status_code == 303
    assert browser.get(desk.url()).headers["Location"] == "/staff/sign-in"
    assert names(browser) == set()


def test_switched_off_or_without_the_role_she_sits_there_no_longer(desk: Desk) -> None:
    browser, chief = enrolled(desk), desk.client("chief")
    assert sit(browser, "gulnar").status_code == 303
    change(chief, "gulnar", "off")
    assert browser.get(desk.url()).headers["Location"] == "/staff/sign-in"
    assert names(browser) == {"Aigul", "Keeper"}
    assert sit(browser, "aigul").status_code == 303
    change(chief, "aigul", "take", role="clinician", where=f"place:{desk.location_id}")
    assert browser.get(desk.url()).status_code == 404


def test_the_database_holds_neither_the_token_nor_the_pin(desk: Desk) -> None:
    browser = enrolled(desk)
    cookie = browser.get_cookie("d")
    assert cookie is not None
    with reading() as s:
        row = s.scalars(select(Device)).one()
        assert len(row.token_hash) == 32
        assert cookie.value.encode() not in bytes(row.token_hash)
