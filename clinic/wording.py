"""Dates, times and distances as a person of Kazakhstan reads them, in Kazakh, Russian and English.

Month and weekday names come from Babel (kk_KZ, ru_KZ, en_GB); the small words around them from the
catalogues. Every function speaks the language of the page, or `language` where there is no page (the
worker, a message to her that a clerk caused). An application context is needed: without one
flask-babel would silently speak English.

Kazakh glues its endings to the last word that is read aloud, which after HH:MM is the minutes:
20:20-да, 21:00-ге дейін, 18:40-тан кейін.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cache, lru_cache, wraps
from typing import TypeVar, cast

import flask_babel
from babel import Locale
from babel.numbers import format_decimal
from flask import g, has_app_context
from flask_babel import force_locale, get_locale

from clinic.clock import local

gettext: Callable[..., str] = flask_babel.gettext  # flask-babel has no types
ngettext: Callable[..., str] = flask_babel.ngettext

FORMATS = {"kk": "kk_KZ", "ru": "ru_KZ", "en": "en_GB"}
MORNING_HOUR, NIGHT_ENDS_HOUR = 4, 6

# "at" (шақта), "to" (…дейін), "from" (…кейін, …бастап): the endings after a number's last spoken word.
_SOFT = ("де", "ге", "ден")  # нөл, бір, екі, жеті, сегіз, елу
_SOFT_VOICELESS = ("те", "ке", "тен")  # үш, төрт, бес
_HARD = ("да", "ға", "дан")  # алты, тоғыз, жиырма, отыз
_HARD_NASAL = ("да", "ға", "нан")  # он
_HARD_VOICELESS = ("та", "қа", "тан")  # қырық
_BY_DIGIT = (
    _SOFT, _SOFT, _SOFT, _SOFT_VOICELESS, _SOFT_VOICELESS, _SOFT_VOICELESS, _HARD, _SOFT, _SOFT, _HARD,
)  # fmt: skip
_BY_TEN = {0: _SOFT, 10: _HARD_NASAL, 20: _HARD, 30: _HARD, 40: _HARD_VOICELESS, 50: _SOFT}


def kazakh_endings(number: int) -> tuple[str, str, str]:
    """Endings of a number 0..59 read aloud in Kazakh: (at, to, from), without the hyphen."""
    return _BY_TEN[number] if number % 10 == 0 else _BY_DIGIT[number % 10]


def language_now() -> str:
    """The language of the page: kk, ru or en."""
    locale = locale_now()
    return str(locale.language) if locale is not None and locale.language in FORMATS else "en"


def locale_now() -> Locale | None:
    """The locale of the page, as flask-babel has it; a page asks hundreds of times, so without its detours."""
    if not has_app_context():
        return None
    held = getattr(g._get_current_object(), "_flask_babel", None)
    locale: Locale | None = getattr(held, "babel_locale", None) or get_locale()
    return locale


@contextmanager
def speaking(language: str | None) -> Iterator[str]:
    """Speak `language` inside the block, whatever the page's; None keeps the page's."""
    if language is None:
        yield language_now()
    else:
        with force_locale(FORMATS[language]):
            yield language


Words = TypeVar("Words", bound=Callable[..., str])


def _kept(words: Words) -> Words:
    """Remember what a function said: it depends on its arguments and the language alone, its last argument.

    A list of thirty places says the same few hundred words at each request.
    """
    remembered = lru_cache(maxsize=4096)(words)
    last = words.__code__.co_argcount - 1

    @wraps(words)
    def say(*args: object) -> str:
        if len(args) > last and args[last] is not None:
            return remembered(*args)
        return remembered(*args[:last], language_now())

    return cast(Words, say)


@cache
def locale_of(language: str) -> Locale:
    """The locale in which a language is formatted."""
    return Locale.parse(FORMATS[language])


def _clock(moment: datetime) -> str:
    here = local(moment)
    return f"{here.hour}:{here.minute:02d}"


def _bent(moment: datetime, language: str, case: int) -> str:
    """The clock time with its Kazakh ending (0 at, 1 to, 2 from); bare in Russian and English."""
    words = _clock(moment)
    return f"{words}-{kazakh_endings(local(moment).minute)[case]}" if language == "kk" else words


def time_words(moment: datetime) -> str:
    """The hour in Kazakhstan, on a 24-hour clock: "20:20", "9:05"."""
    return _clock(moment)


@_kept
def at(moment: datetime, language: str | None = None) -> str:
    """ "в 20:20", "20:20-да", "at 20:20"."""
    with speaking(language) as lang:
        return gettext("at %(time)s", time=_bent(moment, lang, 0))


@_kept
def until(moment: datetime, language: str | None = None) -> str:
    """ "до 21:00", "21:00-ге дейін", "until 21:00"; 0:00 to 3:59 is at night, 4:00 to 5:59 in the morning."""
    with speaking(language) as lang:
        time = _bent(moment, lang, 1)
        if local(moment).hour < MORNING_HOUR:
            return gettext("until %(time)s at night", time=time)
        if local(moment).hour < NIGHT_ENDS_HOUR:
            return gettext("until %(time)s in the morning", time=time)
        return gettext("until %(time)s", time=time)


@_kept
def until_day(moment: datetime, language: str | None = None) -> str:
    """ "до четверга, 26 ноября, 23:00", "26 қараша, бейсенбі, 23:00-ге дейін"; midnight is 23:59 of its day."""
    here = local(moment)
    if (here.hour, here.minute) == (0, 0):
        moment -= timedelta(minutes=1)
    day = local(moment).date()
    with speaking(language) as lang:
        return gettext(
            "%(until_weekday)s %(date)s, %(time)s",
            until_weekday=_until_weekday(day.weekday()),
            date=date_words(day),
            time=_bent(moment, lang, 1),
        )


def _until_weekday(weekday: int) -> str:
    match weekday:
        case 0:
            return gettext("until Monday")
        case 1:
            return gettext("until Tuesday")
        case 2:
            return gettext("until Wednesday")
        case 3:
            return gettext("until Thursday")
        case 4:
            return gettext("until Friday")
        case 5:
            return gettext("until Saturday")
        case _:
            return gettext("until Sunday")


@_kept
def after(moment: datetime, language: str | None = None) -> str:
    """ "после 18:00", "18:00-ден кейін", "after 18:00"."""
    with speaking(language) as lang:
        return gettext("after %(time)s", time=_bent(moment, lang, 2))


@_kept
def since(moment: datetime, language: str | None = None) -> str:
    """ "с 18:00", "18:00-ден бастап", "from 18:00"."""
    with speaking(language) as lang:
        return gettext("from %(time)s", time=_bent(moment, lang, 2))


@_kept
def weekday_long(day: date, language: str | None = None) -> str:
    """ "вторник", "сейсенбі", "Tuesday"."""
    with speaking(language) as lang:
        return str(locale_of(lang).days["format"]["wide"][day.weekday()])


@_kept
def weekday_short(day: date, language: str | None = None) -> str:
    """ "вт", "сс", "Tue"."""
    with speaking(language) as lang:
        return str(locale_of(lang).days["format"]["abbreviated"][day.weekday()])


@_kept
def date_words(day: date, language: str | None = None) -> str:
    """Day and month: "24 ноября", "24 қараша", "24 November"."""
    with speaking(language) as lang:
        return f"{day.day} {locale_of(lang).months['format']['wide'][day.month]}"


@_kept
def long_day(day: date, language: str | None = None) -> str:
    """ "вторник, 24 ноября", "24 қараша, сейсенбі", "Tuesday 24 November"."""
    with speaking(language):
        return gettext("%(weekday)s %(date)s", weekday=weekday_long(day), date=date_words(day))


@_kept
def on_day(day: date, language: str | None = None) -> str:
    """When something happens: "во вторник, 24 ноября", "24 қараша, сейсенбі күні", "on Tuesday 24 November"."""
    with speaking(language):
        return gettext("%(on_weekday)s %(date)s", on_weekday=_on_weekday(day.weekday()), date=date_words(day))


def _on_weekday(weekday: int) -> str:
    match weekday:
        case 0:
            return gettext("on Monday")
        case 1:
            return gettext("on Tuesday")
        case 2:
            return gettext("on Wednesday")
        case 3:
            return gettext("on Thursday")
        case 4:
            return gettext("on Friday")
        case 5:
            return gettext("on Saturday")
        case _:
            return gettext("on Sunday")


@_kept
def night(service_day: date, language: str | None = None) -> str:
    """The night after a day's evening: "в ночь со вторника на среду", "in the night from Tuesday to Wednesday"."""
    with speaking(language):
        match service_day.weekday():
            case 0:
                return gettext("in the night from Monday to Tuesday")
            case 1:
                return gettext("in the night from Tuesday to Wednesday")
            case 2:
                return gettext("in the night from Wednesday to Thursday")
            case 3:
                return gettext("in the night from Thursday to Friday")
            case 4:
                return gettext("in the night from Friday to Saturday")
            case 5:
                return gettext("in the night from Saturday to Sunday")
            case _:
                return gettext("in the night from Sunday to Monday")


