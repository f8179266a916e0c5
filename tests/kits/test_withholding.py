"""No number under five, and none that can be worked out."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.kits.figures import PUBLISHED, SUMS, UNPUBLISHED
from clinic.kits.withholding import SMALL, Sum, bounds, in_steps, shown

ONE = (Sum("all", ("a", "b", "c")),)


def hidden(seen: dict[str, int | None]) -> set[str]:
    return {name for name, n in seen.items() if n is None}


def test_large_numbers_are_written_out() -> None:
    assert shown({"all": 30, "a": 10, "b": 12, "c": 8}, ONE) == {"all": 30, "a": 10, "b": 12, "c": 8}


def test_one_small_part_takes_another_with_it() -> None:
    seen = shown({"all": 30, "a": 3, "b": 20, "c": 7}, ONE)
    assert hidden(seen) == {"a", "c"}


def test_two_small_parts_whose_sum_would_say_too_much_take_a_third() -> None:
    seen = shown({"all": 34, "a": 1, "b": 2, "c": 31}, ONE)
    assert hidden(seen) == {"a", "b", "c"}


def test_two_hidden_parts_that_could_be_anything_are_enough() -> None:
    assert hidden(shown({"all": 32, "a": 4, "b": 4, "c": 24}, ONE)) == {"a", "b"}


def test_a_small_rest_that_is_not_on_the_page_is_protected_too() -> None:
    seen = shown({"all": 12, "a": 10, "rest": 2}, (Sum("all", ("a", "rest")),), unpublished=("rest",))
    assert seen["all"] is None or seen["a"] is None


def test_a_hidden_total_does_not_come_back_through_its_parts() -> None:
    sums = (Sum("all", ("a", "b")), Sum("all", ("x", "y")))
    seen = shown({"all": 20, "a": 10, "b": 10, "x": 18, "y": 2}, sums)
    assert "x" in hidden(seen)  # a + b would give the total, and so y


@pytest.mark.parametrize(("n", "written"), [(0, None), (4, None), (5, 5), (7, 5), (10, 10), (123, 120)])
def test_steps(n: int, written: int | None) -> None:
    assert in_steps(n) == written


@st.composite
def rows(draw: st.DrawFn) -> dict[str, int]:
    """A row of the figures in which every addition holds."""
    n = st.integers(0, 14)
    row = {name: draw(n) for name in (*PUBLISHED, *UNPUBLISHED)}
    row["reactive"] = row["confirmed"] + row["untold"]
    row["collected"] = row["reactive"] + row["other"] + row["silent"]
    row["ordered"] = row["collected"] + row["cancelled"] + row["released"] + row["waiting"]
    left = row["ordered"]
    for name in ("near_1", "near_3", "near_10", "far"):
        row[name] = draw(st.integers(0, left))
        left -= row[name]
    row["no_band"] = left
    return row


@settings(max_examples=150, deadline=None)
@given(rows())
def test_every_small_number_could_be_many_others(row: dict[str, int]) -> None:
    seen = shown(row, SUMS, UNPUBLISHED)
    assert all(n is None or n >= SMALL for n in seen.values())
    ranges = bounds(row, SUMS, hidden(seen))
    for name, n in row.items():
        if n < SMALL:
            low, high = ranges[name]
            assert low <= n <= high
            assert high - low >= SMALL, (name, seen)


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.integers(0, 7)] * 3), st.tuples(*[st.integers(0, 7)] * 2))
def test_by_trying_all_that_could_be_true(parts: tuple[int, int, int], inner: tuple[int, int]) -> None:
    """Against brute force: count the worlds that fit what is written, and see how many values each small one has."""
    sums = (Sum("all", ("a", "b", "c")), Sum("a", ("d", "e")))
    row = dict(zip("debc", (*inner, parts[1], parts[2]), strict=True))
    row["a"] = row["d"] + row["e"]
    row["all"] = row["a"] + row["b"] + row["c"]
    seen = shown(row, sums)
    values: dict[str, set[int]] = {name: set() for name in row}
    for d, e, b, c in product(range(14), repeat=4):
        world = {"d": d, "e": e, "b": b, "c": c, "a": d + e, "all": d + e + b + c}
        if all(n is None or world[name] == n for name, n in seen.items()):
            for name, n in world.items():
                values[name].add(n)
    for name, n in row.items():
        if n < SMALL:
            assert len(values[name]) > SMALL, (name, seen)
