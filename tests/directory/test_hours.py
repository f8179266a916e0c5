from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from opening_hours import OpeningHours, State

from clinic import wording
from clinic.directory import hours
from clinic.directory.hours import HoursError
from tests.directory import slow

MONDAY = date(2026, 11, 23)

any_spans = st.tuples(st.integers(0, 287), st.integers(0, 287)).map(
    lambda pair: (pair[0] * 5, pair[1] * 5 if pair[0] != pair[1] else pair[1] * 5 - 5 if pair[1] else 0)
)
day_spans = st.tuples(st.integers(0, 286), st.integers(0, 286)).map(
    lambda pair: (min(pair) * 5, max(pair) * 5 + 5)
)  # begins and ends on the same day
PIECES = [
    *' 0129:-;,+/[]()"amпот\u00a0\u202e\x00😀٣|',
    "Mo",
    "Fr",
    "Пт",
    "PH",
    "24/7",
    "Dec ",
    "2027 ",
    "09:00-17",
    "off",
    "unknown",
]
weekdays = st.frozensets(st.integers(0, 6), min_size=1)


@st.composite
def weeks(draw: st.DrawFn, spans: st.SearchStrategy[tuple[int, int]]) -> tuple[slow.Line, ...]:
    found: list[slow.Line] = []
    for n in range(draw(st.integers(1, 4))):
        shut = n > 0 and draw(st.booleans())
        times = tuple(draw(st.lists(spans, min_size=0 if shut else 1, max_size=3)))
        found.append(slow.Line(n > 0 and draw(st.booleans()), draw(weekdays), times, shut))
    return tuple(found)


def parsed(text: str) -> str | HoursError:
    try:
        return hours.parse(text)
    except HoursError as error:
        return error


def read(week: tuple[slow.Line, ...]) -> str | HoursError:
    return parsed(slow.text(week))


def minutes(expression: str, day: date) -> set[int]:
    found = hours.intervals(expression, "off", day, False)
    assert all(a[1] < b[0] for a, b in pairwise(found)), "sorted and merged"
    return {minute for start, end in found for minute in range(start, end)}


@given(weeks(any_spans), st.integers(0, 400))
def test_intervals_agree_with_the_slow_model(week: tuple[slow.Line, ...], days: int) -> None:
    expression = read(week)
    if isinstance(expression, str):
        day = MONDAY + timedelta(days=days)
        assert minutes(expression, day) == slow.begins_on(week, day)
    else:  # refused only where a rule never holds: the week is the same without it
        all_days = [MONDAY + timedelta(days=n) for n in range(7)]
        meant = [slow.begins_on(week, day) for day in all_days]
        assert any(
            [slow.begins_on((*week[:n], *week[n + 1 :]), day) for day in all_days] == meant for n in range(len(week))
        )


@given(weeks(any_spans))
def test_what_is_stored_is_read_again_as_the_same_and_an_offer_can_be_read(week: tuple[slow.Line, ...]) -> None:
    expression = read(week)
    for _repair in week:  # one repair may show the next rule that never holds
        if isinstance(expression, str) or not expression.offer:
            break
        try:
            expression = hours.parse(expression.offer)
        except HoursError as error:
            expression = error
    if isinstance(expression, str):
        assert hours.parse(expression) == expression
    else:
        assert "leaves nothing of" in str(expression)


