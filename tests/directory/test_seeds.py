"""What a fresh installation starts with: every row valid, in three languages, nothing doubtful or secret."""

import csv
import re
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from clinic import clock
from clinic.db import LANGUAGES, db, reading, writing
from clinic.directory import catalogue, hours, importing, seeding
from clinic.directory.catalogue import Catalogue
from clinic.directory.gazetteer import distance_m
from clinic.directory.models import Location, PlaceName, Room, Service

# a map says what streets are called; nobody here writes its words
FILES = sorted(path for path in seeding.SEEDS.rglob("*.csv") if path.name != "streets.csv")
DISEASES = re.compile(
    r"hiv|aids|вич|спид|аитв|житс|sti\b|std\b|иппп|жжжи|syphilis|сифилис|мерез|hepatit|гепатит|gonorr|гоноре|prep\b|pep\b"
    r"|лжв|plhiv|секс|sex",
    re.IGNORECASE,
)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def locations(folder: str) -> list[dict[str, str]]:
    return rows(seeding.SEEDS / folder / "locations.csv")


@pytest.fixture
def filled(app: Flask, evening: object) -> Catalogue:
    """The demo's directory in a database of this test."""
    with writing() as s:
        seeding.load_demo(s, clock.now())
    return catalogue.current(db.session())


_kept: list[Catalogue] = []


