"""What people type into "where", and the position they send."""

import csv
import math
import time
from pathlib import Path

import pytest
from flask import Flask

from clinic.db import Text3, db, writing
from clinic.directory import catalogue, gazetteer, seeding
from clinic.directory.catalogue import Catalogue, PlaceInfo
from clinic.directory.gazetteer import (
    NEAR_M,
    NotFound,
    OutOfReach,
    Spot,
    distance_m,
    key_of,
    locate,
    nearest_city,
    position,
)

SEARCHES = Path(__file__).with_name("searches.csv")


@pytest.fixture(scope="module")
def places() -> tuple[PlaceInfo, ...]:
    with (seeding.SEEDS / "gazetteer.csv").open(encoding="utf-8") as file:
        return tuple(
            PlaceInfo(
                id=number,
                key=row["key"],
                kind=row["kind"],
                name=Text3(row["name_kk"], row["name_ru"], row["name_en"]),
                within=row["within"],
                other_names=tuple(name for name in row["other_names"].split("; ") if name),
                lat=float(row["lat"]),
                lng=float(row["lng"]),
                weight=int(row["weight"]),
            )
            for number, row in enumerate(csv.DictReader(file))
        )


@pytest.fixture(scope="module")
def cat(places: tuple[PlaceInfo, ...]) -> Catalogue:
    return Catalogue(1, {}, {}, {}, {}, {}, {}, places)


def found_key(cat: Catalogue, typed: str) -> str:
    found = locate(cat, typed)
    if isinstance(found, NotFound):
        return ""
    return found.key or f"{found.city} street"


def test_of_a_hundred_searches_ninety_five_find_the_place_that_is_meant(cat: Catalogue) -> None:
    with SEARCHES.open(encoding="utf-8") as file:
        searches = [row for row in csv.DictReader(file) if row["key"]]
    assert len(searches) >= 100
    assert {row["key"] for row in searches} <= {p.key for p in cat.places}
    wrong = {
        row["typed"]: found_key(cat, row["typed"]) for row in searches if found_key(cat, row["typed"]) != row["key"]
    }
    assert len(wrong) <= len(searches) * 0.05, wrong


def test_twenty_searches_find_nothing_and_get_suggestions(cat: Catalogue) -> None:
    with SEARCHES.open(encoding="utf-8") as file:
        searches = [row["typed"] for row in csv.DictReader(file) if not row["key"]]
    assert len(searches) >= 20
    for typed in searches:
        found = locate(cat, typed)
        assert isinstance(found, NotFound), (typed, found)
        assert 1 <= len(found.suggestions) <= 3


@pytest.mark.parametrize("typed", ["", " ", "\0", "\u202eАлм", "🙂" * 1000, "a" * 1_000_000, "%", "٣٤", "阿", "ы" * 80])
def test_no_text_breaks_the_search(cat: Catalogue, typed: str) -> None:
    assert isinstance(locate(cat, typed), Spot | NotFound)


def test_direction_marks_around_a_name_do_not_matter(cat: Catalogue) -> None:
    assert found_key(cat, "\u200f\u202bАлматы\u202c\u200e") == "almaty"


def test_the_same_name_goes_to_what_was_said_of_it(cat: Catalogue) -> None:
    assert found_key(cat, "Алатауский район") == "alatau-district"
    assert found_key(cat, "метро Алатау") == "metro-alatau"
    assert found_key(cat, "Байконур") == "baikonur"
    assert found_key(cat, "станция Байконур") == "metro-baikonyr"
    assert found_key(cat, "Алматы, Жібек жолы") == "metro-zhibek-zholy"


def test_an_unknown_street_in_a_known_city_finds_the_city(cat: Catalogue) -> None:
    found = locate(cat, "Семей Байтурсынова 78")
    assert isinstance(found, Spot)
    assert (found.key, found.missed) == ("semey", "Байтурсынова 78")


def test_a_capital_across_the_border_is_not_taken_for_a_village_here(cat: Catalogue) -> None:
    for typed in ("Бишкек", "Ташкент", "Баку", "Омск"):
        assert isinstance(locate(cat, typed), NotFound), typed


def test_near_misses_are_suggested(cat: Catalogue) -> None:
    found = locate(cat, "Карагындык")
    if isinstance(found, NotFound):
        assert "karaganda" in {p.key for p in found.suggestions}
    else:
        assert found.label == Text3("Қарағанды", "Караганда", "Karaganda")