@given(weeks(day_spans), st.integers(0, 6))
def test_by_day_the_intervals_agree_with_the_state_the_library_gives(week: tuple[slow.Line, ...], days: int) -> None:
    expression = read(week)
    if isinstance(expression, str):
        day = MONDAY + timedelta(days=days)
        library = OpeningHours(expression)
        open_ = minutes(expression, day)
        for minute in range(0, 1440, 5):
            moment = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
            assert (library.state(moment)[0] == State.OPEN) == (minute in open_)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Пн-Пт 9-18", "Mo-Fr 09:00-18:00"),
        ("пн–пт 9.00–18.00; сб 10.00—14.00", "Mo-Fr 09:00-18:00; Sa 10:00-14:00"),
        ("Дс-Жм: 9:00 - 13:00, 14:00 - 18:00, Сб: 9:00-13:00", "Mo-Fr 09:00-13:00,14:00-18:00, Sa 09:00-13:00"),
        ("Дүйсенбі-жұма 09:00-18:00; сенбі демалыс", "Mo-Fr 09:00-18:00; Sa off"),
        ("Пн-Пт с 9 до 18; Сб, Вс — выходной", "Mo-Fr 09:00-18:00; Sa,Su off"),
        ("круглосуточно", "24/7"),
        ("Тәулік бойы", "24/7"),
        ("ежедневно 10:00-20:00", "Mo-Su 10:00-20:00"),
        ("күн сайын 10-20", "Mo-Su 10:00-20:00"),
        ("Mo\u00a0-\u00a0Fr\u200b 09:00-17:00;;\n", "Mo-Fr 09:00-17:00"),
        ("Monday-Friday 9am-5pm", "Mo-Fr 09:00-17:00"),
        ("Mo-Fr 08h-22h; Sa 8h:00-22h30", "Mo-Fr 08:00-22:00; Sa 08:00-22:30"),
        ("Mo-Fr 18:00-26:00", "Mo-Fr 18:00-02:00"),
        ("Mo-Fr 09:00-00:00", "Mo-Fr 09:00-24:00"),
        ("Mo-Su 06:00-30:00", "Mo-Su 06:00-30:00"),
        ("Mo-Fr 9-17; 2026 Dec 30, 31 off", "Mo-Fr 09:00-17:00; 2026 Dec 30,2026 Dec 31 off"),
        ("Mo-Fr 9-17; 31 декабря выходной", "Mo-Fr 09:00-17:00; Dec 31 off"),
        ("Sa unknown \"по звонку\"", "Sa unknown \"по звонку\""),
        ("Mo 9-17; 2026 Dec 16-2026 Dec 18 off \"ремонт\"", "Mo 09:00-17:00; 2026 Dec 16-2026 Dec 18 off \"ремонт\""),
        ("Tu[1],Th[-1] 18-21", "Tu[1],Th[-1] 18:00-21:00"),
        ("", ""),
        (" \n", ""),
    ],
)  # fmt: skip
def test_what_people_type_is_read(typed: str, stored: str) -> None:
    assert hours.parse(typed) == stored


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ('Mo-Fr 09:00-17:00 || "by phone"', "“||”"),
        ("We 17:00+", "“+”"),
        ("Mo-Fr 10:00-16:00/01:30", "“/”"),
        ("Mo-Fr sunrise-20:00", "sunset"),
        ("Mo-Fr 09:00-17:00; SH off", "School holidays"),
        ("Mo-Fr 09:00-17:00; easter off", "feasts that move"),
        ("PH -1 day 09:00-13:00", "counted from another day"),
        ("Sa[-1] +3 days 10:00-12:00", "counted from another day"),
        ("week 1-53/2 Mo 18:00-21:00", "Week numbers"),
        ("Mo-Fr 09:00-17:00; Feb 30 off", "no such date: “30 Feb”"),
        ("Mo-Fr 09:00-17:00; 2027 Feb 29 off", "no such date: “29 Feb 2027”"),
        ("Mo-Fr 09:00-17:00; 9999 Jan 1 off", "no such date"),
        ("Mo 23:00-48:00", "up to 30:00"),
        ("Mo-Fr 09:75-17:00", "“09:75” is not a time"),
        ("Mo-Fr 24:00-26:00", "before 24:00"),
        ("Mo-Fr 09:00-09:00", "at the same time"),
        ("Mo-Fr 09:00", "needs an end"),
        ("Mo-Fr", "Write the hours of these days"),
        ('Mo-Fr 09:00-18:00 "by appointment"', "before a remark"),
        ('Mo-Fr 09:00-17:00 open "unterminated', "quotation mark"),
        ("Mo-Fr 09:00-17:00 Sa 10:00-14:00", "Put “;” before “Sa”"),
        ("Mo-Fr 09:00-17:00 open, 17:00-18:00 off", "Name the days"),
        ("Пн-Пт 9-18, перерыв 13-14", "two spans"),
        ("Mo-Fr 09:00-17:00; PH off", "Holidays have a field of their own"),
        ("Mo-Fr 09:00-17:00; Dec 31-10 off", "ends before it begins"),
        ("Xx 09:00-17:00", "“Xx” is not understood"),
        ("Mo-Fr 09:00-17:00 \x00", "not understood"),
        ("Mo-Fr 09:00-17:00 😀", "not understood"),
        (";", "missing at the end"),
        ("Mo-Fr 09:00-17:00;" * 100, "at most 500"),
        ("Mo 12:00-٤", "not understood"),
    ],
)
def test_what_we_cannot_keep_is_refused_with_a_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(HoursError) as refused:
        hours.parse(typed)
    assert sentence in str(refused.value)


