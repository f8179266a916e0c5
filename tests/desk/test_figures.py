"""The doctor's page of figures: her cities, whole months, drawings that agree with the table, safe files."""

import csv
import io
import re
from datetime import date

import pytest
from flask import Flask

from clinic.db import writing
from clinic.desk import plots, spreadsheet
from clinic.kits.models import Lot, Outcome
from tests.desk.test_points import Shop, open_shop
from tests.kits.shelves import on_shelf

OCTOBER = date(2026, 10, 1)


@pytest.fixture
def shop(app: Flask, evening: object) -> Shop:
    shop = open_shop(app)
    counted("Almaty", OCTOBER, ordered=64, collected=41, cancelled=9, released=11, reactive=6, nonreactive=20)
    return shop


def counted(city: str, month: date, **counts: int) -> None:
    with writing() as s:
        for what, n in counts.items():
            s.add(Outcome(city=city, month=month, kit_type_id=1, lot_id=0, what=what, n=n))


def cells(text: str, delimiter: str = ",") -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:]), delimiter=delimiter))


def test_table_and_file_say_the_same_and_nothing_under_five(shop: Shop) -> None:
    doctor = shop.client("doctor")
    page = doctor.get("/en/staff/figures").text
    head, row = cells(doctor.get("/en/staff/figures/months.csv").text)
    said = dict(zip(head, row, strict=True))
    assert (said["City"], said["Month"], said["Ordered"], said["Collected"]) == ("Almaty", "2026-10", "64", "41")
    assert said["Cancelled"] == "held back"  # 64 - 41 - 11 - 9 would leave three
    assert all(int(n) >= 5 for n in [*row[2:], *re.findall(r'<td class="num">(\d+)<', page)] if n.isdigit())
    assert sorted(re.findall(r'<td class="num">(\d+)<', page)) == sorted(n for n in row[2:] if n.isdigit())


def test_the_running_month_and_other_cities_are_not_there(shop: Shop) -> None:
    counted("Almaty", date(2026, 11, 1), ordered=500)
    counted("Shymkent", OCTOBER, ordered=700)
    doctor = shop.client("doctor")
    for text in (doctor.get("/ru/staff/figures").text, doctor.get("/ru/staff/figures/months.csv").text):
        assert "500" not in text.replace(" ", "")
        assert "700" not in text


def test_a_town_and_a_time_are_chosen(shop: Shop) -> None:
    counted("Almaty", date(2026, 3, 1), ordered=333)
    doctor = shop.client("doctor")
    assert "333" in doctor.get("/ru/staff/figures").text
    for url in ("/ru/staff/figures", "/ru/staff/figures/months.csv"):
        answer = doctor.get(url, query_string={"city": "Almaty", "months": "3"})
        assert "64" in answer.text
        assert "333" not in answer.text
        for bad in ({"city": "Shymkent"}, {"months": "0"}, {"months": "x"}, {"city": "\x00"}):
            assert doctor.get(url, query_string=bad).status_code == 404, bad


@pytest.mark.parametrize("number", ["=1+1", "+A1", "-2+3", "=HYPERLINK(1)"])
def test_a_lot_number_that_looks_like_a_formula_is_text(shop: Shop, number: str) -> None:
    with writing() as s:
        lot = Lot(kit_type_id=shop.a, number=number, expires_on=date(2027, 1, 31))
        s.add(lot)
        s.flush()
        s.add(Outcome(city="Almaty", month=OCTOBER, kit_type_id=shop.a, lot_id=lot.id, what="invalid", n=7))
    row = cells(shop.client("doctor").get("/ru/staff/figures/lots.csv").text, ";")[1]
    assert row[1] == "'" + number
    assert row[5] == "5"


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1"])
def test_a_cell_that_a_spreadsheet_would_calculate(cell: str) -> None:
    assert spreadsheet.safe(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["OR-2417", "03.2027", "—", 12, ""])
def test_other_cells_stay_as_they_are(cell: object) -> None:
    assert spreadsheet.safe(cell) == str(cell)


def test_bars_are_as_high_as_their_numbers_and_nothing_is_drawn_for_what_is_held_back() -> None:
    plot = plots.bars(["09.26", "10.26"], [[40, None], [20, 10]])
    heights = {(bar.series, round(bar.x)): bar.height for bar in plot.bars}
    assert len(plot.bars) == 3
    assert len(plot.marks) == 1
    first, second, third = (h for _key, h in sorted(heights.items()))
    assert first == pytest.approx(2 * second) == pytest.approx(4 * third)
    assert plot.ticks[0] == (plots.HEIGHT - plots.BOTTOM, 0)
    assert plot.ticks[-1][1] == 40


def test_an_empty_plot_has_a_scale() -> None:
    plot = plots.bars(["10.26"], [[None]])
    assert ([n for _y, n in plot.ticks], plot.bars) == ([0, 1], ())


@pytest.mark.parametrize(("highest", "step"), [(0, 1), (4, 1), (5, 2), (9, 5), (21, 10), (999, 500)])
def test_grid_lines(highest: int, step: int) -> None:
    assert plots.tick_step(highest) == step


def test_without_a_month_there_is_a_sentence_instead_of_empty_tables(app: Flask, evening: object) -> None:
    shop = open_shop(app)
    on_shelf(shop.point, shop.a, "OR-1", 3)
    page = shop.client("doctor").get("/en/staff/figures").text
    assert "nothing to show yet" in page
    assert "<table" not in page
