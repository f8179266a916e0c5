from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic import wording
from clinic.directory.openness import open_mask, openness, words
from tests.directory import slow
from tests.directory.plain import a_catalogue, a_place, a_room
from tests.directory.test_hours import any_spans, read, weeks

ALMATY = ZoneInfo("Asia/Almaty")
FIRST = date(2026, 11, 9)  # no public holiday until 16 December: in these tests only decrees make one


def at(text: str) -> datetime:
    """A moment from its local date and time."""
    return datetime.fromisoformat(text).replace(tzinfo=ALMATY).astimezone(UTC)


def bits(mask: int) -> set[str]:
    """The local times of the open cells, "20:15" …; those of the next morning as "24:30"."""
    found = set()
    for n in range(288):
        if mask >> n & 1:
            minutes = 360 + n * 5
            found.add(f"{minutes // 60:02d}:{minutes % 60:02d}")
    return found


local_minutes = st.integers(0, 5 * 1440).map(
    lambda minutes: datetime.combine(FIRST, time(0)) + timedelta(minutes=minutes)
)
closures = st.lists(
    st.tuples(local_minutes, st.integers(1, 900)).map(lambda pair: (pair[0], pair[0] + timedelta(minutes=pair[1]))),
    max_size=3,
)
holidays = st.sets(st.integers(0, 6).map(lambda n: FIRST + timedelta(days=n)), max_size=3)


def utc(naive: datetime) -> datetime:
    return naive.replace(tzinfo=ALMATY).astimezone(UTC)


@settings(max_examples=60, deadline=None)
@given(weeks(any_spans), holidays, closures, st.integers(0, 4))
def test_the_mask_agrees_with_the_slow_model(
    week: tuple[slow.Line, ...], off: set[date], shut: list[tuple[datetime, datetime]], n: int
) -> None:
    expression = read(week)
    if not isinstance(expression, str):
        return
    morning = (slow.Line(False, frozenset(range(7)), ((600, 720),)),)
    place = a_place(expression, "10:00-12:00", closures=tuple((None, utc(a), utc(b)) for a, b in shut))
    cat = a_catalogue(place, dict.fromkeys(off, "off"))
    day = FIRST + timedelta(days=n)
    mask = open_mask(cat, place, place.rooms[0], day)
    six = datetime.combine(day, time(6))
    for cell in range(288):
        minutes = [six + timedelta(minutes=cell * 5 + m) for m in range(5)]
        open_ = all(slow.is_open(week, morning, off, shut, minute) for minute in minutes)
        assert bool(mask >> cell & 1) == open_, minutes[0]
    assert mask >> 288 == 0


@settings(max_examples=50, deadline=None)
@given(weeks(any_spans), holidays, closures, local_minutes)
def test_openness_agrees_with_the_slow_model(
    week: tuple[slow.Line, ...], off: set[date], shut: list[tuple[datetime, datetime]], now: datetime
) -> None:
    expression = read(week)
    if not isinstance(expression, str):
        return
    place = a_place(expression, "off", closures=tuple((None, utc(a), utc(b)) for a, b in shut))
    found = openness(a_catalogue(place, dict.fromkeys(off, "off")), place, utc(now))

    def is_open(minute: datetime) -> bool:
        return slow.is_open(week, (), off, shut, minute)

    assert found.open == is_open(now)
    assert (found.holiday is not None) == (now.date() in off)
    turn = found.until if found.open else found.next_open
    if turn is None:
        turn = utc(now + timedelta(days=1))
    minute = now
    while minute < min(turn.astimezone(ALMATY).replace(tzinfo=None), now + timedelta(days=1)):
        assert is_open(minute) == found.open, minute
        minute += timedelta(minutes=1)
    if turn < utc(now + timedelta(days=1)):
        assert is_open(minute) != found.open, minute


def test_case_04_a_visit_that_would_outlast_closing_or_touch_the_break_fits_nowhere() -> None:
    place = a_place("Mo-Fr 14:00-18:00,18:20-21:00")
    mask = open_mask(a_catalogue(place), place, place.rooms[0], date(2026, 11, 24))
    cells = 45 // 5
    starts = mask
    for n in range(1, cells):
        starts &= mask >> n
    assert max(bits(starts)) == "20:15"
    assert {start for start in bits(starts) if "17:15" < start < "18:20"} == set()
    assert {"14:00", "17:15", "18:20"} <= bits(starts)


def test_case_05_after_midnight_it_is_still_fridays_shift(app: Flask) -> None:
    place = a_place("Fr-Sa 18:00-02:00")
    cat = a_catalogue(place)
    friday, saturday = date(2026, 11, 27), date(2026, 11, 28)
    now = at("2026-11-28T00:30")
    found = openness(cat, place, now)
    assert found.open
    assert found.until == at("2026-11-28T02:00")
    with wording.speaking("en"):
        assert words(found, now) == "open until 2:00 at night"
    assert "24:30" in bits(open_mask(cat, place, place.rooms[0], friday))
    assert min(bits(open_mask(cat, place, place.rooms[0], saturday))) == "18:00"

    shut = a_place("Fr-Sa 18:00-02:00", closures=((None, at("2026-11-27T06:00"), at("2026-11-28T06:00")),))
    assert not openness(cat, shut, now).open
    assert open_mask(cat, shut, shut.rooms[0], friday) == 0
    assert "18:00" in bits(open_mask(cat, shut, shut.rooms[0], saturday))


