"""Locations from CSV files as people save them, and back."""

import csv
import io
from collections.abc import Sequence

import flask_babel
import pytest
from flask import Flask
from sqlalchemy import func, select

from clinic import clock
from clinic.db import Text3, reading, writing
from clinic.directory import catalogue, importing, seeding
from clinic.directory.models import Location, LocationService, Organization
from clinic.directory.tables import Mistake, TableRefused

ROW = {
    "key": "tulip",
    "organization": "garden",
    "organization_kk": "Бақ",
    "organization_ru": "Сад",
    "organization_en": "Garden",
    "kind": "clinic",
    "name_kk": "Қызғалдақ",
    "name_ru": "Тюльпан",
    "name_en": "Tulip",
    "city_kk": "Алматы",
    "city_ru": "Алматы",
    "city_en": "Almaty",
    "address_kk": "Абай даңғылы, 1",
    "address_ru": "пр. Абая, 1",
    "address_en": "1 Abai Ave",
    "lat": "43.238",
    "lng": "76.945",
    "phone": "+7 700 000 00 01",
    "hours": "Mo-Fr 09:00-21:00",
    "services": "quick-test check-up",
    "cost_kk": "Тегін",
    "cost_ru": "Бесплатно",
    "cost_en": "Free",
}


def table(*rows: dict[str, str], delimiter: str = ",") -> str:
    out = io.StringIO()
    columns = list(dict.fromkeys(column for row in rows for column in row))
    writer = csv.DictWriter(out, columns, delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.fixture
def town(app: Flask) -> Flask:
    """A database that knows the services and the towns."""
    with writing() as s:
        seeding.load_services(s, (seeding.SEEDS / "services.csv").read_bytes())
        seeding.load_gazetteer(s, (seeding.SEEDS / "gazetteer.csv").read_bytes())
    return app


def load(data: bytes) -> importing.Report:
    with writing() as s:
        return importing.import_locations(s, data)


def mistakes(*rows: dict[str, str]) -> tuple[Mistake, ...]:
    with pytest.raises(TableRefused) as refused:
        load(table(*rows).encode())
    assert count(Location) == 0
    return refused.value.mistakes


def where(found: Sequence[Mistake]) -> set[tuple[int, str]]:
    return {(m.row, m.column) for m in found}


def count(model: type) -> int:
    with reading() as s:
        return s.scalar(select(func.count()).select_from(model)) or 0


def stored(key: str = "tulip") -> Location:
    with reading() as s:
        return s.scalars(select(Location).where(Location.key == key)).one()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_case_15_a_file_as_excel_saves_it_loads(town: Flask, encoding: str, delimiter: str) -> None:
    row = {**ROW, "lat": "43,238", "lng": "76,945"}
    assert load(table(row, delimiter=delimiter).encode(encoding)).added == 1
    place = stored()
    assert place.name == Text3("Қызғалдақ", "Тюльпан", "Tulip")
    assert (place.lat, place.lng, place.approximate) == (43.238, 76.945, False)
    assert place.hours == "Mo-Fr 09:00-21:00"
    assert place.phone == "+7 700 000 00 01"


def test_case_15_a_cell_with_a_line_break_loads(town: Flask) -> None:
    row = {
        **ROW,
        "way_in_kk": "Аулада\nсары есік",
        "way_in_ru": "Во дворе,\r\nжёлтая дверь",
        "way_in_en": "In the\nyard",
    }
    second = {**ROW, "key": "rose", "kind": "castle"}
    with pytest.raises(TableRefused) as refused:
        load(table(row, second).encode())
    assert where(refused.value.mistakes) == {(3, "kind")}  # as Excel counts, not as lines go
    load(table(row).encode())
    assert stored().way_in == Text3("Аулада сары есік", "Во дворе, жёлтая дверь", "In the yard")


def test_case_15_windows_1251_is_recognised(town: Flask) -> None:
    russian = {column: value for column, value in ROW.items() if not column.endswith("_kk")}
    row = {**russian, "organization_kk": "Сад", "name_kk": "Тюльпан", "city_kk": "Алматы", "cost_kk": "0 тенге"}
    row["address_kk"] = "Абая, 1"
    assert load(table(row, delimiter=";").encode("cp1251")).added == 1
    assert stored().name.ru == "Тюльпан"


def test_case_15_windows_1251_that_lost_kazakh_letters_is_refused_by_name(town: Flask) -> None:
    data = table(ROW, delimiter=";").encode("cp1251", errors="replace")  # what Excel does with ғ and қ
    with pytest.raises(TableRefused) as refused:
        load(data)
    assert (2, "name_kk") in where(refused.value.mistakes)
    assert all("Windows-1251" in m.message for m in refused.value.mistakes)
    assert count(Location) == 0


def test_case_15_an_unknown_column_is_named(town: Flask) -> None:
    found = mistakes({**ROW, "adress_ru": "пр. Абая, 1"})
    assert [(m.row, m.column) for m in found] == [(1, "adress_ru")]


def test_case_15_empty_columns_at_the_end_do_not_matter(town: Flask) -> None:
    lines = table(ROW).split("\r\n")
    data = "\r\n".join(line + ",,," for line in lines if line) + "\r\n,,,,\r\n"
    assert load(data.encode()).added == 1


def test_case_15_every_mistake_is_named_and_nothing_is_half_imported(town: Flask) -> None:
    good = dict(ROW)
    bad = {
        **ROW,
        "key": "rose",
        "name_ru": "",
        "name_kk": "",
        "name_en": "",
        "hours": "Mo-Fr 25:75",
        "lat": "north",
        "days_ahead": "500",
        "step_free": "perhaps",
        "checked_on": "31.02.2026",
        "services": "quick-test, no-such-thing",
        "languages": "kk,elvish",
        "visibility": "secret",
    }
    found = mistakes(good, bad, good)
    columns = {column for row, column in where(found) if row == 3}
    assert columns == {
        "name_ru",
        "hours",
        "lat",
        "days_ahead",
        "step_free",
        "checked_on",
        "services",
        "languages",
        "visibility",
    }
    assert (4, "key") in where(found)
    assert {row for row, _column in where(found)} == {3, 4}
    assert count(Organization) == 0


def test_case_15_the_export_opens_in_excel_and_comes_back_unchanged(town: Flask) -> None:
    with writing() as s:
        seeding.load_demo(s, clock.now())
    with reading() as s:
        data = importing.export_locations(s)
    assert data.startswith(b"\xef\xbb\xbf")
    assert "Қызғалдақ".encode() not in data
    assert "Шамшырақ".encode() in data
    with reading() as s:
        version = catalogue.current(s).version
    report = load(data)
    assert (report.added, report.changed) == (0, 0)
    assert report.unchanged == count(Location)
    with reading() as s:
        assert catalogue.current(s).version == version


def test_no_cell_of_the_export_is_run_as_a_formula(town: Flask) -> None:
    row = {**ROW, "name_ru": '=HYPERLINK("http://x","y")', "name_en": "@SUM(A1)", "name_kk": "-1+1"}
    load(table(row).encode())
    with reading() as s:
        text = importing.export_locations(s).decode("utf-8-sig")
    cells = next(csv.DictReader(io.StringIO(text)))
    assert cells["name_ru"].startswith("'=")
    assert cells["phone"] == "'+7 700 000 00 01"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells.values())
    assert load(text.encode("utf-8-sig")).unchanged == 1
    assert stored().name.ru == '=HYPERLINK("http://x","y")'


