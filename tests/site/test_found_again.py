"""What she has done in this browser is found again behind its address, by Back, by a reload, in a new tab."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from time_machine import Traveller

from clinic.booking.models import Appointment
from clinic.db import writing
from clinic.privacy import lately
from tests.kits import supplies
from tests.site.conftest import code, words
from tests.site.test_sent_again import Sent, a_seat, a_visit, a_wish, an_order, count, shown

pytestmark = pytest.mark.usefixtures("supplied")
FORMS = pytest.mark.parametrize("form", [a_visit, an_order, a_wish, a_seat])
SHOW = re.compile(r'<form action="([^"]+)"[^>]*>(?:(?!</form>).)*?name="rid" value="([0-9a-f]{32})">', re.S)


@pytest.fixture
def supplied(city: Flask) -> None:
    with writing() as s:
        supplies.build(s)


@FORMS
def test_the_page_behind_the_address_leads_to_the_ticket(she: FlaskClient, form: Callable[[FlaskClient], Sent]) -> None:
    where, fields = form(she)
    assert not SHOW.search(she.get(where).text)
    ticket = she.post(where, data=fields)
    for page in (she.get(where), she.get("/ru/mine")):
        assert page.status_code == 200
        assert code(ticket).replace(" ", "") not in page.text.replace(" ", "")
        found = SHOW.search(page.text)
        assert found, words(page)[:300]
        again = she.post(found[1], data={"act": "ticket", "rid": found[2]})
        assert shown(again) == shown(ticket)


@FORMS
def test_it_goes_with_hide_and_with_two_hours_and_is_in_no_other_browser(
    city: Flask, she: FlaskClient, evening: Traveller, form: Callable[[FlaskClient], Sent]
) -> None:
    where, fields = form(she)
    she.post(where, data=fields)
    found = SHOW.search(she.get("/ru/mine").text)
    assert found
    other = city.test_client()
    assert not SHOW.search(other.get(where, follow_redirects=True).text)
    foreign = other.post(found[1], data={"act": "ticket", "rid": found[2]}, follow_redirects=True)
    assert 'class="code"' not in foreign.text
    assert 'class="ticket"' not in foreign.text
    with she.session_transaction() as session:
        kept = dict(session)
    she.get("/out")
    assert not SHOW.search(she.get("/ru/mine").text)
    with she.session_transaction() as session:
        session.update(kept)
    assert SHOW.search(she.get("/ru/mine").text)
    evening.shift(lately.KEPT + timedelta(minutes=1))
    assert not SHOW.search(she.get("/ru/mine").text)
    assert not SHOW.search(she.get(where, follow_redirects=True).text)


def test_nobody_reads_in_the_cookie_what_she_did(she: FlaskClient) -> None:
    where, fields = a_visit(she)
    secret = code(she.post(where, data=fields))
    with she.session_transaction() as session:
        kept = repr(dict(session))
        session["l"] = session["l"][:-8] + "AAAAAAA="
    assert secret not in kept
    assert "book" not in kept
    assert she.get("/ru/mine").status_code == 200
    assert not SHOW.search(she.get("/ru/mine").text)


def test_her_own_time_is_never_taken_from_her_and_never_booked_twice(city: Flask, she: FlaskClient) -> None:
    where, fields = a_visit(she)
    ticket = she.post(where, data=fields)
    before = count(Appointment)
    for act in ("show", "plain"):
        again = she.post(where, data={**fields, "act": act, "token": a_visit(she)[1]["token"]})
        assert again.status_code == 200
        assert "Вы записаны" in words(again)
        assert "заняли" not in words(again)
        assert SHOW.search(again.text)
    assert count(Appointment) == before
    stranger = words(city.test_client().post(where, data={**fields, "act": "show"}))
    assert "заняли" in stranger or "Всё верно?" in stranger
    mine = she.post("/ru/mine", data={"code": code(ticket)})
    visit = re.search(r'name="visit" value="([0-9a-f]{32})"', mine.text)
    assert visit
    she.post("/ru/mine", data={"code": code(ticket), "act": "cancel", "visit": visit[1]})
    assert "Всё верно?" in words(she.post(where, data={**fields, "act": "show"}))


def test_the_same_time_can_be_booked_for_somebody_else_by_a_tap_of_its_own(she: FlaskClient) -> None:
    where, fields = a_visit(she)
    she.post(where, data=fields)
    page = she.post(where, data={**fields, "act": "show"})
    assert "Записать на это время ещё кого-то" in words(page)
    assert 'name="another" value="1"' in page.text
    answer = she.post(where, data={**fields, "act": "show", "another": "1"})
    assert "заняли" in words(answer) or 'name="another" value="1"' in answer.text


@pytest.mark.parametrize("typed", ["Орех 2", "қоян 14", "Tulip 27"])
def test_a_ticket_typed_where_the_code_belongs_is_told_to_be_one(she: FlaskClient, typed: str) -> None:
    assert "Это номерок, его называют на входе" in words(she.post("/ru/mine", data={"code": typed}))
