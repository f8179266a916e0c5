"""The hour is the same on page, SMS, calendar file, roster and JSON, with the server in another zone."""

import os
import re
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select
from time_machine import Traveller

from clinic import clock
from clinic.db import db, reading, writing
from clinic.messaging.models import Message
from clinic.privacy import sealing
from clinic.staff import accounts
from tests import world
from tests.conftest import Maker

SENDER = {
    "TWILIO_ACCOUNT_SID": "AC0", "TWILIO_AUTH_TOKEN": "t", "TWILIO_FROM": "Keshki",
    "TWILIO_API_BASE": "http://127.0.0.1:1",
}  # fmt: skip
DAY, HOUR = "2026-11-25", "20:20"  # Wednesday


@pytest.fixture
def in_new_york() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "America/New_York"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def hidden(page: str, name: str) -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'name="{name}"[^>]*?value="([^"]*)"', page)
    assert found, name
    return found[1]


def book(client: FlaskClient, city: world.City, phone: str = "+7 701 555 01 42") -> tuple[str, str]:
    """Book through the pages, with a reminder; the ticket page and her code."""
    where = f"/ru/at/{city.saya}/book"
    page = client.get(f"{where}?service=1&start={DAY}T{HOUR}").text
    answer = client.post(
        where,
        data={
            "token": hidden(page, "token"), "act": "book", "service": "1", "start": f"{DAY}T{HOUR}",
            "phone": phone, "cover": "plain", "language": "ru", "lead": "60",
        },
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    code = re.search(r'class="code"[^>]*>([^<]+)<', answer.text)
    assert code
    return answer.text, code[1]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_case_01_the_hour_is_the_same_everywhere(
    kind: str, make_app: Maker, evening: Traveller, in_new_york: None
) -> None:
    app: Flask = make_app(kind, SENDER)
    city = world.build()
    client = app.test_client()
    ticket, code = book(client, city)
    assert HOUR in ticket
    assert "25 ноября" in ticket

    with reading() as s:
        message = s.execute(select(Message)).scalar_one()
    text = sealing.open_("message.body", message.rid, message.body)
    assert HOUR in text
    assert "среда, 25 ноября" in text
    assert clock.local(message.due_at).strftime("%H:%M") == "19:20"

    mine = client.post("/ru/mine", data={"code": code})
    assert HOUR in mine.text
    visit = hidden(mine.text, "visit")
    event = Calendar.from_ical(client.post("/ru/mine", data={"code": code, "act": "calendar", "visit": visit}).data)
    assert event.walk("VEVENT")[0]["DTSTART"].to_ical() == b"20261125T152000Z"

    found = client.post("/api/v1/appointments/find", json={"code": code}).json
    assert found is not None
    assert found["start"] == f"{DAY}T{HOUR}:00+05:00"

    roster = signed_in(app, city).get(f"/staff/roster/{city.saya}/{DAY}").text
    assert HOUR in roster
    assert str(found["ticket"]["number"]) in roster

    stored = db.session.connection().exec_driver_sql("SELECT start_cell FROM appointment").scalar_one()
    assert clock.moment(stored).strftime("%H:%M") == "15:20"  # UTC in the database


def signed_in(app: Flask, city: world.City) -> FlaskClient:
    """A receptionist of the clinic at her desk."""
    with writing() as s:
        person = accounts.add(s, "gulnar", "Gulnar", "ru", "correct horse battery", "2468")
        accounts.give_role(s, person, "receptionist", None, city.saya_id)
    client = app.test_client()
    page = client.get("/staff/sign-in").text
    answer = client.post(
        "/staff/sign-in",
        data={"csrf_token": hidden(page, "csrf_token"), "login": "gulnar", "password": "correct horse battery"},
    )
    assert answer.status_code == 303, answer.text
    return client