@pytest.mark.parametrize(
    ("lat", "lng", "city", "sentence"),
    [
        ("76.945", "43.238", "Алматы", "Latitude and longitude have changed places."),
        ("51.9", "47.11", "Атырау", "Latitude and longitude have changed places."),
        ("76,945", "43,238", "Где-то", "Latitude and longitude have changed places."),
        ("40.41", "49.87", "Алматы", "This is outside Kazakhstan."),  # Baku
        ("55.75", "37.62", "Алматы", "This is outside Kazakhstan."),  # Moscow
        ("41.02", "71.67", "Алматы", "This is outside Kazakhstan."),  # Namangan
        ("51.17", "71.43", "Алматы", "This is 973 km from the town that the row names."),
        ("nan", "inf", "Алматы", "This is not a number."),
        ("1e3", "76.9", "Алматы", "This is not a number."),
    ],
)
def test_case_23_swapped_and_outside_positions_are_refused_with_the_row(
    town: Flask, lat: str, lng: str, city: str, sentence: str
) -> None:
    with flask_babel.force_locale("en"):
        found = mistakes({**ROW, "lat": lat, "lng": lng, "city_ru": city, "city_kk": city, "city_en": city})
    assert found[0] == Mistake(2, "lat", sentence)


def test_a_place_without_position_stands_at_its_town_and_says_so(town: Flask) -> None:
    load(table({**ROW, "lat": "", "lng": ""}).encode())
    place = stored()
    assert (place.lat, place.lng, place.approximate) == (43.24, 76.89, True)
    assert where(
        _refused({**ROW, "key": "b", "lat": "", "lng": "", "city_ru": "Ы", "city_kk": "Ы", "city_en": "Y"})
    ) == {(2, "lat")}


