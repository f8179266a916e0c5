"""The five covers in three languages: their words, and that each always fits one message (case 11)."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from flask import Flask

from clinic import clock
from clinic.messaging import covers, outbox
from clinic.messaging.covers import COVERS

pytestmark = pytest.mark.usefixtures("app")
START = datetime(2026, 11, 24, 15, 20, tzinfo=UTC)  # Tuesday, 20:20 in Almaty
LANGUAGES = ("kk", "ru", "en")


@pytest.mark.parametrize(
    ("language", "cover", "text"),
    [
        ("ru", "parcel", "Посылка ждёт вас во вторник, 24 ноября, в 20:20."),
        ("ru", "class", "Занятие начнётся во вторник, 24 ноября, в 20:20."),
        ("ru", "hairdresser", "Вы записаны на стрижку: вторник, 24 ноября, 20:20."),
        ("ru", "service", "Сервисный центр ждёт вас во вторник, 24 ноября, в 20:20."),
        ("ru", "plain", "Напоминание: вторник, 24 ноября, 20:20."),
        ("kk", "parcel", "Сәлемдемені 24 қараша, сейсенбі күні 20:20-да алуға болады."),
        ("kk", "class", "Сабақ 24 қараша, сейсенбі күні 20:20-да басталады."),
        ("kk", "hairdresser", "Шаштаразға жазылдыңыз: 24 қараша, сейсенбі, 20:20."),
        ("kk", "service", "Сервис орталығы сізді 24 қараша, сейсенбі күні 20:20-да күтеді."),
        ("kk", "plain", "Еске салу: 24 қараша, сейсенбі, 20:20."),
        ("en", "parcel", "A parcel is ready for you on Tuesday 24 November, at 20:20."),
        ("en", "class", "The class begins on Tuesday 24 November, at 20:20."),
        ("en", "hairdresser", "Your haircut is booked: Tuesday 24 November, 20:20."),
        ("en", "service", "The repair shop expects you on Tuesday 24 November, at 20:20."),
        ("en", "plain", "Reminder: Tuesday 24 November, 20:20."),
    ],
)
def test_each_cover_says_what_the_glossary_says(language: str, cover: str, text: str) -> None:
    assert covers.text(cover, language, START) == text


@pytest.mark.parametrize(
    ("language", "moved", "stopped"),
    [
        (
            "ru",
            "Время изменилось: среда, 25 ноября, 18:40.",
            "Сегодня, 25 ноября, в 18:40: отменено, приезжать не нужно.",
        ),
        (
            "kk",
            "Уақыт өзгерді: 25 қараша, сәрсенбі, 18:40.",
            "Бүгін, 25 қараша, 18:40-та болмайды, келудің керегі жоқ.",
        ),
        (
            "en",
            "The time has changed: Wednesday 25 November, 18:40.",
            "Today, 25 November, at 18:40: cancelled, no need to come.",
        ),
    ],
)
def test_a_move_and_a_stop_have_their_own_words(language: str, moved: str, stopped: str) -> None:
    start = datetime(2026, 11, 25, 13, 40, tzinfo=UTC)
    assert covers.moved(language, start) == moved
    assert covers.stopped(language, start) == stopped


@pytest.mark.parametrize(
    ("language", "cover", "text"),
    [
        ("ru", "plain", "Напоминание: до четверга, 26 ноября, 23:00."),
        ("ru", "parcel", "Посылка ждёт вас до четверга, 26 ноября, 23:00."),
        ("ru", "class", "Материалы к занятию ждут вас до четверга, 26 ноября, 23:00."),
        ("ru", "hairdresser", "Напоминание: до четверга, 26 ноября, 23:00."),
        ("ru", "service", "Сервисный центр ждёт вас до четверга, 26 ноября, 23:00."),
        ("kk", "plain", "Еске салу: 26 қараша, бейсенбі, 23:00-ге дейін."),
        ("kk", "parcel", "Сәлемдемені 26 қараша, бейсенбі, 23:00-ге дейін алуға болады."),
        ("kk", "class", "Сабақ материалын 26 қараша, бейсенбі, 23:00-ге дейін алуға болады."),
        ("kk", "hairdresser", "Еске салу: 26 қараша, бейсенбі, 23:00-ге дейін."),
        ("kk", "service", "Сервис орталығы сізді 26 қараша, бейсенбі, 23:00-ге дейін күтеді."),
        ("en", "plain", "Reminder: until Thursday 26 November, 23:00."),
        ("en", "parcel", "A parcel waits for you until Thursday 26 November, 23:00."),
        ("en", "class", "The papers for the class wait for you until Thursday 26 November, 23:00."),
        ("en", "hairdresser", "Reminder: until Thursday 26 November, 23:00."),
        ("en", "service", "The repair shop waits for you until Thursday 26 November, 23:00."),
    ],
)
def test_what_waits_for_her_says_until_when(language: str, cover: str, text: str) -> None:
    assert covers.ready(cover, language, datetime(2026, 11, 26, 18, 0, tzinfo=UTC)) == text


def test_midnight_belongs_to_the_day_that_ends_with_it() -> None:
    midnight = clock.at(date(2026, 11, 27), 0)
    assert covers.ready("parcel", "ru", midnight) == "Посылка ждёт вас до четверга, 26 ноября, 23:59."


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_delay_fits_one_message_and_says_that_we_will_write(language: str) -> None:
    assert covers.fits(covers.delayed(language))


def test_an_unknown_cover_is_an_error() -> None:
    with pytest.raises(KeyError):
        covers.ready("clinic", "ru", START)
    with pytest.raises(KeyError):
        covers.text("clinic", "ru", START)


@pytest.mark.parametrize("language", LANGUAGES)
def test_case_11_every_text_of_two_years_fits_one_message(language: str) -> None:
    """Every date, with one minute of each class; a class holds the minutes whose words are equally long.

    A text is its phrase, the words of the day and the words of the time: so the longest class of minutes,
    found among all minutes of a day, tried on every date, stands for every minute of two years.
    """
    first = date(2026, 11, 24)
    wordings: list[Callable[[datetime], str]] = [partial(covers.text, cover, language) for cover in COVERS]
    wordings += [partial(told, language) for told in (covers.moved, covers.stopped, covers.called_off)]
    wordings += [partial(covers.ready, cover, language) for cover in COVERS]
    wordings.append(lambda start: covers.late(language, start, start + timedelta(minutes=45)))
    for wording in wordings:
        classes: dict[int, list[int]] = defaultdict(list)
        for minute in range(24 * 60):
            classes[len(wording(clock.at(first, minute)))].append(minute)
        longest_class = max(classes)
        longest = 0
        for days in range(731):
            text = wording(
                clock.at(
                    first + timedelta(days=days), classes[longest_class][days % min(7, len(classes[longest_class]))]
                )
            )
            longest = max(longest, covers.units(text))
            assert covers.fits(text), text
        assert 30 < longest <= (160 if language == "en" else 70)


def test_case_11_the_texts_are_counted_as_the_network_counts_them() -> None:
    assert covers.units("а" * 70) == 70
    assert covers.fits("а" * 70)
    assert not covers.fits("а" * 71)
    assert covers.units("😀") == 2
    assert covers.fits("a" * 160)
    assert not covers.fits("a" * 161)
    assert covers.units("[€]") == 6
    assert not covers.fits("«" + "a" * 70)


def test_case_11_a_text_of_71_units_is_refused_and_never_put() -> None:
    from clinic.db import writing

    with writing() as s:
        args = ("test", "reminder", "+77010000001")
        outbox.put(s, None, *args, "а" * 70, START, START, date(2026, 11, 26))
        with pytest.raises(covers.TooLong):
            outbox.put(s, None, "other", "reminder", "+77010000001", "а" * 71, START, START, date(2026, 11, 26))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_says_where_or_what(language: str, app: Flask) -> None:
    texts = [covers.text(cover, language, START).lower() for cover in COVERS]
    texts += [covers.moved(language, START).lower(), covers.stopped(language, START).lower()]
    texts.append(covers.late(language, START, START + timedelta(minutes=45)).lower())
    forbidden = (
        "клиник", "вич", "аитв", "hiv", "тест", "test", "анализ", "талдау", "врач", "дәрігер", "clinic", "http",
        "keshki", "кешкі", "ответ", "reply",
    )  # fmt: skip
    assert [word for word in forbidden for text in texts if word in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_cover_has_a_word_of_its_own(language: str) -> None:
    assert len({covers.word(cover, language) for cover in COVERS}) == len(COVERS)


def test_she_gets_her_language_whatever_the_page_speaks(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert covers.text("plain", "kk", START) == "Еске салу: 24 қараша, сейсенбі, 20:20."


@pytest.mark.parametrize(("hour", "fits"), [(7, False), (8, True), (20, True), (21, False), (23, False), (0, False)])
def test_at_night_no_parcel_waits_and_nobody_cuts_hair(hour: int, fits: bool) -> None:
    start = clock.at(date(2026, 11, 24), hour * 60)
    assert (len(covers.fitting(start)) > 1) is fits
    plain = covers.text("plain", "ru", start)
    assert (covers.text("hairdresser", "ru", start) != plain) is fits
