from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from flask import Flask
from hypothesis import example, given
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
    elif not slow.can_be_read_in_two_ways(week):  # a rule never holds: the week is the same without it
        all_days = [MONDAY + timedelta(days=n) for n in range(7)]
        meant = [slow.begins_on(week, day) for day in all_days]
        assert any(
            [slow.begins_on((*week[:n], *week[n + 1 :]), day) for day in all_days] == meant for n in range(len(week))
        )


ROUND = ((0, 0),)
SAID_THRICE = tuple(slow.Line(False, frozenset(days), ROUND) for days in ((0, 1), (0,), (1,)))


@given(weeks(any_spans))
@example(SAID_THRICE)
def test_what_is_stored_is_read_again_as_the_same_and_an_offer_can_be_read(week: tuple[slow.Line, ...]) -> None:
    expression = read(week)
    for _repair in range(3 * len(week)):  # one repair may show the next doubt
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
        ("Пн-Пт: 08-00 – 17-30", "Mo-Fr 08:00-17:30"),
        ("9-15 до 18-45", "09:15-18:45"),
        ("Пн-Пт 9-00-18-00", "Mo-Fr 09:00-18:00"),
        ("20-6", "20:00-06:00"),
        ("Пн-Пт с 8.00ч до 17.00ч.", "Mo-Fr 08:00-17:00"),
        ("Режим работы: ежедневно без выходных 9-18, без перерыва", "Mo-Su 09:00-18:00"),
        ("по будням с 9 до 18, по субботам с 10 до 15", "Mo-Fr 09:00-18:00, Sa 10:00-15:00"),
        ("күн сайын 9:00-ден 20:00-ге дейін", "Mo-Su 09:00-20:00"),
        ("сағат 9-дан 18-ге дейін", "09:00-18:00"),
        ("24 ч.", "24/7"),
        ("ежедневно 9-20, вс выходной", "Mo-Su 09:00-20:00, Su off"),
        ("Пн-Пт 9-18, Пт 18-20", "Mo-Fr 09:00-18:00, Fr 18:00-20:00"),
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
        ("9-18 пн-пт, сб 10-15", "days before their hours"),
        ("9:00–18:00 Сб, Вс выходной", "days before their hours"),
        ("Чт (2-й и 4-й) 18-20", "without brackets"),
        ("9-9", "09:00-21:00 or 24/7"),
        ("Пн-Пт 9-13, 2-6", "14:00-18:00 or 02:00-06:00"),
        ("Пн-Пт 9:00-6:00", "09:00-18:00 or 09:00-06:00"),
        ("18-05", "is a time, 18:05"),
        ("Пн-Пт 9-18, 13-14", "write: Mo-Fr 09:00-13:00,14:00-18:00. If not: Mo-Fr 09:00-18:00"),
        ("Пн-Пт 09-19, Вт-Вс 08-15; Сб выходной", "write: Mo-Fr 09:00-19:00; Tu-Su 08:00-15:00; Sa off"),
        ("Пн-Пт 9-18, 31 декабря 9-15", "write: Mo-Fr 09:00-18:00; Dec 31 09:00-15:00"),
        ("Пн-Пт 9-18, Пт 12-20", "Both together: Mo-Fr 09:00-18:00; Fr 09:00-20:00"),
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


# What people really typed; what it means; and, where it is refused, what the sentence makes of it when it is followed.
TYPED = [
    ("9:00-21:00, вс. 9:00-16:00", "09:00-21:00; Su 09:00-16:00", "offer"),
    ("Ежедневно 08:00-20:00, Вс 10:00-15:00", "Mo-Su 08:00-20:00; Su 10:00-15:00", "offer"),
    ("күн сайын 9:00-20:00, жс 10:00-15:00", "Mo-Su 09:00-20:00; Su 10:00-15:00", "offer"),
    ("Пн-Сб 9:00-20:00, Сб 9:00-15:00", "Mo-Sa 09:00-20:00; Sa 09:00-15:00", "offer"),
    ("Вт, Чт 19-30", "Tu,Th 19:30-20:30", "Вт, Чт 19:30-20:30"),
    ("Сб 9-30", "Sa 09:30-18:00", "Сб 09:30-18:00"),
    ("Сб 10-00", "Sa 10:00-18:00", "Сб 10:00-18:00"),
    ("10-00 и 16-00", "10:00-18:00", "10:00-18:00"),
    ("Пн-Пт 9-00 - 18-00", "Mo-Fr 09:00-18:00", ""),
    ("с 8-00 до 19-00", "08:00-19:00", ""),
    ("Пн-Пт 9-6", "Mo-Fr 09:00-18:00", "Пн-Пт 09:00-18:00"),
    ("9:00-20:00 ежедневно", "Mo-Su 09:00-20:00", ""),
    ("9.00–18.00 пн–пт, 9.00–14.00 сб", "Mo-Fr 09:00-18:00, Sa 09:00-14:00", ""),
    ("10-18 пн-чт; 10-17 пт", "Mo-Th 10:00-18:00; Fr 10:00-17:00", ""),
    ("CБ 10:00-15:00", "Sa 10:00-15:00", ""),
    ("c 8:00 до 21:00", "08:00-21:00", ""),
    ("Mо-Fr 09:00-18:00", "Mo-Fr 09:00-18:00", ""),
    ("Вт (откр): 19:00-20:30", "Tu 19:00-20:30", "offer"),
    ("күнделікті 09:00-20:00", "Mo-Su 09:00-20:00", ""),
    ("Дүйсенбіден жұмаға дейін 09:00-18:00", "Mo-Fr 09:00-18:00", ""),
    ("воскресение выходной", "Su off", ""),
    ("Вт (откр), Чт: 19:30-21:00; Сб: 19:00-20:30", "Tu,Th 19:30-21:00; Sa 19:00-20:30", "offer"),
    ("Ежедневно: 19-20; Вт: 12:00", "Mo-Su 19:00-20:00; Tu 12:00-13:00", "Ежедневно: 19-20; Вт: 12:00-13:00"),
    ("Пн, Ср, Пт: 19:00-20:00", "Mo,We,Fr 19:00-20:00", ""),
    ("Суббота: 15:45", "Sa 15:45-17:00", "Суббота: 15:45-17:00"),
    ("По запросу", "", "nothing"),
    ("Чт: 21:00-22:30", "Th 21:00-22:30", ""),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "meant", "followed"), TYPED)
def test_what_is_refused_says_what_is_accepted_and_right(typed: str, meant: str, followed: str) -> None:
    read = parsed(typed)
    if not followed:
        assert read == meant
        return
    assert isinstance(read, HoursError), "longer than was meant"
    advice = read.offer if followed == "offer" else "" if followed == "nothing" else followed
    if followed not in ("offer", "nothing"):  # its hours are those that the sentence names, or an end was added
        assert "needs an end" in str(read) or followed.split()[-1] in str(read)
    assert hours.parse(advice) == meant


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