def _refused(row: dict[str, str]) -> tuple[Mistake, ...]:
    with pytest.raises(TableRefused) as refused:
        load(table(row).encode())
    return refused.value.mistakes


def test_an_import_can_be_repeated_and_keeps_the_slug(town: Flask) -> None:
    first = load(table(ROW).encode())
    slug = stored().slug
    again = load(table(ROW).encode())
    assert (first.added, again.added, again.changed, again.unchanged) == (1, 0, 0, 1)
    changed = load(table({**ROW, "hours": "Пн-Пт 9-20", "phone": ""}).encode())
    assert (changed.changed, changed.hours_changed) == (1, ("tulip",))
    place = stored()
    assert (place.slug, place.hours, place.phone) == (slug, "Mo-Fr 09:00-20:00", "")
    assert len(slug) == 5


def test_a_column_that_is_missing_leaves_what_is_stored(town: Flask) -> None:
    load(table({**ROW, "step_free": "да", "days_ahead": "30", "languages": "kk, ru; uz"}).encode())
    short = {c: v for c, v in ROW.items() if c in importing.REQUIRED}
    report = load(table({**short, "name_en": "Tulip room"}).encode())
    assert report.changed == 1
    place = stored()
    assert (place.step_free, place.days_ahead, place.languages) == (True, 30, "kk,ru,uz")
    assert (place.hours, place.name.en, place.address.ru) == ("Mo-Fr 09:00-21:00", "Tulip room", "пр. Абая, 1")
    assert count(LocationService) == 2


def test_services_are_given_by_slug_or_number_and_a_star_keeps_a_cost(town: Flask) -> None:
    load(table({**ROW, "services": "1; lawyer"}).encode())
    with writing() as s:
        seeding.load_costs(s, "location,service,cost_kk,cost_ru,cost_en\ntulip,lawyer,а,б,c\n".encode())
    load(table({**ROW, "services": "1 19*"}).encode())
    with reading() as s:
        costs = set(s.scalars(select(LocationService.cost)))
    assert costs == {Text3("Тегін", "Бесплатно", "Free"), Text3("а", "б", "c")}


def test_holidays_in_the_hours_go_to_their_own_column(town: Flask) -> None:
    load(table({**ROW, "hours": "Mo-Sa 10:00-20:00; PH 12:00-16:00"}).encode())
    assert (stored().hours, stored().hours_ph) == ("Mo-Sa 10:00-20:00", "12:00-16:00")


