"""What people type about a visit, parsed once: days, hours, starts, numbers, free text.

Forms and the JSON face both come here. What can be read safely is read (direction marks around a
number, spaces, full-width digits); everything else raises Unreadable with a sentence for the field.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, time
from typing import Any

from flask_babel import lazy_gettext as _l

from clinic import clock

# Marks that only turn the direction of writing, or take no room: people paste them with numbers.
_INVISIBLE = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0x061C])
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NUMBER_OF_A_PERSON = re.compile(r"(?:\d[\s\-()]*){10,}")  # a phone number, an identity number
FIRST_YEAR, LAST_YEAR = 2024, 2100


class Unreadable(ValueError):
    """What was typed is not what the field asks for; `message` is a sentence to stand beside it."""

    def __init__(self, message: Any) -> None:
        super().__init__(str(message))
        self.message = message


def text(typed: str, most: int) -> str:
    """One line of text without invisible marks, at most `most` signs. Raises Unreadable."""
    if _CONTROL.search(typed) or any(0xD800 <= ord(sign) <= 0xDFFF for sign in typed):
        raise Unreadable(_l("There is a sign here that we cannot read."))
    kept = " ".join(typed.translate(_INVISIBLE).split())
    if len(kept) > most:
        raise Unreadable(_l("This is too long."))
    return kept


def without_numbers(typed: str, most: int) -> str:
    """One line of text in which nobody's number stands. Raises Unreadable."""
    kept = text(typed, most)
    if _NUMBER_OF_A_PERSON.search(unicodedata.normalize("NFKC", kept)):
        raise Unreadable(_l("No phone or identity number of anybody stands here: write “a number”."))
    return kept


def number(typed: str, low: int, high: int) -> int:
    """A whole number in Latin digits, of any width, within bounds. Raises Unreadable."""
    kept = unicodedata.normalize("NFKC", text(typed, 40))
    if not re.fullmatch(r"[0-9]{1,9}", kept) or not low <= int(kept) <= high:
        raise Unreadable(_l("We do not know this number."))
    return int(kept)


def day(typed: str) -> date:
    """A calendar day written YYYY-MM-DD. Raises Unreadable, also for 31 February and the year 9999."""
    kept = unicodedata.normalize("NFKC", text(typed, 40))
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", kept):
        raise Unreadable(_l("There is no such day."))
    try:
        found = date.fromisoformat(kept)
    except ValueError as error:
        raise Unreadable(_l("There is no such day.")) from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Unreadable(_l("There is no such day."))
    return found


def hour(typed: str) -> time:
    """An hour of the day written HH:MM. Raises Unreadable."""
    kept = unicodedata.normalize("NFKC", text(typed, 40))
    match = re.fullmatch(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])", kept)
    if match is None:
        raise Unreadable(_l("There is no such hour."))
    return time(int(match[1]), int(match[2]))


def start(typed: str) -> datetime:
    """The start of a visit as our forms write it, YYYY-MM-DDTHH:MM on a clock in Kazakhstan; a UTC moment."""
    kept = unicodedata.normalize("NFKC", text(typed, 40))
    days, mark, hours = kept.partition("T")
    if not mark or not re.fullmatch(r"[0-9]{2}:[0-9]{2}", hours):
        raise Unreadable(_l("There is no such time."))
    try:
        return datetime.combine(day(days), hour(hours), clock.ZONE).astimezone(UTC)
    except Unreadable as error:
        raise Unreadable(_l("There is no such time.")) from error


def start_value(moment: datetime) -> str:
    """A moment as `start` reads it."""
    return clock.local(moment).strftime("%Y-%m-%dT%H:%M")
