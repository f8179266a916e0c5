"""The week grid reads and writes the one syntax of hours, and loses nothing that it can't show."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.directory import hours, hours_week
from clinic.directory.hours import HoursError

CELL = st.integers(0, 24 * 12 - 1)
SPAN = st.tuples(CELL, st.integers(1, 72)).map(lambda p: (p[0] * 5, min(p[0] * 5 + p[1] * 5, 30 * 60)))
DAY = st.lists(SPAN, max_size=3).map(lambda spans: hours.merged(spans))
WEEK = st.tuples(*(DAY,) * 7)


@given(WEEK)
@settings(max_examples=80, deadline=None)
def test_a_grid_written_and_read_is_the_same_grid(week: hours_week.Week) -> None:
    text = hours_week.expression_of(week)
    assert hours.parse(text) == text
    assert hours_week.week_of(text) == week
    monday = date(2026, 11, 23)
    for n in range(7):
        assert hours.intervals(text, "off", monday + timedelta(days=n), False) == week[n]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Mo-Fr 09:00-13:00,14:00-18:00; Sa 10:00-14:00", "Mo-Fr 09:00-13:00,14:00-18:00; Sa 10:00-14:00"),
        ("Mo-Fr 18:00-02:00; We off", "Mo-Tu 18:00-02:00; Th-Fr 18:00-02:00"),
        ("Mo-Fr 09:00-12:00, Tu 18:00-20:00", "Mo 09:00-12:00; Tu 09:00-12:00,18:00-20:00; We-Fr 09:00-12:00"),
        ("24/7", "Mo-Su 00:00-24:00"),
        ("off", "off"),
        ("", "off"),
        ("Fr-Mo 10:00-16:00", "Mo 10:00-16:00; Fr-Su 10:00-16:00"),
    ],
)
def test_what_a_grid_can_show(text: str, written: str) -> None:
    week = hours_week.week_of(hours.parse(text))
    assert week is not None
    assert hours_week.expression_of(week) == written


@pytest.mark.parametrize(
    "text",
    [
        "Mo-Fr 09:00-18:00; 2026 Dec 16-2026 Dec 18 off",
        "Tu[1] 18:00-21:00",
        'Mo-Fr 09:00-18:00; Sa 10:00-12:00 unknown "by phone"',
        "Dec 28-Jan 3 off; Mo-Fr 09:00-18:00",
        "Mo 08:00-09:00,10:00-11:00,12:00-13:00,14:00-15:00",
        "Mo-Fr 09:00-18:00; Mo-Fr 12:00-13:00 off",
    ],
)
def test_what_a_grid_can_not_show_is_left_to_the_line(text: str) -> None:
    assert hours_week.week_of(hours.parse(text)) is None


@given(WEEK)
@settings(max_examples=40, deadline=None)
def test_what_the_grid_shows_is_read_as_it_was(week: hours_week.Week) -> None:
    for n, spans in enumerate(week):
        assert hours_week.typed_day(n, [hours_week.shown(*span) for span in spans]) == spans


def test_hours_are_typed_as_people_type_them() -> None:
    assert hours_week.typed_day(0, [("9", "13.00"), ("14:00", "18"), ("", " ")]) == ((540, 780), (840, 1080))
    assert hours_week.typed_day(4, [("18:00", "2")]) == ((1080, 1560),)
    for pairs in ([("9", "")], [("25:00", "26:00")], [("9", "off")], [("Tu 9", "12")], [("x", "y")], [("9", "9")]):
        with pytest.raises(HoursError):
            hours_week.typed_day(0, pairs)