@_kept
def day_words(day: date, today: date, language: str | None = None) -> str:
    """ "сегодня, вт 24 ноября", "tomorrow, Wed 25 November", else "чт 26 ноября"."""
    with speaking(language):
        words = gettext("%(weekday_short)s %(date)s", weekday_short=weekday_short(day), date=date_words(day))
        near = near_day(day, today)
        return gettext("%(today)s, %(day)s", today=near, day=words) if near else words


@_kept
def near_day(day: date, today: date, language: str | None = None) -> str:
    """ "сегодня", "завтра", "вчера", or nothing when the day is farther away."""
    with speaking(language):
        if day == today:
            return gettext("today")
        if day == today + timedelta(days=1):
            return gettext("tomorrow")
        if day == today - timedelta(days=1):
            return gettext("yesterday")
        return ""


@_kept
def short_day(day: date, language: str | None = None) -> str:
    """For a narrow strip: "24 ноя", "24 қар.", "24 Nov"."""
    with speaking(language) as lang:
        months = locale_of(lang).months["format"]
        # CLDR's Russian "нояб." is wider than people write in calendars; the Kazakh point stays ("қар" is snow)
        month = months["wide"][day.month][:3] if lang == "ru" else months["abbreviated"][day.month]
        return f"{day.day} {month}"


