"""A lawyer by phone: she calls at the hour, the number stands under her code and nowhere else, hers is not asked."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from time_machine import Traveller
from werkzeug.test import TestResponse

from clinic import clock
from clinic.booking import availability, by_phone
from clinic.db import Text3, db, writing
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, LocationInfo
from clinic.directory.models import PlaceName
from tests import factories
from tests.site.conftest import code, hidden, words

LAWYER = "+7 700 000 00 71"
DAY = "2026-11-25"


@pytest.fixture
def place(app: Flask, evening: Traveller) -> int:
    """The id of a place with a lawyer in a room and one at a telephone, and a room that has no number."""
    with writing() as s:
        seen = factories.a_service(s, "lawyer", 30, name="Legal talk")
        called = factories.a_service(s, "lawyer-call", 30, by_phone=True, name="Legal talk by phone")
        loc = factories.a_location(s, hours=factories.ALWAYS, services=(seen, called), phone="")
        factories.a_room(s, loc, (seen,), "Room 3")
        factories.a_room(s, loc, (called, seen), "Telephone", phone=LAWYER)
        factories.a_room(s, loc, (called,), "No number")
        catalogue.changed(s)
        return loc.id


def known(place: int) -> tuple[Catalogue, LocationInfo]:
    cat = catalogue.current(db.session())
    return cat, cat.locations[place]


def booked(she: FlaskClient, slug: str, *services: str, at: str = "19:00") -> TestResponse:
    chosen = {"service": list(services), "start": f"{DAY}T{at}"}
    page = she.get(f"/ru/at/{slug}/book", query_string=chosen)
    if page.status_code != 200:
        return page
    return she.post(f"/ru/at/{slug}/book", data={**chosen, "act": "plain", "token": hidden(page, "token")[0]})


def test_only_a_room_with_a_number_takes_calls_and_nobody_comes_and_calls_at_once(place: int) -> None:
    cat, loc = known(place)
    seen, called = (next(i for i, one in cat.services.items() if one.by_phone is phone) for phone in (False, True))
    assert [room.name.en for room in availability.rooms_for(cat, loc, frozenset({called}))] == ["Telephone"]
    assert len(availability.rooms_for(cat, loc, frozenset({seen}))) == 2
    assert availability.rooms_for(cat, loc, frozenset({seen, called})) == ()
    assert not by_phone.is_call([cat.services[seen]])


def test_the_number_opens_under_the_code_at_the_hour(app: Flask, place: int, evening: Traveller) -> None:
    she = app.test_client()
    slug = known(place)[1].slug
    assert "ваш номер не спросят" in words(she.get(f"/ru/at/{slug}"))
    confirm = she.get(f"/ru/at/{slug}/book", query_string={"service": "2", "start": f"{DAY}T19:00"})
    assert "Номер для звонка откроется по вашему коду в 18:45" in words(confirm)
    ticket = booked(she, slug, "2")
    assert "Звоните вы. Номер откроется по вашему коду в 18:45." in words(ticket)
    assert "Байтурсынова" not in words(ticket)
    secret = code(ticket)
    for page in (she.get(f"/ru/at/{slug}"), confirm, ticket, she.post("/ru/mine", data={"code": secret})):
        assert LAWYER not in page.text
    for hours, minutes, shown in ((23, 4, False), (0, 1, True), (0, 44, True), (0, 1, False)):
        evening.shift(timedelta(hours=hours, minutes=minutes))
        mine = she.post("/ru/mine", data={"code": secret})
        assert (f'href="tel:{re.sub(r"[^+0-9]", "", LAWYER)}"' in mine.text) == shown, clock.local(clock.now())
        assert "Байтурсынова" not in words(mine)


def test_a_visit_in_the_same_room_shows_no_number(app: Flask, place: int, evening: Traveller) -> None:
    she = app.test_client()
    slug = known(place)[1].slug
    secrets = [code(booked(app.test_client(), slug, "1")) for _ in range(2)]  # two women
    evening.shift(timedelta(hours=23, minutes=10))
    for secret in secrets:
        assert LAWYER not in she.post("/ru/mine", data={"code": secret}).text
    assert booked(she, slug, "1", "2").status_code == 400


def test_a_call_is_found_from_any_town(app: Flask, place: int) -> None:
    with writing() as s:
        s.add(PlaceName(key="aktau", kind="city", name=Text3("Ақтау", "Актау", "Aktau"), lat=43.65, lng=51.17))
        catalogue.changed(s)
    she = app.test_client()
    seen, called = (words(she.get(f"/ru/near?near=Актау&service={n}")) for n in (1, 2))
    assert "По телефону: звоните вы" in called
    assert "Saya" in called
    assert "По телефону" not in seen
