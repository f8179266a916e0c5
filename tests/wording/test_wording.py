"""Dates and times in three languages, and the Kazakh endings of every minute."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from clinic import wording
from clinic.clock import at as moment_at

TRANSLATIONS = Path(__file__).parents[2] / "translations"
TUESDAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def speaking_app() -> Iterator[Flask]:
    """Just enough of an application to speak."""
    app = Flask(__name__)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, locale_selector=lambda: "ru")
    with app.app_context():
        yield app


def clock(hour: int, minute: int) -> datetime:
    return moment_at(TUESDAY, hour * 60 + minute)


@pytest.mark.parametrize(
    ("minutes", "at", "to", "from_"),
    [
        ((0, 50), "де", "ге", "ден"),
        ((5, 15, 25, 35, 45, 55), "те", "ке", "тен"),
        ((10,), "да", "ға", "нан"),
        ((20, 30), "да", "ға", "дан"),
        ((40,), "та", "қа", "тан"),
        (
            (1, 2, 7, 8, 11, 12, 17, 18, 21, 22, 27, 28, 31, 32, 37, 38, 41, 42, 47, 48, 51, 52, 57, 58),
            "де",
            "ге",
            "ден",
        ),
        ((3, 4, 13, 14, 23, 24, 33, 34, 43, 44, 53, 54), "те", "ке", "тен"),
        ((6, 9, 16, 19, 26, 29, 36, 39, 46, 49, 56, 59), "да", "ға", "дан"),
    ],
)
def test_kazakh_endings_follow_the_minutes(minutes: tuple[int, ...], at: str, to: str, from_: str) -> None:
    for minute in minutes:
        for hour in (9, 10, 15, 20, 23):
            shown = f"{hour}:{minute:02d}"
            assert wording.at(clock(hour, minute), "kk") == f"{shown}-{at}"
            assert wording.until(clock(hour, minute), "kk") == f"{shown}-{to} дейін"
            assert wording.after(clock(hour, minute), "kk") == f"{shown}-{from_} кейін"
            assert wording.since(clock(hour, minute), "kk") == f"{shown}-{from_} бастап"


def test_every_minute_stands_in_one_row_of_the_table() -> None:
    assert {wording.kazakh_endings(minute) for minute in range(60)} == {
        ("де", "ге", "ден"), ("те", "ке", "тен"), ("да", "ға", "дан"), ("да", "ға", "нан"), ("та", "қа", "тан"),
    }  # fmt: skip


@pytest.mark.parametrize(("hour", "ending"), [(21, "де"), (22, "де"), (8, "де"), (23, "те"), (10, "да"), (20, "да")])
def test_the_same_table_serves_whole_hours(hour: int, ending: str) -> None:
    assert wording.kazakh_endings(hour)[0] == ending


@pytest.mark.parametrize(
    ("language", "at", "until", "after"),
    [
        ("kk", "20:20-да", "20:20-ға дейін", "20:20-дан кейін"),
        ("ru", "в 20:20", "до 20:20", "после 20:20"),
        ("en", "at 20:20", "until 20:20", "after 20:20"),
    ],
)
def test_a_time_in_three_languages(language: str, at: str, until: str, after: str) -> None:
    moment = datetime(2026, 11, 24, 15, 20, tzinfo=UTC)
    assert wording.at(moment, language) == at
    assert wording.until(moment, language) == until
    assert wording.after(moment, language) == after


@pytest.mark.parametrize(
    ("language", "words"),
    [("kk", "түнгі 2:00-ге дейін"), ("ru", "до 2:00 ночи"), ("en", "until 2:00 at night")],
)
def test_a_closing_after_midnight_says_that_it_is_night(language: str, words: str) -> None:
    assert wording.until(clock(26, 0), language) == words


@pytest.mark.parametrize(
    ("language", "today", "tomorrow", "later", "long", "on", "short"),
    [
        ("ru", "сегодня, вт 24 ноября", "завтра, вт 24 ноября", "вт 24 ноября", "вторник, 24 ноября",
         "во вторник, 24 ноября", "24 ноя"),
        ("kk", "бүгін, 24 қараша, сс", "ертең, 24 қараша, сс", "24 қараша, сс", "24 қараша, сейсенбі",
         "24 қараша, сейсенбі күні", "24 қар."),
        ("en", "today, Tue 24 November", "tomorrow, Tue 24 November", "Tue 24 November", "Tuesday 24 November",
         "on Tuesday 24 November", "24 Nov"),
    ],
)  # fmt: skip
def test_a_day_in_three_languages(
    language: str, today: str, tomorrow: str, later: str, long: str, on: str, short: str
) -> None:
    assert wording.day_words(TUESDAY, TUESDAY, language) == today
    assert wording.day_words(TUESDAY, date(2026, 11, 23), language) == tomorrow
    assert wording.day_words(TUESDAY, date(2026, 11, 20), language) == later
    assert wording.long_day(TUESDAY, language) == long
    assert wording.on_day(TUESDAY, language) == on
    assert wording.short_day(TUESDAY, language) == short


def test_the_strip_begins_with_today() -> None:
    assert wording.strip_word(TUESDAY, TUESDAY, "ru") == "Сегодня"
    assert wording.strip_word(date(2026, 11, 25), TUESDAY, "ru") == "Ср"
    assert wording.strip_word(date(2026, 11, 26), TUESDAY, "kk") == "Бс"


@pytest.mark.parametrize(
    ("metres", "ru", "en"),
    [(0, "0,1 км", "0.1 km"), (912, "0,9 км", "0.9 km"), (1000, "1 км", "1 km"), (9949, "9,9 км", "9.9 km"),
     (9951, "10 км", "10 km"), (12_400, "12 км", "12 km"), (1_234_000, "1234 км", "1234 km")],
)  # fmt: skip
def test_distances_have_a_comma_in_russian(metres: int, ru: str, en: str) -> None:
    assert wording.km(metres, "ru") == wording.km(metres, "kk") == ru
    assert wording.km(metres, "en") == en


@pytest.mark.parametrize(
    ("n", "ru", "en"),
    [(0, "минут", "minutes"), (1, "минута", "minute"), (2, "минуты", "minutes"), (5, "минут", "minutes"),
     (11, "минут", "minutes"), (12, "минут", "minutes"), (21, "минута", "minutes"), (22, "минуты", "minutes"),
     (25, "минут", "minutes"), (101, "минута", "minutes"), (111, "минут", "minutes")],
)  # fmt: skip
def test_case_14_minutes_are_counted_rightly(n: int, ru: str, en: str) -> None:
    assert wording.minutes_words(n, "ru") == f"{n} {ru}"
    assert wording.minutes_words(n, "en") == f"{n} {en}"
    assert wording.minutes_words(n, "kk") == f"{n} минут"


def test_without_a_language_the_page_decides() -> None:
    assert wording.at(clock(20, 20)) == "в 20:20"
    with force_locale("kk"):
        assert wording.at(clock(20, 20)) == "20:20-да"
        assert wording.at(clock(20, 20), "en") == "at 20:20"
        assert wording.at(clock(20, 20)) == "20:20-да"
