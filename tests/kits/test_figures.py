"""The doctor's figures: whole months only, nothing under five, days without kits from the ledger."""

from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from clinic.db import reading, writing
from clinic.kits import figures, ledger, stock
from clinic.kits.figures import Balance
from clinic.kits.models import Lot, Outcome
from tests.kits.shelves import a_kit, a_point

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
TODAY = date(2026, 11, 24)


def numbers(**counts: int):  # type: ignore[no-untyped-def]
    return figures.row("Almaty", OCTOBER, counts).numbers


def test_large_numbers_are_written_and_what_follows_from_them() -> None:
    row = numbers(ordered=100, collected=80, cancelled=7, released=8, reactive=6, nonreactive=30, confirmed=0)
    assert (row["ordered"], row["collected"], row["cancelled"], row["released"]) == (100, 80, 7, 8)
    assert (row["other"], row["silent"]) == (30, 44)


def test_a_small_rest_between_ordered_and_collected_is_not_given_away() -> None:
    row = numbers(ordered=20, collected=18, released=0)
    assert row["ordered"] is None or row["collected"] is None


def test_one_confirmed_of_six_hides_what_would_tell_it() -> None:
    row = numbers(ordered=300, collected=200, reactive=6, nonreactive=100, confirmed=5)
    assert row["confirmed"] is None or row["reactive"] is None  # 6 - 5 would be one woman
    assert row["untold"] is None


def test_counts_of_different_months_that_contradict_each_other_are_shown_each_for_itself() -> None:
    row = numbers(collected=10, reactive=7, nonreactive=20)
    assert (row["collected"], row["other"], row["silent"]) == (10, 20, None)


def test_only_months_that_are_over() -> None:
    found = figures.months(TODAY)
    assert (found[0], found[-1], len(found)) == (date(2025, 11, 1), OCTOBER, 12)
    assert figures.months(date(2026, 12, 1))[-1] == NOVEMBER


def dry(*changes: tuple[int, int], last: int = 30):  # type: ignore[no-untyped-def]
    rows = [Balance(1, 7, OCTOBER + timedelta(days=day - 1), free) for day, free in changes]
    return figures.dry_days(rows, OCTOBER, OCTOBER + timedelta(days=last))


def test_days_without_kits_are_counted_from_the_day_on_which_the_last_one_left() -> None:
    assert dry((3, 10), (10, -10), (15, 5)) == {(1, OCTOBER): 5}


def test_a_day_that_ended_with_kits_is_not_counted() -> None:
    assert dry((3, 10), (10, -10), (10, 4)) == {}


def test_before_the_first_delivery_nothing_is_missing() -> None:
    assert dry((20, 3)) == {}


def test_what_ran_out_before_the_months_shown_is_missing_from_their_first_day() -> None:
    rows = [Balance(1, 7, OCTOBER - timedelta(days=40), 2), Balance(1, 7, OCTOBER - timedelta(days=20), -2)]
    found = figures.dry_days(rows, OCTOBER, OCTOBER + timedelta(days=60 - 1))
    assert found == {(1, OCTOBER): 31, (1, NOVEMBER): 29}


@given(st.lists(st.tuples(st.integers(1, 61), st.integers(-9, 9)), max_size=20))
def test_days_without_kits_agree_with_looking_every_evening(changes: list[tuple[int, int]]) -> None:
    found = dry(*changes, last=60)
    wanted: dict[tuple[int, date], int] = {}
    for day in range(1, 62):
        seen = [free for at, free in changes if at <= day]
        if seen and sum(seen) <= 0:
            month = (OCTOBER + timedelta(days=day - 1)).replace(day=1)
            wanted[1, month] = wanted.get((1, month), 0) + 1
    assert found == wanted


def test_read_from_the_database_the_running_month_is_left_out(app_on: Flask) -> None:
    with writing() as s:
        kit, point = a_kit(s), a_point(s)
        stock.receive(s, point, kit, "OR-1", date(2027, 3, 31), 20, "k", OCTOBER)
        lot = s.query(Lot).one()
        holding = ledger.at_point(s, point)[0].id
        ledger.post(s, holding, "handed_over", -20, 0, date(2026, 10, 30), "k")
        for month, what, lot_id, n in (
            (OCTOBER, "ordered", 0, 30),
            (OCTOBER, "collected", 0, 20),
            (NOVEMBER, "ordered", 0, 50),
            (OCTOBER, "invalid", lot.id, 7),
            (OCTOBER, "false", lot.id, 4),
            (NOVEMBER, "invalid", lot.id, 50),
        ):
            s.add(Outcome(city="Almaty", month=month, kit_type_id=kit, lot_id=lot_id, what=what, n=n))
    with reading() as s:
        found = figures.read(s, {"Almaty": [point]}, TODAY)
    (row,) = found.rows
    assert (row.month, row.numbers["ordered"], row.numbers["collected"]) == (OCTOBER, 30, 20)
    assert row.numbers["dry_days"] is None  # two days: under five
    (of_lot,) = found.lots
    assert (of_lot.number, of_lot.given, of_lot.invalid, of_lot.false) == ("OR-1", 20, 5, None)


@pytest.mark.parametrize("city", ["Astana", ""])
def test_another_city_is_not_read(app: Flask, city: str) -> None:
    with writing() as s:
        s.add(Outcome(city="Almaty", month=OCTOBER, kit_type_id=1, lot_id=0, what="ordered", n=30))
    with reading() as s:
        assert figures.read(s, {city: []}, TODAY).rows == ()