def test_an_import_raises_the_version_of_the_catalogue_once(town: Flask) -> None:
    with reading() as s:
        before = catalogue.current(s).version
    load(table(ROW, {**ROW, "key": "rose"}).encode())
    with reading() as s:
        after = catalogue.current(s)
    assert after.version == before + 1
    assert len(after.locations) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 100,
        b"\xff\xfe\x00",
        b"key,kind\n",
        b'key,"name\n',
        b'"\n' * 3,
        bytes(range(256)),
        b"PK\x03\x04" + bytes(range(200)),
        b"key\n" + b"x" * 9_000_000,
        "ключ;вид\nа;б\n".encode("cp1251"),
        "key\n\ud800".encode("utf-8", "surrogatepass"),
        b"key,key,kind\na,b,c\n",
        b"key," + b"y" * 300_000,
    ],
)
def test_what_is_no_table_is_refused_in_words(town: Flask, data: bytes) -> None:
    with pytest.raises(TableRefused) as refused:
        load(data)
    assert refused.value.mistakes
    assert all(m.message for m in refused.value.mistakes)
    assert count(Location) == 0


def test_a_sign_that_cannot_be_shown_is_refused_and_a_direction_mark_dropped(town: Flask) -> None:
    assert where(mistakes({**ROW, "name_ru": "Тюль\x07пан"})) == {(2, "name_ru")}
    load(table({**ROW, "name_ru": "\u202eТюльпан\u200f", "phone": "\u00a0+7 700 000\u00a000 01"}).encode())
    assert (stored().name.ru, stored().phone) == ("Тюльпан", "+7 700 000 00 01")


def test_the_mistakes_are_told_in_three_languages(town: Flask) -> None:
    said = set()
    for language in ("kk", "ru", "en"):
        with flask_babel.force_locale(language):
            said.add(_refused({**ROW, "lat": "76.945", "lng": "43.238"})[0].message)
    assert len(said) == 3


def test_the_command_names_row_and_column_and_shows_progress(town: Flask, tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    run = town.test_cli_runner()
    (folder / "bad.csv").write_bytes(table(ROW, {**ROW, "key": "rose", "kind": "castle"}).encode("utf-8-sig"))
    refused = run.invoke(args=["locations", "import", str(folder / "bad.csv"), "--language", "ru"])
    assert refused.exit_code == 1
    assert "Строка 3, столбец kind" in refused.output
    assert "Ничего не загружено." in refused.output
    assert count(Location) == 0
    (folder / "good.csv").write_bytes(table(ROW, {**ROW, "key": "rose"}).encode("utf-8-sig"))
    shown = run.invoke(args=["locations", "import", str(folder / "good.csv")])
    assert shown.exit_code == 0, shown.output
    assert "3  rose: new. Tulip, Almaty. +7 700 000 00 01" in shown.output
    assert "Sat –" in shown.output
    assert "Mon 09:00–21:00" in shown.output
    assert "New: 2. Changed: 0. As before: 0. Nothing was written yet" in shown.output
    assert count(Location) == 0
    done = run.invoke(args=["locations", "import", str(folder / "good.csv"), "--yes"])
    assert done.exit_code == 0, done.output
    assert "Added: 2." in done.output
    written = run.invoke(args=["locations", "export", str(folder / "out.csv")])
    assert written.exit_code == 0, written.output
    assert load((folder / "out.csv").read_bytes()).unchanged == 2


def test_progress_is_told_after_each_row(town: Flask) -> None:
    seen: list[tuple[int, int]] = []
    rows = [{**ROW, "key": f"place-{n}"} for n in range(5)]
    with writing() as s:
        importing.import_locations(s, table(*rows).encode(), lambda done, of: seen.append((done, of)))
    assert seen == [(n, 5) for n in range(1, 6)]


def test_slugs_are_all_different(town: Flask) -> None:
    load(table(*({**ROW, "key": f"place-{n}"} for n in range(200))).encode())
    with reading() as s:
        slugs = list(s.scalars(select(Location.slug)))
    assert len(set(slugs)) == 200


def only(row: dict[str, str]) -> Mistake:
    """The one mistake of a file."""
    found = mistakes(row)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("phone", ["7,7001E+10", "7,70123E+10", "7.70123E+10", "########", "ab", "12", "112, вн. 4"])
def test_a_number_that_a_spreadsheet_has_shortened_is_refused_where_it_stands(town: Flask, phone: str) -> None:
    mistake = only({**ROW, "phone": phone})
    assert (mistake.row, mistake.column) == (2, "phone")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("77012345678", "+7 701 234 5678"),
        ("7272500000,0", "+7 7272 50 00 00"),
        ("77272500000.0", "+7 7272 50 00 00"),
        ("tel:+77012345678", "+7 701 234 5678"),
        ("8 (727) 250-00-00 вн. 12", "8 (727) 250-00-00 вн. 12"),
        ("+7 7252 50-50-50; 150", "+7 7252 50-50-50, 150"),
    ],
)
def test_a_number_that_lost_nothing_is_mended_and_published_whole(town: Flask, typed: str, shown: str) -> None:
    load(table({**ROW, "phone": typed}, delimiter=";").encode())
    assert stored().phone == shown


