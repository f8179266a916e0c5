"""Far is never shown as near: another city has its own sentence, its name and its distance, and no main button."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.booking import showing
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location
from tests.site.conftest import Offered, book, code, words

# towns whose nearest place with a free time is in another city, and that city
FAR = (("Жанаозен", "Актау"), ("Аральск", None), ("Хромтау", None), ("Талдыкорган", "Алматы"), ("Сарыагаш", "Шымкент"))


def main_buttons(page: str) -> list[str]:
    """The buttons that stand out, in the list."""
    return re.findall(r'<(?:button|a) class="btn[^"]*\bmain\b[^"]*"', page.split('class="find"', maxsplit=1)[0])


@pytest.mark.parametrize(("town", "other"), FAR)
def test_another_city_is_named_with_its_distance_and_never_the_main_button(
    she: FlaskClient, town: str, other: str | None
) -> None:
    page = she.get("/ru/near", query_string={"near": town, "after": "18:00"})
    said = words(page)
    found = re.search(r"Ближайшее в другом городе: ([^,]+), ([\d\s]+) км", said)
    assert found, said[:600]
    assert other in (None, found[1])
    assert int(re.sub(r"\s", "", found[2])) > 50
    assert main_buttons(page.text) == []
    assert "Места рядом" not in said or "Рядом записаться некуда" in said
    for card in re.findall(r'<li class="card">(.*?)</li>', page.text.split('class="notice"')[1], re.S):
        assert found[1] in card, "every card of another city says which"
        assert "км" in card


def test_a_town_beside_a_city_is_near_it(she: FlaskClient) -> None:
    said = words(she.get("/ru/near?near=Каскелен&after=18:00"))
    assert "Места рядом" in said or "Дальше" in said
    assert "Астана" not in said


@pytest.mark.parametrize("service", ["10", "17"])
def test_what_is_given_at_once_asks_for_the_city_first(city: Flask, service: str) -> None:
    nobody = city.test_client(use_cookies=False)
    page = nobody.get(f"/ru/near?service={service}")
    assert "В каком городе?" in words(page)
    assert "+7" not in words(page)
    cities = re.findall(r'<form action="/ru/near"[^>]*>(?:(?!</form>).)*name="near" value=.*?</form>', page.text)
    assert cities
    assert all(f'name="service" value="{service}"' in city for city in cities)


def test_pills_after_a_risk_put_what_can_be_called_now_first(she: FlaskClient, city: Flask) -> None:
    with writing() as s:  # the nearest is closed now
        for place in s.query(Location).filter(Location.name["ru"].as_string() == "Клиника «Сая»"):
            place.hours, place.hours_ph = "Mo-Su 09:00-12:00", "off"
        catalogue.changed(s)
    page = she.get("/ru/near?service=10&near=Алматы")
    cards = re.findall(r'<li class="card">(.*?)</li>', page.text, re.S)
    assert "открыто" in cards[0]
    assert "откроется" in cards[1]
    assert 'class="btn full main"' in cards[0]
    assert not any("main" in card for card in cards[1:])


def test_where_nobody_can_be_called_about_pills_there_is_103_and_the_nearest_city(she: FlaskClient) -> None:
    page = she.get("/ru/near?service=10&near=Актау")
    said = words(page)
    assert 'href="tel:103"' in page.text
    assert re.search(r"Ближайшее в другом городе: [^,]+, [\d\s]+ км", said)
    assert len(re.findall(r'href="tel:\+7', page.text)) >= 1


def test_two_lines_lead_to_no_other_city_as_if_it_were_hers(demo_town: FlaskClient) -> None:
    fresh = words(demo_town.get("/ru/p/4"))
    assert "В каком городе?" in fresh
    assert "Записаться на" not in fresh
    assert "Назгуль" not in fresh
    far = demo_town.get("/ru/p/4?near=Актау")
    assert "Записаться на" not in words(far)
    assert re.search(r"Ближайшее место в другом городе: [^,]+, [\d\s]+ км", words(far))
    assert "Назгуль" not in words(far)
    near = demo_town.get("/ru/p/4?near=Алматы")
    assert "Записаться на" in words(near)
    assert re.search(r'<a class="btn go" href="tel:[^"]+">', near.text), "the peer's number is a button"


@pytest.fixture
def demo_town(city: Flask) -> FlaskClient:
    """A browser on the city with tests to take home."""
    from clinic.kits import seeding

    with writing() as s:
        seeding.load_demo(s, clock.now())
    return city.test_client()


def test_a_city_stands_wherever_a_street_does(she: FlaskClient) -> None:
    offered = Offered(she)
    confirm = she.post(f"/ru{offered.path}", data=offered.fields)
    ticket = book(she, offered)
    mine = she.post("/ru/mine", data={"code": code(ticket)})
    for page in (confirm, ticket, mine):
        said = words(page)
        street = re.search(r"(?:ул\.|пр\.|мкр\.) [А-Я]", said)
        assert street, said[:400]
        assert "Алматы, " in said[: street.start()][-12:], said[: street.start()][-60:]


def test_another_city_asks_though_one_is_remembered_and_says_what_it_could_not_read(she: FlaskClient) -> None:
    she.get("/ru/near?near=Алматы")
    asked = she.get("/ru/near?other=1&service=4&after=18:00")
    assert "В каком городе?" in words(asked)
    assert asked.text.index('name="near"') < asked.text.index(
        'name="near" value="Алматы"'
    )  # a field to type in stands above the buttons
    assert "where" in words(she.get("/ru/near?other=1&where=Алматы"))


def test_a_night_names_both_its_days(app: Flask, evening: object) -> None:
    tonight = clock.at(clock.today() + timedelta(days=1), 15)
    with app.test_request_context("/ru/"):
        assert showing.day_and_time(tonight, clock.now()) == "сегодня, в ночь со вторника на среду, 25 ноября, 0:15"
        later = tonight + timedelta(days=1)
        assert showing.day_and_time(later, clock.now()) == "завтра, в ночь со среды на четверг, 26 ноября, 0:15"
        assert showing.day_and_time(tonight, tonight - timedelta(minutes=10)) == "сегодня, ср 25 ноября, 0:15"


def test_the_source_line_of_a_real_place_says_no_word_of_its_subject(she: FlaskClient) -> None:
    with reading() as s:
        slugs = [place.slug for place in catalogue.current(s).locations.values() if not place.example and place.source]
    assert len(slugs) > 20
    for slug in slugs:
        text = she.get(f"/ru/at/{slug}").text
        assert "http" not in words(she.get(f"/ru/at/{slug}"))
        assert not re.search(r"spid|aids|sex|razvrat|hiv", text.split("<main")[1], re.I)