def test_ways_to_write_a_name_in_latin_letters_meet() -> None:
    assert key_of("Қарағанды") == key_of("Qaraghandy") == key_of("qarağandı") == key_of("KARAGANDY")
    assert key_of("Шымкент") == key_of("Chymkent") == key_of("şymkent")
    assert key_of("Жамбыл") == key_of("Jambyl") == key_of("Dzhambyl")


def test_a_search_takes_about_a_millisecond(cat: Catalogue) -> None:
    locate(cat, "x")
    texts = ["Каражанда", "усть каменагорск", "метро abay", "здравствуйте", "Алматы Байтурсынова 78"] * 20
    started = time.thread_time()  # of this thread alone: what an earlier test left running does not count
    for typed in texts:
        locate(cat, typed)
    assert (time.thread_time() - started) / len(texts) < 0.005


def test_the_names_are_read_once_for_a_catalogue(places: tuple[PlaceInfo, ...], cat: Catalogue) -> None:

    locate(cat, "Астана")
    held = gazetteer._held
    same_places = Catalogue(2, {}, {}, {}, {}, {}, {}, (*places,))
    locate(same_places, "Астана")
    assert held is not None
    assert gazetteer._held is not None
    assert gazetteer._held.by_key is held.by_key
    fewer = Catalogue(3, {}, {}, {}, {}, {}, {}, places[:1])
    assert isinstance(locate(fewer, "Астана" if places[0].key != "astana" else "Алматы"), NotFound)


def test_an_empty_gazetteer_finds_nothing() -> None:
    assert locate(Catalogue(1, {}, {}, {}, {}, {}, {}, ()), "Алматы") == NotFound(())


def test_a_position_is_rounded_to_a_kilometre_and_has_no_name(cat: Catalogue) -> None:
    assert position(cat, 43.238123, 76.945456) == Spot(43.24, 76.95, None, "position")


def test_a_point_knows_the_city_it_lies_in_or_how_far_the_next_one_is(cat: Catalogue) -> None:
    def at(lat: float, lng: float) -> tuple[str, int]:
        found = nearest_city(cat, lat, lng)
        assert found is not None
        return found[0].key, round(found[1] / 1000)

    assert at(43.22, 76.85) == ("almaty", 4)
    assert at(46.79, 61.67)[0] == "baikonur"  # Aralsk
    assert at(46.79, 61.67)[1] > NEAR_M / 1000
    assert nearest_city(Catalogue(1, {}, {}, {}, {}, {}, {}, ()), 43.22, 76.85) is None


@pytest.mark.parametrize(
    ("lat", "lng"),
    [
        (76.945, 43.238),
        (40.41, 49.87),
        (math.nan, math.inf),
        (43.2, math.nan),
        (-math.inf, 76.9),
        (0.0, 0.0),
        (-43.24, 76.95),
        (91.0, 76.9),
        (43.2, 436.9),
        (55.75, 37.62),
    ],
)
def test_case_23_a_position_that_is_swapped_or_far_away_is_out_of_reach(cat: Catalogue, lat: float, lng: float) -> None:
    with pytest.raises(OutOfReach):
        position(cat, lat, lng)


def test_case_23_after_typing_a_town_distances_count_from_the_town(cat: Catalogue) -> None:
    here = position(cat, 43.24, 76.95)
    town = locate(cat, "Шымкент")
    assert isinstance(town, Spot)
    clinic = (42.32, 69.59)
    assert distance_m(town.lat, town.lng, *clinic) < 5_000
    assert distance_m(here.lat, here.lng, *clinic) > 500_000


def test_distance_is_that_on_the_globe() -> None:
    assert distance_m(43.24, 76.89, 43.24, 76.89) == 0
    assert distance_m(0, 0, 0, 180) == pytest.approx(20_015_087, abs=2)
    assert distance_m(43.24, 76.89, 51.17, 71.43) == pytest.approx(973_000, rel=0.02)  # Almaty to Astana
    assert distance_m(43.24, 76.89, 51.17, 71.43) == distance_m(51.17, 71.43, 43.24, 76.89)


def test_the_search_works_on_the_catalogue_of_the_database(app: Flask) -> None:
    with writing() as s:
        seeding.load_gazetteer(s, (seeding.SEEDS / "gazetteer.csv").read_bytes())
    found = locate(catalogue.current(db.session()), "шымкет")
    assert isinstance(found, Spot)
    assert found.label == Text3("Шымкент", "Шымкент", "Shymkent")