@pytest.fixture
def cat(evening: object, request: pytest.FixtureRequest) -> Catalogue:
    """The demo's directory as it was read back from a database: loaded once, since it cannot change."""
    if not _kept:
        _kept.append(request.getfixturevalue("filled"))
    return _kept[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_text_is_there_in_three_languages_and_no_word_mixes_scripts(path: Path) -> None:
    for number, row in enumerate(rows(path), 2):
        for base in {column[:-3] for column in row if column.endswith("_kk")}:
            texts = [row[f"{base}_{language}"] for language in LANGUAGES]
            assert all(texts) or not any(texts), (number, base, texts)
            assert base != "name" or all(texts), (number, base)
            mixed = [
                w for text in texts for w in re.findall(r"\w+", text) if re.search("[a-z]", w, re.I) and _cyrillic(w)
            ]
            assert not mixed, (number, base, mixed)
            assert not _cyrillic(texts[2]), (number, base, texts[2])
        for text in row.values():
            assert text == " ".join(text.split()), (number, text)
            assert "(?)" not in text
            assert "!" not in text


def _cyrillic(text: str) -> bool:
    return bool(re.search("[а-яёәіңғүұқөһ]", text, re.IGNORECASE))


def test_no_kazakh_or_russian_sentence_is_its_english_one() -> None:
    for path in FILES:
        for row in rows(path):
            for base in ("note", "address", "way_in", "cost"):
                texts = [row.get(f"{base}_{language}", "") for language in LANGUAGES]
                assert not any(texts) or (texts[0] != texts[2] and texts[1] != texts[2]), texts


def test_slugs_and_keys_never_say_a_disease() -> None:
    for path in FILES:
        for row in rows(path):
            for column in ("slug", "key", "organization"):
                assert not DISEASES.search(row.get(column, "")), row[column]
                assert row.get(column, "").isascii()


def test_names_of_places_and_rooms_are_neutral() -> None:
    """They stand in headings: on the screen of a phone that somebody else may see."""
    for path in ("real/locations.csv", "demo/locations.csv", "demo/rooms.csv"):
        for row in rows(seeding.SEEDS / path):
            for language in LANGUAGES:
                assert not DISEASES.search(row[f"name_{language}"]), row
    for row in locations("demo"):
        assert not any(DISEASES.search(text) for column, text in row.items() if column != "services")


def test_the_catalogue_covers_a_one_stop_shop(cat: Catalogue) -> None:
    services = cat.service_by_number
    assert "Rapid HIV test" in services[1].name.en
    assert services[1].minutes in (20, 30)
    said = " | ".join(service.name.en for service in services.values())
    for word in (
        "Rapid HIV",
        "Laboratory HIV",
        "four",
        "Four rapid",
        "STI check",
        "syphilis",
        "hepatitis B",
        "hepatitis C",
        "(PrEP): start",
        "(PrEP): refill",
        "(PEP)",
        "contraception",
        "Emergency contraceptive",
        "Cervical",
        "psychologist",
        "Condoms",
        "violence",
        "Legal",
        "migrants",
    ):
        assert word.lower() in said.lower(), word
    by_slug = cat.service_by_slug
    assert by_slug["pills-now"].walk_in_only
    assert by_slug["pills-now"].name.en == "Pills after a risk (PEP)"
    assert all("72" in by_slug["pills-now"].note[language] for language in LANGUAGES)
    assert by_slug["screening"].asks_id
    assert [s.slug for s in services.values() if s.asks_id] == ["screening"]


def test_every_oblast_and_city_has_its_centre(cat: Catalogue) -> None:
    centres = [loc for loc in cat.locations.values() if loc.key.startswith("centre-")]
    assert len(centres) == 20
    assert len({loc.city.en for loc in centres}) == 20


def test_real_places_say_their_source_and_are_neither_checked_nor_bookable() -> None:
    for row in locations("real"):
        assert row["source"], row["key"]
        assert re.fullmatch(r"undated|20\d\d(-\d\d(-\d\d)?)?", row["source_date"]), row["key"]
        assert (row["checked_on"], row["checked_by"]) == ("", "")
        assert (row["bookable"], row["example"], row["approximate"]) == ("no", "no", "yes")
        assert not row["hours"] or row["key"] == "centre-pavlodar"
        assert "700 000" not in row["phone"]


def test_places_that_must_not_be_published_and_doubtful_ones_are_not_there() -> None:
    everything = "\n".join(path.read_text(encoding="utf-8").lower() for path in FILES)
    for secret in ("revansh", "реванш", "moy dom", "мой дом", "feminita", "феминита", "ghrcca", "шашкин", "shashkin"):
        assert secret not in everything, secret
    for row in locations("real"):
        assert not re.search("shelter|приют|баспана", " ".join(row[f"name_{x}"] for x in LANGUAGES).lower())
        assert not row["services"] or "after-harm" not in row["services"]
    sana = next(row for row in locations("real") if row["key"] == "sana-sezim")
    assert (sana["address_ru"], sana["phone"]) == ("", "")


def test_invented_places_are_examples_with_example_numbers() -> None:
    found = locations("demo")
    for row in found:
        assert row["example"] == "yes"
        assert row["phone"].startswith("+7 700 000 00 ")
        assert all(
            word in row[f"organization_{x}"] for x, word in zip(LANGUAGES, ("мысал", "пример", "example"), strict=True)
        )
    assert len({row["phone"] for row in found}) == len(found)
    assert not {row["key"] for row in found} & {row["key"] for row in locations("real")}
    cities = Counter(row["city_en"] for row in found)
    assert cities["Almaty"] >= 8
    assert min(cities["Astana"], cities["Shymkent"], cities["Karaganda"]) >= 2


def test_the_demo_shows_what_a_directory_can_hold(cat: Catalogue) -> None:
    shown = [loc for loc in cat.locations.values() if loc.example]
    assert {loc.kind for loc in shown} == {"clinic", "ngo", "distribution_point", "legal_aid", "mobile"}
    assert {loc.visibility for loc in shown} == {"open", "district", "unlisted"}
    assert {"uz", "ky", "tg"} <= {language for loc in shown for language in loc.languages}
    assert any(len(loc.rooms) >= 3 for loc in shown)
    assert len({room.pause for loc in shown for room in loc.rooms}) >= 3
    assert {loc.step_free for loc in shown} >= {True, False}
    today = clock.today()
    night = [
        loc
        for loc in shown
        if loc.kind == "mobile"
        and any(end > 24 * 60 for _start, end in hours.intervals(loc.hours, "off", today, False))
    ]
    assert any(loc.visibility == "district" for loc in night)
    evening = [
        loc
        for loc in shown
        if any(end >= 20 * 60 for _start, end in hours.intervals(loc.hours, loc.hours_ph, today, False))
    ]
    assert len(evening) >= 8


def test_hours_are_canonical_and_open_on_some_day(cat: Catalogue) -> None:
    monday = date(2026, 11, 23)
    for loc in cat.locations.values():
        assert hours.parse(loc.hours) == loc.hours
        assert hours.parse(loc.hours_ph) == loc.hours_ph
        week = [hours.intervals(loc.hours, loc.hours_ph, monday + timedelta(n), False) for n in range(7)]
        assert any(week) or not loc.hours
        for room in loc.rooms:
            for n in range(7):
                mine = hours.intervals(
                    room.hours or loc.hours, room.hours_ph or loc.hours_ph, monday + timedelta(n), False
                )
                for start, end in mine:
                    assert any(a <= start and end <= b for a, b in week[n]), (loc.key, room.name.en, n)


def test_every_service_that_can_be_booked_has_a_room_and_rooms_do_nothing_else(cat: Catalogue) -> None:
    for loc in cat.locations.values():
        done = frozenset[int]().union(*(room.services for room in loc.rooms))
        assert done <= set(loc.services), loc.key
        booked = {id_ for id_ in loc.services if not cat.services[id_].walk_in_only}
        if loc.bookable:
            assert booked <= done, (loc.key, [cat.services[id_].slug for id_ in booked - done])
        else:
            assert not loc.rooms, loc.key
        for room in loc.rooms:
            assert not any(cat.services[id_].walk_in_only for id_ in room.services)


def test_every_place_stands_in_its_town_and_a_hidden_one_has_a_district(cat: Catalogue) -> None:
    towns = {place.name.en: place for place in cat.places if place.kind == "city"}
    for loc in cat.locations.values():
        town = towns[loc.city.en]
        assert distance_m(loc.lat, loc.lng, town.lat, town.lng) < 25_000, loc.key
        if loc.visibility == "district":
            assert loc.district
            centre = next(p for p in cat.places if p.kind == "district" and p.name == loc.district)
            assert (loc.lat, loc.lng, loc.approximate) == (centre.lat, centre.lng, True)  # nothing to find it by


def test_the_rosters_of_the_demo_were_looked_at_today(cat: Catalogue) -> None:
    for loc in cat.locations.values():
        assert catalogue.takes_bookings(loc, clock.today()) is (loc.example and loc.bookable)


def test_the_gazetteer_has_districts_and_every_station() -> None:
    found = rows(seeding.SEEDS / "gazetteer.csv")
    kinds = Counter((row["within"], row["kind"]) for row in found)
    assert kinds[("almaty", "district")] == 8
    assert kinds[("astana", "district")] == 6
    assert kinds[("shymkent", "district")] == 5
    assert kinds[("almaty", "metro")] == 11
    assert kinds[("astana", "metro")] == 18
    assert sum(row["kind"] in ("city", "town") for row in found) > 300
    keys = {row["key"] for row in found}
    assert len(keys) == len(found)
    assert {row["within"] for row in found} - {""} <= keys


def test_loading_again_is_quick_and_changes_nothing(filled: Catalogue) -> None:
    def counted() -> list[int]:
        with reading() as s:
            return [s.scalar(select(func.count()).select_from(m)) or 0 for m in (Location, Service, Room, PlaceName)]

    before = counted()
    started = time.process_time()
    with writing() as s:
        seeding.load_demo(s, clock.now())
    assert time.process_time() - started < 2
    assert counted() == before
    with reading() as s:
        assert catalogue.current(s).version == filled.version


def test_on_the_next_day_only_the_day_of_the_rosters_changes(filled: Catalogue) -> None:
    with writing() as s:
        seeding.load_demo(s, clock.now() + timedelta(days=1))
    with reading() as s:
        later = catalogue.current(s)
    assert later.version == filled.version + 1
    seen = {loc.desk_seen_on for loc in later.locations.values() if loc.example and loc.bookable}
    assert seen == {clock.today() + timedelta(days=1)}
    assert {loc.slug for loc in later.locations.values()} == {loc.slug for loc in filled.locations.values()}


def test_without_the_demo_no_example_is_loaded(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["locations", "seed"])
    assert done.exit_code == 0, done.output
    with reading() as s:
        assert set(s.scalars(select(Location.example))) == {False}
        assert (s.scalar(select(func.count()).select_from(Room)) or 0) == 0


def test_the_demo_loads_on_both_databases(app_on: Flask) -> None:
    for _again in range(2):
        with writing() as s:
            seeding.load_demo(s, clock.now())
    with reading() as s:
        assert (s.scalar(select(func.count()).select_from(Location)) or 0) == len(locations("real")) + len(
            locations("demo")
        )
        assert importing.export_locations(s)
