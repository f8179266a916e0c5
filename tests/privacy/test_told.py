"""A number and a code that she typed or was shown come back in no log, address, title, header or cookie."""

import logging
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from time_machine import Traveller
from werkzeug.test import TestResponse

from clinic.privacy import codes
from tests import world
from tests.conftest import Maker
from tests.privacy.test_seized import PHONE, forms_of
from tests.test_one_hour import DAY, HOUR, SENDER, book, hidden


class Listener:
    """Remembers what each answer told besides its body, and the titles of its pages."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.told: list[str] = []

    def post(self, path: str, **data: str) -> TestResponse:
        return self.heard(self.client.post(path, data=data))

    def get(self, path: str) -> TestResponse:
        return self.heard(self.client.get(path))

    def heard(self, answer: TestResponse) -> TestResponse:
        self.told.append(answer.request.full_path)
        self.told += [f"{name}: {value}" for name, value in answer.headers]
        self.told += re.findall(r"<title>(.*?)</title>", answer.text, re.S)
        self.told += re.findall(r'(?:href|action|src)="([^"]*)"', answer.text)
        return answer


@pytest.fixture
def app(make_app: Maker, evening: Traveller) -> Flask:
    return make_app("sqlite", SENDER)


def test_number_and_code_are_told_nowhere(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    city = world.build()
    listener = Listener(app.test_client())
    ticket, shown = book(listener.client, city, PHONE)
    code = codes.normal(shown)
    assert code
    where = f"/ru/at/{city.saya}/book"
    page = listener.get(f"{where}?service=1&start={DAY}T20:40").text
    common = {"service": "1", "start": f"{DAY}T20:40", "token": hidden(page, "token")}
    listener.post(where, act="check", phone=PHONE, lead="60", cover="plain", language="kk", **common)
    listener.post(where, act="check", phone=PHONE + "7", lead="60", **common)
    listener.post(where, act="book", phone=PHONE, lead="60", code=code, **common)
    mine = listener.post("/ru/mine", code=shown)
    visit = hidden(mine.text, "visit")
    for act in ("times", "calendar", "move", "quiet", "cancel", "forget"):
        listener.post("/ru/mine", code=shown, act=act, visit=visit, start=f"{DAY}T21:00")
    listener.post("/ru/mine", code=shown)
    listener.post("/ru/near", code=code, near="Алматы")
    listener.heard(listener.client.post("/api/v1/appointments/find", json={"code": code}))

    said = "\n".join(listener.told) + caplog.text
    for secret in (PHONE, code):
        assert not [form for form in forms_of(secret) if form.decode() in said], secret
    assert HOUR in ticket


def test_an_error_is_logged_without_what_she_typed(
    app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Something fails with her number in its message: the log names the place, not the number."""
    from clinic.logs import Formatter

    city = world.build()
    client = app.test_client()

    def broken(*_: object, **__: object) -> None:
        raise ValueError(f"can not handle {PHONE}")

    monkeypatch.setattr("clinic.booking.book.confirm", broken)
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    where = f"/ru/at/{city.saya}/book"
    page = client.get(f"{where}?service=1&start={DAY}T{HOUR}").text
    answer = client.post(
        where,
        data={
            "token": hidden(page, "token"), "act": "book", "service": "1", "start": f"{DAY}T{HOUR}",
            "phone": PHONE, "lead": "60",
        },
    )  # fmt: skip
    assert answer.status_code == 500
    lines = [Formatter().format(record) for record in caplog.records]
    assert any("ValueError" in line for line in lines)
    assert not [line for line in lines if PHONE[1:] in line]
