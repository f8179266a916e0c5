"""What is printed on a box, as people type it: the last day, and how many boxes there are."""

import calendar
import re
import unicodedata
from datetime import date

from flask_babel import lazy_gettext as _l

from clinic.booking.typed import FIRST_YEAR, LAST_YEAR, Unreadable, text

_MOST = 20
_DAY_FIRST = re.compile(r"(\d{1,2})[.\-/ ](\d{1,2})[.\-/ ](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[.\-/ ](\d{1,2})[.\-/ ](\d{1,2})")
_MONTH = re.compile(r"(\d{1,2})[.\-/ ](\d{4})")
_YEAR_MONTH = re.compile(r"(\d{4})[.\-/ ](\d{1,2})")


def expiry(typed: str) -> date:
    """The last day on which a kit may be given: 31.03.2027, 2027-03-31; 03.2027 is the last day of that month.

    Raises Unreadable, also for 31 February and for a year of two digits, which could be anything.
    """
    kept = unicodedata.normalize("NFKC", text(typed, 40))
    try:
        if found := _DAY_FIRST.fullmatch(kept):
            return _day(int(found[3]), int(found[2]), int(found[1]))
        if found := _YEAR_FIRST.fullmatch(kept):
            return _day(int(found[1]), int(found[2]), int(found[3]))
        if found := _MONTH.fullmatch(kept):
            return _end_of(int(found[2]), int(found[1]))
        if found := _YEAR_MONTH.fullmatch(kept):
            return _end_of(int(found[1]), int(found[2]))
    except ValueError as error:
        raise Unreadable(_l("There is no such day.")) from error
    raise Unreadable(_l("Write the date as on the box: 31.03.2027 or 03.2027."))


def quantity(low: int, high: int, typed: str) -> int:
    """How many kits, in digits, within bounds. Raises Unreadable with a sentence that names the bounds."""
    kept = unicodedata.normalize("NFKC", text(typed, 40)).replace(" ", "")
    if not re.fullmatch(r"[0-9]{1,9}", kept) or not low <= int(kept) <= high:
        raise Unreadable(_l("Write a number from %(low)s to %(high)s in digits.", low=low, high=high))
    return int(kept)


def _day(year: int, month: int, day: int) -> date:
    found = date(year, month, day)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(year)
    return found


def _end_of(year: int, month: int) -> date:
    if not 1 <= month <= 12:
        raise ValueError(month)
    return _day(year, month, calendar.monthrange(year, month)[1])
