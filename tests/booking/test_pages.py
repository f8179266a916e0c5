"""The list of places is remembered within the minute, and never longer than it is true."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask, template_rendered
from flask.testing import FlaskClient
from jinja2 import Template

from clinic import clock
from clinic.booking import book
from clinic.db import writing
from clinic.directory import catalogue, seeding
from clinic.directory.models import Location
from tests import world

NEAR = "/ru/near?near=Алматы"


@pytest.fixture
def city(app_on: Flask, evening: time_machine.Traveller) -> world.City:
    with writing() as s:
        seeding.load_gazetteer(s, (seeding.SEEDS / "gazetteer.csv").read_bytes())
    return world.build()


@pytest.fixture
def drawn(app_on: Flask) -> Iterator[list[str]]:
    """Names of the templates that were drawn since."""
    names: list[str] = []

    def note(_app: Flask, template: Template, **_context: object) -> None:
        names.append(template.name or "")

    with template_rendered.connected_to(note, app_on):
        yield names


@pytest.fixture
def she(app_on: Flask, city: world.City) -> FlaskClient:
    return app_on.test_client(use_cookies=False)


def lists(drawn: list[str]) -> int:
    return drawn.count("booking/near.html")


def take_both_rooms(city: world.City) -> str:
    """Book 19:50 in every room of Saya; the hour."""
    with writing() as s:
        cat = catalogue.current(s)
        start = clock.at(clock.today(), 19 * 60 + 50)
        for _room in city.rooms:
            place = cat.locations[city.saya_id]
            wish = book.Request(place, frozenset({city.quick}), start, "ru", "plain", None, None, False, None)
            book.confirm(s, cat, wish, clock.now())
    return "19:50"


def test_the_same_question_is_drawn_until_it_is_sure_and_then_kept(she: FlaskClient, drawn: list[str]) -> None:
    answers = {she.get(NEAR).text for _ in range(6)}
    assert len(answers) == 1
    assert lists(drawn) == 2


def test_a_time_that_was_taken_is_gone_at_once(she: FlaskClient, city: world.City, drawn: list[str]) -> None:
    before = [she.get(NEAR).text for _ in range(3)][-1]
    hour = take_both_rooms(city)
    after = she.get(NEAR).text
    assert before.count(f">{hour}<") == 2  # at Saya and at the NGO
    assert after.count(f">{hour}<") == 1
    assert lists(drawn) == 3


def test_a_change_of_the_directory_is_seen_at_once(she: FlaskClient, city: world.City) -> None:
    assert "Saya" in [she.get(NEAR).text for _ in range(3)][-1]
    with writing() as s:
        place = s.get(Location, city.saya_id)
        assert place is not None
        place.visibility = "unlisted"
        catalogue.changed(s)
    assert "Saya" not in she.get(NEAR).text


def test_the_next_minute_is_drawn_anew(she: FlaskClient, evening: time_machine.Traveller, drawn: list[str]) -> None:
    for _ in range(3):
        assert "19:40" in she.get(NEAR).text
    evening.shift(timedelta(minutes=1))
    assert "19:41" in she.get(NEAR).text
    assert lists(drawn) == 3


def test_each_language_has_its_own_page(she: FlaskClient) -> None:
    pages = [she.get(NEAR.replace("/ru", f"/{language}")).text for _ in range(3) for language in ("kk", "ru", "en")]
    assert len(set(pages)) == 3


@pytest.mark.parametrize("hers", ["code=ABCEHKMPTXY2345", "lat=43.24&lng=76.93"])
def test_a_page_with_her_code_or_position_is_never_kept(she: FlaskClient, drawn: list[str], hers: str) -> None:
    for _ in range(4):
        she.get(f"{NEAR}&{hers}")
    assert lists(drawn) == 4


def test_a_kept_page_remembers_her_city_too(app_on: Flask, she: FlaskClient) -> None:
    for _ in range(3):
        she.get(NEAR)
    other = app_on.test_client()
    other.get(NEAR)
    assert "Алматы" in other.get("/ru/").text
