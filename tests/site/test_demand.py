"""A search that finds no free time is counted by district or town and week, and leaves no other trace."""

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError
from time_machine import Traveller

from clinic.booking import demand, tally
from clinic.booking.models import Unmet
from clinic.db import reading, writing
from clinic.directory import catalogue
from tests.site.test_wait import reopen, shut


@pytest.fixture(autouse=True)
def _every_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "coin", lambda: True)


def counted() -> set[tuple[str, str, int]]:
    """What is counted, by the names of the areas, as it is written a minute later; then it is emptied."""
    demand.settle(current_app._get_current_object())  # type: ignore[attr-defined]
    with writing() as s:
        names = {place.key: place.name.en for place in catalogue.current(s).places}
        rows = s.execute(select(Unmet.area, Unmet.part, Unmet.n, Unmet.week)).all()
        s.execute(delete(Unmet))
    assert {row.week.isoformat() for row in rows} <= {"2026-11-23"}
    return {(names[row.area], row.part, row.n) for row in rows}


def test_only_a_search_that_finds_nothing_counts(city: Flask, she: FlaskClient) -> None:
    she.get("/ru/near?near=Алматы")
    she.get("/ru/near")
    assert counted() == set()
    shut()
    she.get("/ru/near?near=zzqqzz")
    she.get("/ru/near?service=10&near=Алматы")  # given at once, without a time
    she.get("/ru/near?near=Алматы&limit=50")  # the same list, longer
    assert counted() == set()
    she.get("/ru/near?near=Алматы")
    assert counted() == {("Almaty", "evening", 5)}
    she.get("/ru/near?near=Алматы&day=2026-11-26")
    assert counted() == {("Almaty", "day", 5)}
    reopen()
    she.get("/ru/near?near=Алматы")
    assert counted() == set()


def test_a_district_counts_for_itself_and_a_position_for_its_town_alone(city: Flask, she: FlaskClient) -> None:
    shut()
    with reading() as s:
        cat = catalogue.current(s)
        district = next(place for place in cat.places if place.kind == "district")
    she.get("/en/near", query_string={"near": district.name.en})
    assert {area for area, _part, _n in counted()} == {district.name.en}
    she.post("/ru/near", data={"lat": "43.2567", "lng": "76.9286"})
    assert {area for area, _part, _n in counted()} == {"Almaty"}


def test_a_page_that_is_kept_in_memory_counts_each_time(city: Flask, she: FlaskClient, evening: Traveller) -> None:
    shut()
    for _ in range(4):
        she.get("/ru/near?near=Алматы")
    assert counted() == {("Almaty", "evening", 20)}


def test_four_in_five_searches_write_nothing(city: Flask, she: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    shut()
    monkeypatch.setattr(tally, "coin", lambda: False)

    assert she.get("/ru/near?near=Алматы").status_code == 200
    assert counted() == set()


def test_a_list_comes_at_once_while_the_database_is_being_written(city: Flask, she: FlaskClient) -> None:
    shut()
    with writing():
        assert she.get("/ru/near?near=Алматы").status_code == 200
    assert counted() == {("Almaty", "evening", 5)}


def test_a_count_that_cannot_be_written_is_let_go(
    city: Flask, she: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut()

    def away(*_args: object, **_more: object) -> None:
        raise OperationalError("insert", {}, Exception("away"))

    she.get("/ru/near?near=Алматы")
    with monkeypatch.context() as broken:
        broken.setattr(tally, "add_unmet", away)
        demand.settle(city)
    assert counted() == set()


def test_every_place_lies_in_areas_that_searches_count_for(city: Flask) -> None:
    with reading() as s:
        cat = catalogue.current(s)
    keys = {place.key for place in cat.places}
    for place in cat.locations.values():
        assert set(demand.areas_of(cat, place)) <= keys
    assert any(len(demand.areas_of(cat, place)) == 2 for place in cat.locations.values())