def test_a_holiday_on_the_next_day_does_not_cut_the_night() -> None:
    place = a_place("Mo-Su 18:00-02:00")
    cat = a_catalogue(place)
    assert openness(cat, place, at("2026-12-16T01:00")).open  # Tuesday's night; Wednesday is Independence Day
    assert not openness(cat, place, at("2026-12-16T19:00")).open
    assert not openness(cat, place, at("2026-12-17T01:00")).open


def test_a_room_has_its_own_hours_closures_and_last_day() -> None:
    day = date(2026, 11, 24)
    early = a_room(1, hours="Mo-Fr 08:00-12:00")
    other = a_room(2)
    gone = a_room(3, retired_on=day)
    place = a_place(
        "Mo-Fr 14:00-18:00",
        closures=((1, at("2026-11-24T10:00"), at("2026-11-24T18:00")),),
        rooms=(early, other, gone),
    )
    cat = a_catalogue(place)
    assert max(bits(open_mask(cat, place, early, day))) == "09:55"
    assert (min(bits(open_mask(cat, place, other, day))), max(bits(open_mask(cat, place, other, day)))) == (
        "14:00",
        "17:55",
    )
    assert open_mask(cat, place, gone, day) == 0
    assert open_mask(cat, place, gone, day - timedelta(days=1)) > 0


def test_only_a_closure_of_the_whole_place_shuts_its_door() -> None:
    now = at("2026-11-24T10:30")
    one_room = a_place(closures=((1, at("2026-11-24T10:00"), at("2026-11-24T12:00")),))
    whole = a_place(closures=((None, at("2026-11-24T10:00"), at("2026-11-24T12:00")),))
    assert openness(a_catalogue(), one_room, now).open
    found = openness(a_catalogue(), whole, now)
    assert not found.open
    assert found.next_open == at("2026-11-24T12:00")
    assert found.intervals_today == (
        (at("2026-11-24T09:00"), at("2026-11-24T10:00")),
        (at("2026-11-24T12:00"), at("2026-11-24T18:00")),
    )


@pytest.mark.parametrize(
    ("hours", "now", "kk", "ru", "en"),
    [
        ("Mo-Fr 09:00-21:00", "2026-11-24T19:40",
         "21:00-ге дейін ашық", "открыто до 21:00", "open until 21:00"),
        ("Mo-Fr 09:00-20:00", "2026-11-24T19:40",
         "20 минуттан кейін жабылады", "закроется через 20 минут", "closes in 20 minutes"),
        ("Mo-Fr 09:00-20:01", "2026-11-24T19:40",
         "21 минуттан кейін жабылады", "закроется через 21 минуту", "closes in 21 minutes"),
        ("Mo-Fr 09:00-19:41", "2026-11-24T19:40",
         "1 минуттан кейін жабылады", "закроется через 1 минуту", "closes in 1 minute"),
        ("Mo-Fr 20:20-23:00", "2026-11-24T19:40",
         "20:20-да ашылады", "откроется в 20:20", "opens at 20:20"),
        ("Mo-Fr 09:00-18:00", "2026-11-24T19:40",
         "ертең 9:00-де ашылады", "откроется завтра в 9:00", "opens tomorrow at 9:00"),
        ("Mo-Fr 09:00-18:00", "2026-11-27T19:40",
         "30 қараша, дүйсенбі күні 9:00-де ашылады", "откроется в понедельник, 30 ноября, в 9:00",
         "opens on Monday 30 November at 9:00"),
        ("Mo-Fr 09:00-18:00", "2026-03-23T10:00",
         "бүгін жабық: Наурыз мейрамы", "сегодня закрыто: Наурыз мейрамы", "closed today: Nauryz"),
        ("24/7", "2026-11-24T19:40",
         "тәулік бойы ашық", "открыто круглосуточно", "open around the clock"),
        ("off", "2026-11-24T19:40",
         "жабық", "закрыто", "closed"),
        ("", "2026-11-24T19:40",
         "жұмыс уақыты жарияланбаған", "часы не опубликованы", "hours not published"),
    ],
)  # fmt: skip
def test_openness_in_words(app: Flask, hours: str, now: str, kk: str, ru: str, en: str) -> None:
    place = a_place(hours)
    found = openness(a_catalogue(place), place, at(now))
    said = []
    for language in ("kk", "ru", "en"):
        with wording.speaking(language):
            said.append(words(found, at(now)))
    assert said == [kk, ru, en]