def test_a_rule_that_replaces_another_is_refused_and_the_repair_offered() -> None:
    with pytest.raises(HoursError) as refused:
        hours.parse("Mo-Fr 09:00-13:00; Mo-Fr 14:00-18:00")
    assert refused.value.offer == "Mo-Fr 09:00-13:00,14:00-18:00"
    with pytest.raises(HoursError) as refused:
        hours.parse("We 09:00-13:00; Mo-Fr 14:00-18:00")
    assert refused.value.offer == "We 09:00-13:00, Mo-Fr 14:00-18:00"
    assert refused.value.position == 16


def test_refusals_speak_three_languages(app: Flask) -> None:
    with pytest.raises(HoursError) as refused:
        hours.parse("We 17:00+")
    said = []
    for language in ("kk", "ru", "en"):
        with wording.speaking(language):
            said.append(str(refused.value))
    assert said[1] == "Знак «+» оставляет конец открытым: напишите, когда закрывается."
    assert len(set(said)) == 3


@pytest.mark.parametrize(
    ("whole", "week", "on_holidays"),
    [
        ("Mo-Fr 09:00-17:00; PH off", "Mo-Fr 09:00-17:00", "off"),
        ("Mo-Fr 09:00-17:00; Sa,PH 10:00-14:00", "Mo-Fr 09:00-17:00; Sa 10:00-14:00", "10:00-14:00"),
        ("24/7; PH off", "24/7", "off"),
        ("PH,Sa,Su off; Mo-Fr 9-17", "Sa,Su off; Mo-Fr 09:00-17:00", "off"),
        ("PH 10:00-14:00", "off", "10:00-14:00"),
        ("Mo-Fr 09:00-17:00", "Mo-Fr 09:00-17:00", ""),
        ("Пн-Пт 9-18; праздники выходной", "Mo-Fr 09:00-18:00", "off"),
    ],
)
def test_holidays_are_split_off_and_joined_again(whole: str, week: str, on_holidays: str) -> None:
    assert hours.split_holidays(whole) == (week, on_holidays)
    assert hours.split_holidays(hours.joined(week, on_holidays)) == (week, on_holidays or "off")


def test_the_same_hours_on_holidays_need_no_rule() -> None:
    assert hours.joined("24/7", "24/7") == "24/7"
    assert hours.joined("", "off") == ""


def test_the_next_days_rule_never_cuts_a_night() -> None:
    tuesday = MONDAY + timedelta(days=1)
    for rule in ("We off", "We 10:00-12:00", "Nov 25 off"):
        found = hours.intervals(hours.parse(f"Mo-Fr 18:00-02:00; {rule}"), "off", tuesday, False)
        assert found == ((18 * 60, 26 * 60),)


def test_the_date_alone_chooses_between_week_and_holiday() -> None:
    assert hours.intervals("Mo-Su 18:00-02:00", "10:00-14:00", MONDAY, True) == ((600, 840),)
    assert hours.intervals("Mo-Su 18:00-02:00", "", MONDAY, True) == ()
    assert hours.intervals("", "10:00-14:00", MONDAY, True) == ()


def test_the_field_for_holidays_is_read_with_and_without_the_word() -> None:
    assert hours.parse_on_holidays("10-14") == "10:00-14:00"
    assert hours.parse_on_holidays("PH 10-14") == "10:00-14:00"
    assert hours.parse_on_holidays("выходной") == "off"
    with pytest.raises(HoursError, match="at most 200"):
        hours.parse_on_holidays(f'off "{"a" * 200}"')


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_is_either_read_or_refused(text: str) -> None:
    stored = parsed(text)
    if isinstance(stored, HoursError):
        assert str(stored)
        return
    assert hours.parse(stored) == stored
    assert hours.split_holidays(text) == (stored, "")
    hours.intervals(stored, "off", MONDAY, False)


def test_unknown_is_not_open() -> None:
    expression = hours.parse('Mo 09:00-17:00; Tu unknown "by phone"; We 18:00-02:00 unknown')
    meant = hours.meaning(expression, "off", MONDAY, is_holiday=lambda day: False)
    assert [bool(open_) for _day, open_ in meant] == [True, False, False, False, False, False, False]
