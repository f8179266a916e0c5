"""Many places from a file in the browser: looked at first, written by a second press, only what is one's own."""

import re
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import clock
from clinic.audit import Audit
from clinic.db import Text3, reading, writing
from clinic.directory import catalogue
from clinic.directory.models import Location, Organization, PlaceName, Room, RoomService
from tests import factories
from tests.desk.conftest import PASSWORD, Browser, Desk, csrf, person, sign_in
from tests.desk.rearranging import fields

URL = "/staff/places/import"
HEAD = "key;organization;kind;name_kk;name_ru;name_en;city_kk;city_ru;city_en;lat;lng;phone;hours"


@pytest.fixture
def chief(desk: Desk) -> FlaskClient:
    with writing() as s:
        for key, name, lat, lng in (
            ("almaty", Text3("Алматы", "Алматы", "Almaty"), 43.238, 76.945),
            ("astana", Text3("Астана", "Астана", "Astana"), 51.16, 71.43),
        ):
            s.add(PlaceName(key=key, kind="city", name=name, lat=lat, lng=lng, within="", weight=2_000_000))
        catalogue.changed(s)
        person(s, "boss", "coordinator", None, s.get_one(Location, desk.location_id).organization_id)
    return signed_in(desk.app, "boss")


def signed_in(app: Flask, login: str) -> FlaskClient:
    client = Browser(app, app.response_class)
    assert sign_in(client, login, PASSWORD).status_code == 303
    return client


def organization(desk: Desk, own: bool = True) -> str:
    with reading() as s:
        here = s.get_one(Location, desk.location_id).organization_id
        which = Organization.id == here if own else Organization.id != here
        return str(s.scalars(select(Organization.slug).where(which)).first())


def row(
    desk: Desk, key: str = "new-1", own: bool = True, phone: str = "+7 727 250 00 00", hours: str = "Mo-Fr 09:00-18:00"
) -> str:
    names = "Жаңа кабинет;Новый кабинет;New room;Алматы;Алматы;Almaty"
    return f"{key};{organization(desk, own)};ngo;{names};43.24;76.94;{phone};{hours}"


def looked(client: FlaskClient, *rows: str, head: str = HEAD) -> Any:
    file = (BytesIO("\r\n".join((head, *rows)).encode("utf-8-sig")), "places.csv")
    data = {"csrf_token": csrf(client, "/staff/pin"), "act": "look", "file": file}
    return client.post(URL, data=data, content_type="multipart/form-data")


def written(client: FlaskClient, page: str) -> Any:
    return client.post(URL, data={**fields(page), "act": "write"})


def keys() -> set[str]:
    with reading() as s:
        return set(s.scalars(select(Location.key)))


