"""Whatever form she sends again, and however much later: it does nothing twice and says what it did."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from time_machine import Traveller
from werkzeug.test import TestResponse

from clinic.booking.models import Appointment, Wish
from clinic.db import reading, writing
from clinic.kits.models import KitOrder
from clinic.safety.reports.models import Report
from clinic.safety.trainings.models import Seat, Training
from tests.kits import supplies
from tests.site.conftest import Offered, code, hidden, words

Sent = tuple[str, dict[str, Any]]  # where, what


@pytest.fixture(autouse=True)
def _supplied(city: Flask) -> None:
    with writing() as s:
        supplies.build(s)


def a_visit(she: FlaskClient) -> Sent:
    offered = Offered(she)
    page = she.post(f"/ru{offered.path}", data=offered.fields)
    return f"/ru{offered.path}", {**offered.fields, "act": "plain", "token": hidden(page, "token")[0]}


def an_order(she: FlaskClient) -> Sent:
    wish = {"kit": "1", "q": "1", "near": "Алматы"}
    page = she.get("/ru/order/points", query_string=wish)
    point = re.search(r'name="point" value="([a-z0-9]+)"', page.text)
    assert point
    return "/ru/order/points", {**wish, "act": "order", "point": point[1], "token": hidden(page, "token")[0]}


def a_wish(she: FlaskClient) -> Sent:
    page = she.get("/ru/wait?near=Алматы")
    ticked = re.findall(r'name="(place|service)" value="([a-z0-9]+)" checked', page.text)
    fields = {name: [value for one, value in ticked if one == name] for name in ("place", "service")}
    more = {"near": "Алматы", "part": "any", "days": "7", "act": "wait", "token": hidden(page, "token")[0]}
    return "/ru/wait", {**fields, **more}


def a_seat(she: FlaskClient) -> Sent:
    with reading() as s:
        number = s.scalars(select(Training.id).order_by(Training.starts_at.desc())).first()
    page = she.get(f"/ru/days/{number}")
    return f"/ru/days/{number}", {"act": "take", "line": "0", "token": hidden(page, "token")[0]}


def a_note(she: FlaskClient) -> Sent:
    return "/ru/note", {"act": "send", "text": "he took my phone", "token": hidden(she.get("/ru/note"), "token")[0]}


FORMS = pytest.mark.parametrize(
    ("form", "table"),
    [(a_visit, Appointment), (an_order, KitOrder), (a_wish, Wish), (a_seat, Seat), (a_note, Report)],
)


def count(table: type) -> int:
    with reading() as s:
        return s.scalar(select(func.count()).select_from(table)) or 0


def shown(answer: TestResponse) -> str:
    """What a ticket says that does not change with the hour: its code and its heading."""
    return str(re.findall(r'class="code"[^>]*>([^<]+)<|<h1>(.*?)</h1>', answer.text))


@FORMS
def test_the_same_ticket_comes_again_for_as_long_as_it_stands(
    she: FlaskClient, evening: Traveller, form: Callable[[FlaskClient], Sent], table: type
) -> None:
    where, fields = form(she)
    before = count(table)
    first = she.post(where, data=fields)
    assert first.status_code == 200, words(first)[:300]
    for later in (timedelta(minutes=11), timedelta(minutes=40), timedelta(hours=3)):
        evening.shift(later)
        again = she.post(where, data=fields)
        assert (again.status_code, shown(again)) == (200, shown(first)), words(again)[:300]
    assert count(table) == before + 1


@FORMS
def test_a_form_that_asks_for_more_than_it_did_says_so_and_does_nothing(
    she: FlaskClient, form: Callable[[FlaskClient], Sent], table: type
) -> None:
    where, fields = form(she)
    first = she.post(where, data=fields)
    other = {"text": "another"} if form is a_note else {"code": code(first)}
    before = count(table)
    again = she.post(where, data={**fields, **other})
    assert again.status_code == 409, words(again)[:300]
    assert "уже отправ" in words(again), words(again)[:400]
    assert count(table) == before


@pytest.mark.parametrize(
    ("form", "table", "act"),
    [(a_visit, Appointment, "cancel"), (an_order, KitOrder, "cancel"), (a_wish, Wish, "end"), (a_seat, Seat, "leave")],
)
@pytest.mark.parametrize("forget", [False, True])
def test_what_she_gave_up_does_not_come_back_by_an_old_form(
    she: FlaskClient, form: Callable[[FlaskClient], Sent], table: type, act: str, forget: bool
) -> None:
    where, fields = form(she)
    secret = code(she.post(where, data=fields))
    mine = she.post("/ru/mine", data={"code": secret})
    thing = re.search(r'name="(visit|order|wish|seat)" value="([0-9a-f]{32})"', mine.text)
    assert thing
    asked = {"act": "forget"} if forget else {"act": act, thing[1]: thing[2]}
    she.post("/ru/mine", data={"code": secret, **asked})
    before = count(table)
    again = she.post(where, data=fields)
    assert again.status_code == 409, words(again)[:300]
    assert "Этого больше нет" in words(again)
    assert count(table) == before


def test_a_token_of_one_form_is_none_of_another(she: FlaskClient) -> None:
    where, fields = a_visit(she)
    _other, more = a_wish(she)
    before = count(Appointment)
    assert she.post(where, data={**fields, "token": more["token"]}).status_code == 400
    assert count(Appointment) == before
