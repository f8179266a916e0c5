"""Public pages on a city full of places; each test has its own copy of it."""

import re
from html import unescape
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic.booking import typed
from tests import city as cities
from tests.conftest import Maker


@pytest.fixture(scope="session")
def city_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city") / "template"
    folder.mkdir()
    cities.build(folder)
    return folder


@pytest.fixture
def city(make_app: Maker, city_template: Path, tmp_path: Path, evening: time_machine.Traveller) -> Flask:
    return make_app.on(cities.copy(city_template, tmp_path / "city"))


@pytest.fixture
def she(city: Flask) -> FlaskClient:
    """Her browser, in Russian."""
    return city.test_client()


def words(response: TestResponse) -> str:
    """What stands on the page, without its markup."""
    body = re.sub(r"<(script|style|svg|title)\b.*?</\1>", "", response.text, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).strip()


def title(response: TestResponse) -> str:
    """The page's title."""
    found = re.search(r"<title>(.*?)</title>", response.text, re.S)
    assert found, "a page without a title"
    return unescape(found[1]).strip()


def hidden(response: TestResponse, name: str) -> list[str]:
    """Values of a hidden field, wherever it stands."""
    return [unescape(v) for v in re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)"', response.text)]


class Offered:
    """The first time in the list of Almaty tonight: where, which services, when."""

    def __init__(self, she: FlaskClient) -> None:
        page = she.get("/ru/near", query_string={"near": "Алматы", "after": "18:00"})
        found = re.search(
            r'action="/ru(/at/[a-z0-9]+/book)" method="post"[^>]*>(.*?)'
            r'<button class="btn main" name="start" value="([^"]+)"',
            page.text,
            re.S,
        )
        assert found, "no free time tonight in Almaty"
        self.path = found[1]
        self.place = found[1].removesuffix("/book")
        self.slug = self.place.removeprefix("/at/")
        self.services = re.findall(r'name="service" value="(\d+)"', found[2])
        self.value = found[3]
        self.start = typed.start(self.value)

    @property
    def fields(self) -> dict[str, object]:
        """Service and start as the forms send them."""
        return {"service": self.services, "start": self.value}


@pytest.fixture
def offered(she: FlaskClient) -> Offered:
    return Offered(she)


def token(she: FlaskClient, offered: Offered) -> str:
    """The token of a confirm page opened now."""
    return hidden(she.get(f"/ru{offered.path}", query_string=offered.fields), "token")[0]


def book(she: FlaskClient, offered: Offered, **more: str) -> TestResponse:
    """Open the confirm page and book."""
    return she.post(f"/ru{offered.path}", data={**offered.fields, "token": token(she, offered), "act": "plain", **more})


def code(ticket: TestResponse) -> str:
    """The code on a ticket page."""
    found = re.search(r'class="code" translate="no">([^<]+)<', ticket.text)
    assert found, words(ticket)[:400]
    return found[1].replace(" ", "")