def test_letters_read_in_a_wrong_table_are_refused_with_the_first_cell(town: Flask) -> None:
    good = table({**ROW, "name_kk": "Орталық", "hours": ""}, delimiter=";")
    twice = good.encode("utf-8").decode("cp1251", "replace").encode("utf-8")
    russian = (
        good.replace("қ", "к").replace("ғ", "г").replace("ұ", "у").replace("Қ", "К").replace("ы", "и").replace("і", "и")
    )
    files = [
        twice,
        good.encode("utf-8").decode("latin-1").encode("utf-8"),
        russian.replace("ә", "а").encode("koi8-r", "replace"),
        russian.encode("iso8859-5", "replace"),
        russian.encode("koi8-r", "replace").decode("cp1251").encode("utf-8"),
    ]
    for data in files:
        with pytest.raises(TableRefused) as refused:
            load(data)
        (mistake,) = refused.value.mistakes
        assert (mistake.row, mistake.column) == (2, "organization_kk"), mistake
        assert "не в той кодировке" in mistake.message
    assert count(Location) == 0
    load(good.encode())


def test_a_workbook_is_called_one_whatever_its_name(town: Flask) -> None:
    for data in (b"PK\x03\x04" + bytes(200), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(200)):
        with pytest.raises(TableRefused) as refused:
            load(data)
        assert "книга Excel" in refused.value.mistakes[0].message


def test_empty_languages_are_one_warning_and_lose_no_translation(town: Flask) -> None:
    from clinic.directory import preview

    rows = [{**ROW, "key": f"t{n}", "address_kk": "", "address_en": "", "name_en": ""} for n in range(3)]
    load(table({**ROW, "key": "t0"}).encode())
    with reading() as s:
        plan = preview.look(s, table(*rows).encode(), clock.today())
    assert len(plan.warnings) == 1
    assert "address_en, address_kk, name_en" in plan.warnings[0]
    assert [row.state for row in plan.rows] == ["same", "new", "new"]
    load(table(*rows).encode())
    assert stored("t0").address.kk == "Абай даңғылы, 1"
    assert stored("t1").address == Text3("пр. Абая, 1", "пр. Абая, 1", "пр. Абая, 1")


def test_what_a_place_is_may_be_said_in_russian_and_a_town_by_its_other_name(town: Flask) -> None:
    row = {**ROW, "kind": "НКО", "city_kk": "", "city_ru": "Талдыкурган", "city_en": "", "lat": "", "lng": ""}
    load(table(row).encode())
    assert (stored().kind, stored().city.kk, stored().approximate) == ("ngo", "Талдықорған", True)


def test_a_town_that_is_not_known_gets_a_suggestion(town: Flask) -> None:
    row = {**ROW, "city_kk": "", "city_ru": "Талдыкорген", "city_en": "", "lat": "", "lng": ""}
    assert "Талдыкорган" in only(row).message