@_kept
def strip_word(day: date, today: date, language: str | None = None) -> str:
    """The first line of a day in the strip: "Сегодня", then "Ср"; capitalised."""
    with speaking(language):
        words = gettext("today") if day == today else weekday_short(day)
        return words[:1].upper() + words[1:]


@_kept
def km(distance_m: int, language: str | None = None) -> str:
    """A distance as the crow flies: "0,9 км", from 10 km on in whole ones; never less than 0.1."""
    with speaking(language) as lang:
        tenths = max(1, round(distance_m / 100))
        number = tenths / 10 if tenths < 100 else round(distance_m / 1000)
        return gettext("%(distance)s km", distance=format_decimal(number, "#0.#", locale=FORMATS[lang]))


@_kept
def minutes_words(minutes: int, language: str | None = None) -> str:
    """ "20 минут", "21 минута", "20 минут" (kk), "1 minute"."""
    with speaking(language):
        return ngettext("%(num)s minute", "%(num)s minutes", minutes)


@_kept
def hours_minutes(minutes: int) -> str:
    """ "9 h 20 min", "40 min"."""
    hours, rest = divmod(minutes, 60)
    words = [gettext("%(hours)s h", hours=hours)] if hours else []
    return " ".join([*words, minutes_short(rest)] if rest or not hours else words)


def minutes_short(minutes: int, language: str | None = None) -> str:
    """ "20 мин", "20 min"."""
    with speaking(language):
        return gettext("%(minutes)s min", minutes=minutes)
