"""The neutral wordings of her messages: a cover's phrase, weekday, date and hour, nothing else.

No place, no ticket, no link, nothing of health. Each fits one SMS in every language, on every day and
minute: Cyrillic goes out as UCS-2, where one segment holds 70 UTF-16 units; English as GSM-7, 160.
"""

from datetime import datetime, time

from clinic.clock import local
from clinic.wording import at, date_words, gettext, long_day, on_day, speaking, time_words, until_day

COVERS = ("plain", "parcel", "class", "hairdresser", "service")

UCS2_UNITS = 70
GSM7_UNITS = 160
# GSM 03.38: the basic alphabet, and the signs that cost two units; anything else turns the whole text into UCS-2
GSM7_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_DOUBLE = frozenset("^{}\\[~]|€\f")


OPEN_FROM, OPEN_UNTIL = time(8), time(21)  # no parcel, class or hairdresser waits for anybody at night


class TooLong(ValueError):
    """A text that would go out, and be paid, as two messages."""


def units(text: str) -> int:
    """How many units a text takes on the air: UTF-16 units, or GSM-7 signs when the whole text is GSM-7."""
    if all(sign in GSM7_BASIC or sign in GSM7_DOUBLE for sign in text):
        return len(text) + sum(sign in GSM7_DOUBLE for sign in text)
    return len(text.encode("utf-16-le")) // 2


def segment(text: str) -> int:
    """How many units one message of this text's alphabet holds: 160 or 70."""
    return GSM7_UNITS if all(sign in GSM7_BASIC or sign in GSM7_DOUBLE for sign in text) else UCS2_UNITS


def fits(text: str) -> bool:
    """Whether the text goes out as one message."""
    return units(text) <= segment(text)


def fitting(start: datetime) -> tuple[str, ...]:
    """The covers that nobody wonders at for what begins at `start`: at night the plain one alone."""
    return COVERS if OPEN_FROM <= local(start).time() < OPEN_UNTIL else COVERS[:1]


def text(cover: str, language: str, start: datetime) -> str:
    """The text of a reminder or a confirmation in a cover. Raises KeyError for an unknown cover."""
    day = local(start).date()
    with speaking(language):
        match cover if cover in fitting(start) or cover not in COVERS else "plain":
            case "plain":
                return gettext("Reminder: %(day)s, %(time)s.", day=long_day(day), time=time_words(start))
            case "parcel":
                return gettext("A parcel is ready for you %(on_day)s, %(at)s.", on_day=on_day(day), at=at(start))
            case "class":
                return gettext("The class begins %(on_day)s, %(at)s.", on_day=on_day(day), at=at(start))
            case "hairdresser":
                return gettext("Your haircut is booked: %(day)s, %(time)s.", day=long_day(day), time=time_words(start))
            case "service":
                return gettext("The repair shop expects you %(on_day)s, %(at)s.", on_day=on_day(day), at=at(start))
    raise KeyError(cover)


def word(cover: str, language: str) -> str:
    """One or two words for a cover, for lists and the calendar file: "Посылка". Raises KeyError."""
    with speaking(language):
        words = {
            "plain": gettext("Meeting"),
            "parcel": gettext("Parcel"),
            "class": gettext("Class"),
            "hairdresser": gettext("Haircut"),
            "service": gettext("Repair shop"),
        }
        return words[cover]


def moved(language: str, start: datetime) -> str:
    """The text that tells a new time, the same in every cover."""
    with speaking(language):
        day = long_day(local(start).date())
        return gettext("The time has changed: %(day)s, %(time)s.", day=day, time=time_words(start))


def late(language: str, start: datetime, later: datetime) -> str:
    """The text that tells of a delay, or that there is none any more, the same in every cover."""
    with speaking(language):
        if later == start:
            return gettext("On time again: %(time)s.", time=time_words(start))
        return gettext("Delay: instead of %(old)s, about %(new)s.", old=time_words(start), new=time_words(later))


def stopped(language: str, start: datetime) -> str:
    """The text that says not to come on the day of `start`, which is today."""
    with speaking(language):
        date = date_words(local(start).date())
        return gettext("Today, %(date)s, %(at)s: cancelled, no need to come.", date=date, at=at(start))


def called_off(language: str, start: datetime) -> str:
    """The text that says that something does not take place at all, the same in every cover."""
    with speaking(language):
        day = long_day(local(start).date())
        return gettext("Cancelled: %(day)s, %(time)s.", day=day, time=time_words(start))


def ready(cover: str, language: str, until: datetime) -> str:
    """The text that says that something waits for her until a moment. Raises KeyError for an unknown cover."""
    with speaking(language):
        end = until_day(until)
        match cover:
            case "plain" | "hairdresser":  # no hairdresser keeps an order for anybody
                return gettext("Reminder: %(until)s.", until=end)
            case "parcel":
                return gettext("A parcel waits for you %(until)s.", until=end)
            case "class":
                return gettext("The papers for the class wait for you %(until)s.", until=end)
            case "service":
                return gettext("The repair shop waits for you %(until)s.", until=end)
    raise KeyError(cover)


def delayed(language: str) -> str:
    """The text that takes a "ready" back, the same in every cover."""
    with speaking(language):
        return gettext("There is a delay, please do not come yet. We will write when it is ready.")
