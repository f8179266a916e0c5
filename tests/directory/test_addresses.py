"""Streets, cities and what may be either: where an address leads, and what is offered beside it."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from clinic.db import LANGUAGES
from clinic.directory import addresses, gazetteer, streets
from clinic.directory.catalogue import Catalogue, PlaceInfo
from clinic.directory.gazetteer import NEAR_M, NotFound, Spot, distance_m, locate
from tests.directory.test_gazetteer import cat, places  # noqa: F401  # fixtures

# As written in a real list; the key of the city, or "" where nothing but a question is right.
WRITTEN = [
    ("ул. Шевченко 100, Талдыкорган", "taldykorgan"),
    ("ул. Шевченко 100, Талдыкурган", "taldykorgan"),
    ("ул. Шевченко 100", ""),
    ("ул. Курчатова 13", ""),
    ("Талгар, ул. Пробная 26", "talgar"),
    ("Жетысай, ул. Пробная 12", "zhetysay"),
    ("ул. Алматы 5, Астана", "astana"),
    ("пр. Астана 7, Петропавловск", "petropavl"),
    ("ул. Шевченко 85, Алматы", "almaty"),
    ("Шевченко, Алматы", "almaty"),
    ("Жамбыл 100, Алматы", "almaty"),
    ("ул. Туркестан 10, Астана", "astana"),
    ("Алматы, Шевченко 85", "almaty"),
    ("Timiryazev 42", ""),
    ("г. Алматы, ул. Толе би, 285", "almaty"),
    ("Абай көшесі 10, Семей", "semey"),
]


def told(cat: Catalogue, typed: str, home: str = "") -> tuple[str, str]:  # noqa: F811
    """In which city what was typed lies, and what it is called; ("", why) where it was not found."""
    found = locate(cat, typed, next((p for p in cat.places if p.key == home), None))
    if isinstance(found, NotFound):
        return "", found.why
    return found.city, found.label.ru if found.label else ""


@pytest.mark.parametrize(("typed", "city"), WRITTEN)
def test_an_address_leads_to_the_city_that_it_names(cat: Catalogue, typed: str, city: str) -> None:  # noqa: F811
    assert told(cat, typed) == (city, "street") if not city else told(cat, typed)[0] == city


def test_a_street_that_bears_the_name_of_a_city_never_leads_there(cat: Catalogue) -> None:  # noqa: F811
    cities = [place for place in cat.places if place.kind == "city"]
    ways = ("ул. {street} 10, {city}", "{street} 10, {city}", "{city}, {street} 10", "{street} көшесі, {city}")
    wrong = [
        typed
        for street in cities
        for city in cities
        for typed in (
            way.format(street=street.name.ru, city=city.name.ru) for way in ways[:: 1 if city.weight % 5 else 3]
        )
        if street is not city and told(cat, typed)[0] != city.key
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("home", "typed", "label"),
    [
        ("almaty", "Шевченко", "улица Шевченко, Алматы"),
        ("almaty", "Жамбыл 100", "улица Жамбыла, Алматы"),
        ("almaty", "Сатпаева", "улица Сатпаева, Алматы"),
        ("almaty", "Аксай", "микрорайон Аксай, Алматы"),
        ("almaty", "Байконур", "метро Байконур, Алматы"),
        ("almaty", "пр. Абая 52", "проспект Абая, Алматы"),
        ("almaty", "Zhandosov st 55", "улица Жандосова, Алматы"),
        ("almaty", "Сәтбаев көшесі", "улица Сатпаева, Алматы"),
        ("almaty", "8 микрорайон", "микрорайоны 1–12, Алматы"),
        ("almaty", "Жетысу 3", "микрорайон Жетысу 3-й, Алматы"),
        ("almaty", "угол Абая и Розыбакиева", "проспект Абая / улица Розыбакиева, Алматы"),
        ("almaty", "жд вокзал", "вокзал Алматы-1"),
        ("almaty", "автовокзал", "автовокзал Сайран, Алматы"),
        ("almaty", "Астана", "Астана"),
        ("almaty", "Конаев", "Конаев"),
        ("astana", "Кабанбай батыра 11", "проспект Кабанбай батыра, Астана"),
        ("astana", "Левый берег", "Левый берег, Астана"),
        ("", "fkvfns", "Алматы"),
        ("", "Jh,bnf", "микрорайон Орбита, Алматы"),
        ("", "фдьфен", "Алматы"),
        ("almaty", "Ktybyf", "проспект Достык, Алматы"),
        ("", "Сайран", "метро Сайран, Алматы"),
    ],
)
def test_of_equal_names_the_one_in_her_city_is_meant(cat: Catalogue, home: str, typed: str, label: str) -> None:  # noqa: F811
    assert told(cat, typed, home)[1] == label


@pytest.mark.parametrize(("typed", "why"), [("рядом", "here"), ("рядом со мной", "here"), ("жақын жерде", "here"),
    ("near me", "here"), ("Сейфуллина", "street"), ("вокзал", ""), ("8 микрорайон", "street")])  # fmt: skip
def test_what_needs_a_city_or_her_position_is_asked(cat: Catalogue, typed: str, why: str) -> None:  # noqa: F811
    found = locate(cat, typed)
    assert isinstance(found, NotFound)
    assert found.why == why
    assert found.suggestions


@pytest.mark.parametrize(
    ("home", "typed"),
    [
        ("almaty", "Шевченко"),
        ("almaty", "Аксай"),
        ("", "Аксай"),
        ("", "Абай"),
        ("karaganda", "Михайловка"),
        ("karaganda", "ул. Сейфуллина 5"),
        ("aktobe", "11 микрорайон"),
    ],
)
def test_what_may_mean_something_else_offers_it(cat: Catalogue, home: str, typed: str) -> None:  # noqa: F811
    found = locate(cat, typed, next((p for p in cat.places if p.key == home), None))
    assert isinstance(found, Spot)
    assert found.others


@pytest.mark.parametrize("typed", ["Жагалау", "Чубары", "Апорт", "Форум", "Думан", "Шугла", "Покровка", "Сортировка"])
@pytest.mark.parametrize("home", ["almaty", "astana", "karaganda"])
def test_nothing_far_off_is_shown_as_if_it_were_meant(cat: Catalogue, home: str, typed: str) -> None:  # noqa: F811
    city = next(p for p in cat.places if p.key == home)
    found = locate(cat, typed, city)
    if isinstance(found, NotFound):
        assert home in {spot.key for spot in found.suggestions}
    elif distance_m(found.lat, found.lng, city.lat, city.lng) > NEAR_M:
        assert found.guessed
        assert home in {spot.key for spot in found.others}


def test_what_is_offered_finds_itself_in_every_language_and_from_every_city(cat: Catalogue) -> None:  # noqa: F811
    index = gazetteer._index(cat.places)
    homes: list[PlaceInfo | None] = [None, *(p for p in cat.places if p.key in ("almaty", "karaganda"))]
    wrong = []
    for place in cat.places:
        offered = gazetteer.spot_of(index, place)
        for language in LANGUAGES:
            for home in homes:
                found = locate(cat, offered.asked(language), home)
                here = isinstance(found, Spot) and distance_m(found.lat, found.lng, place.lat, place.lng) < 3_000
                if not here and place.key != "kazakhstan-village":
                    wrong.append((offered.asked(language), home and home.key))
    assert not wrong


def test_well_known_streets_are_where_they_are() -> None:
    points: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    with streets.FILE.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            points[row["city"], row["name_ru"]].append((float(row["lat"]), float(row["lng"])))
    wrong = []
    with Path(__file__).with_name("streets_check.csv").open(encoding="utf-8") as file:
        asked = list(csv.DictReader(file))
    for row in asked:
        found = streets.find(row["city"], addresses.read(row["asked"]).bare)[:1]
        near = [distance_m(float(row["lat"]), float(row["lng"]), *p) for s in found for p in points[row["city"], s.ru]]
        if min(near, default=NEAR_M) > 1_000:
            wrong.append(row["asked"])
    assert len(asked) == 60
    assert len(wrong) <= 2, wrong


@pytest.mark.parametrize("typed", ["Алматы", "алматы", "Almaty", "fkvfns", "Астана"])
def test_who_names_a_city_is_offered_no_street_called_after_it(cat: Catalogue, typed: str) -> None:  # noqa: F811
    for home in (None, next(place for place in cat.places if place.key == "almaty")):
        found = locate(cat, typed, home)
        assert isinstance(found, Spot)
        assert found.kind == "city"
        assert [other.kind for other in found.others if other.kind == "street"] == []