def words(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def test_what_was_understood_is_shown_and_nothing_is_written_before_the_second_press(
    desk: Desk, chief: FlaskClient
) -> None:
    before = keys()
    page = looked(chief, row(desk))
    assert page.status_code == 200
    for said in ("Новый кабинет", "Алматы", "+7 727 250 00 00", "09:00–18:00", "new-1"):
        assert said in words(page.text), said
    assert keys() == before
    answer = written(chief, page.text)
    assert answer.status_code == 200
    assert keys() == before | {"new-1"}
    with reading() as s:
        place = s.scalars(select(Location).where(Location.key == "new-1")).one()
        assert (place.name.ru, place.phone, place.checked_on) == ("Новый кабинет", "+7 727 250 00 00", None)
        assert s.scalars(select(Audit.verb).where(Audit.location == place.id)).all() == ["place.new"]


def test_a_file_sent_twice_is_written_once(desk: Desk, chief: FlaskClient) -> None:
    page = looked(chief, row(desk)).text
    assert written(chief, page).text.count("Добавлено: 1") == 1
    assert "Добавлено: 1" in written(chief, page).text
    with reading() as s:
        assert len(s.scalars(select(Audit).where(Audit.verb == "place.new")).all()) == 1
    again = looked(chief, row(desk)).text
    assert 'value="write"' not in again  # all as before


def test_mistakes_stand_with_their_row_and_column_and_nothing_is_written(desk: Desk, chief: FlaskClient) -> None:
    before = keys()
    page = looked(
        chief, row(desk), row(desk, "new-2", phone="7,72712E+10"), row(desk, "new-3", hours="Mo-Fr 25:00-18:00")
    )
    assert page.status_code == 422
    assert "Строка 3, столбец phone" in words(page.text)
    assert "Строка 4, столбец hours" in words(page.text)
    assert 'value="write"' not in page.text
    assert keys() == before


def test_nobody_writes_places_that_are_not_theirs(desk: Desk, chief: FlaskClient) -> None:
    with reading() as s:
        foreign = s.scalars(select(Location).where(Location.slug == desk.foreign_slug)).one()
        key, name = foreign.key, foreign.name
    for sent in (row(desk, key, own=False), row(desk, key), row(desk, "new-1", own=False)):
        page = looked(chief, sent)
        assert page.status_code == 422, sent
        assert 'value="write"' not in page.text
    invented = row(desk).replace(organization(desk), "not-mine")
    assert looked(chief, f"{invented};Чужая", head=HEAD + ";organization_ru").status_code == 422
    assert "new-1" not in keys()
    with reading() as s:
        assert s.scalars(select(Location).where(Location.key == key)).one().name == name


def test_the_coordinator_of_one_place_changes_it_and_adds_none(desk: Desk, chief: FlaskClient) -> None:
    with writing() as s:
        person(s, "one", "coordinator", desk.location_id)
        key = s.get_one(Location, desk.location_id).key
    one = signed_in(desk.app, "one")
    assert looked(one, row(desk, "new-1")).status_code == 422
    page = looked(one, row(desk, key))
    assert page.status_code == 200
    assert written(one, page.text).status_code == 200
    with reading() as s:
        assert s.get_one(Location, desk.location_id).phone == "+7 727 250 00 00"


def test_a_file_neither_renames_an_organization_nor_says_that_somebody_has_checked(
    desk: Desk, chief: FlaskClient
) -> None:
    assert looked(chief, f"{row(desk)};Другое", head=HEAD + ";organization_ru").status_code == 422
    checked = f"{row(desk)};{clock.today()};Дана"
    assert looked(chief, checked, head=HEAD + ";checked_on;checked_by").status_code == 422


def test_what_has_changed_since_it_was_shown_is_shown_again_before_it_is_written(
    desk: Desk, chief: FlaskClient
) -> None:
    with reading() as s:
        key = s.get_one(Location, desk.location_id).key
    page = looked(chief, row(desk, key)).text
    with writing() as s:
        s.get_one(Location, desk.location_id).phone = "+7 727 250 00 00"
        catalogue.changed(s)
    answer = written(chief, page)
    assert answer.status_code == 409
    assert 'value="write"' in answer.text
    with reading() as s:
        assert s.get_one(Location, desk.location_id).name.ru != "Новый кабинет"
    assert written(chief, answer.text).status_code == 200


def test_ones_own_places_are_taken_out_and_come_back_unchanged(desk: Desk, chief: FlaskClient) -> None:
    file = chief.get("/staff/places/export.csv")
    assert file.status_code == 200
    with reading() as s:
        own = s.get_one(Location, desk.location_id).key
        foreign = s.scalars(select(Location.key).where(Location.slug == desk.foreign_slug)).one()
    assert own in file.text
    assert foreign not in file.text
    sent = {"csrf_token": csrf(chief, "/staff/pin"), "file": (BytesIO(file.data), "places.csv")}
    page = chief.post(URL, data=sent, content_type="multipart/form-data")
    assert page.status_code == 200, words(page.text)
    assert 'value="write"' not in page.text


@pytest.mark.parametrize("data", ["", "%%%", "AAAA", "a" * 500_000])
def test_what_is_no_file_gets_a_sentence(chief: FlaskClient, data: str) -> None:
    sent = {"csrf_token": csrf(chief, "/staff/pin"), "data": data, "act": "write", "seen": "x", "token": "t" * 22}
    answer = chief.post(URL, data=sent)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_a_file_that_is_larger_than_other_forms_may_be_is_taken(desk: Desk, chief: FlaskClient) -> None:
    many = [row(desk, f"new-{n}") for n in range(900)]
    assert sum(len(one.encode()) for one in many) > 100_000
    page = looked(chief, *many)
    assert page.status_code == 200
    assert written(chief, page.text).status_code == 200
    assert "new-899" in keys()


def test_hours_that_leave_a_visit_outside_are_refused_with_the_way_to_change_them(
    desk: Desk, chief: FlaskClient
) -> None:
    with reading() as s:
        key = s.get_one(Location, desk.location_id).key
    desk.woman(60)
    page = looked(chief, row(desk, key, hours="Mo-Fr 09:00-18:00"))
    assert page.status_code == 422
    assert "Строка 2, столбец hours" in words(page.text)
    assert "1 визит" in words(page.text)
    wide = looked(chief, row(desk, key, hours="Mo-Su 06:00-23:00"))
    assert wide.status_code == 200
    assert written(chief, wide.text).status_code == 200


def test_somebody_who_books_between_the_look_and_the_press_is_not_left_outside(desk: Desk, chief: FlaskClient) -> None:
    with reading() as s:
        key, before = s.get_one(Location, desk.location_id).key, s.get_one(Location, desk.location_id).hours
    page = looked(chief, row(desk, key, hours="Mo-Fr 09:00-18:00")).text
    desk.woman(60)
    assert written(chief, page).status_code == 422
    with reading() as s:
        assert s.get_one(Location, desk.location_id).hours == before


def test_a_service_that_a_file_drops_leaves_its_rooms(desk: Desk, chief: FlaskClient) -> None:
    with reading() as s:
        key = s.get_one(Location, desk.location_id).key
    with writing() as s:
        factories.a_service(s, slug="other-test")
        catalogue.changed(s)
    page = looked(chief, f"{row(desk, key, hours='Mo-Su 06:00-30:00')};other-test", head=HEAD + ";services")
    assert page.status_code == 200, words(page.text)
    assert written(chief, page.text).status_code == 200
    with reading() as s:
        here = select(RoomService.service_id).join(Room).where(Room.location_id == desk.location_id)
        assert desk.service_id not in s.scalars(here).all()


@pytest.mark.parametrize("name", ["Кабинет ВИЧ", "Центр СПИД"])
def test_a_name_that_tells_too_much_is_refused_as_on_the_page_of_a_place(
    desk: Desk, chief: FlaskClient, name: str
) -> None:
    page = looked(chief, row(desk).replace("Новый кабинет", name))
    assert page.status_code == 422
    assert "Строка 2, столбец name_ru" in words(page.text)
