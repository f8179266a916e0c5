"""The dates of a rule: `[year] Mon [dd]`, `Mon dd-dd`, `Mon dd-Mon dd`, `Mon-Mon`, and `dd Mon [year]`."""

from collections.abc import Callable
from datetime import date
from typing import Any

import flask_babel

from clinic.directory.hours_reader import HoursError, Reader
from clinic.directory.hours_words import Token

_: Callable[..., Any] = flask_babel.lazy_gettext  # flask-babel has no types

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LEAP_YEAR = 2028  # 29 February exists in some year, 30 February in none


def dates(r: Reader) -> tuple[str, ...]:
    """The dates that come next, each in canonical form; () when there is none. Raises HoursError."""
    found: list[str] = []
    while True:
        year, month, day = _date(r)
        if month is None:
            return tuple(found)
        if r.next.value == "-" and r.ahead(1).kind in ("month", "number"):
            found.append(_range(r, year, month, day))
        else:
            found.append(_day_text(year, month, day))
        # "Dec 14,15" means both days: the library refuses it, so each gets its month
        while day is not None and r.next.value == "," and r.ahead(1).kind == "number" and r.ahead(1).value < 32:
            if r.ahead(2).kind == "month":
                break
            r.take()
            token = r.take()
            day = _checked(year, month, token.value, token)
            if r.next.value == "-" and r.ahead(1).kind == "number":
                found.append(_range(r, year, month, day))
            else:
                found.append(_day_text(year, month, day))
        if r.next.value == "," and r.ahead(1).kind in ("month", "number"):
            r.take()
        else:
            return tuple(found)


def _date(r: Reader) -> tuple[int | None, int | None, int | None]:
    """`[year] Mon [dd]` or `dd Mon [year]`; no month when there is no date here."""
    start = r.next
    year = day = None
    if start.kind == "number" and r.ahead(1).kind == "month":
        r.take()
        if start.value >= 1000:
            year = start.value
        else:
            day = start.value
    if r.next.kind != "month":
        return None, None, None
    month: int = r.take().value
    if day is None and r.next.kind == "number" and r.next.value < 1000:
        day = r.take().value
    elif day is not None and r.next.kind == "number" and r.next.value >= 1000:
        year = r.take().value
    if year is not None and not 1990 <= year <= 2100:
        raise HoursError(_("There is no such date: “%(part)s”.", part=start.text), start.at)
    if day is not None:
        _checked(year, month, day, start)
    return year, month, day


def _range(r: Reader, year: int | None, month: int, day: int | None) -> str:
    """The second half of `Mon dd-…` or `Mon-Mon`; its dash is still to be taken."""
    dash = r.take()
    if day is None:
        until_year = r.take().value if r.next.kind == "number" else None
        if r.next.kind != "month" or until_year is not None:
            raise HoursError(_("Write both ends of this period with day and month."), dash.at)
        until = r.take().value
        if year is not None and until < month:
            raise HoursError(_("Write both ends of this period with day and month."), dash.at)
        return f"{_day_text(year, month, None)}-{MONTHS[until - 1]}"
    if r.next.kind == "number" and r.next.value < 32 and r.ahead(1).kind != "month":
        token = r.take()
        last = _checked(year, month, token.value, token)
        if last < day:
            raise HoursError(_("This period ends before it begins."), token.at)
        return f"{_day_text(year, month, day)}-{last:02d}"
    token = r.next
    last_year, last_month, last_day = _date(r)
    if last_month is None or last_day is None or (last_year is not None and year is None):
        raise HoursError(_("Write both ends of this period with day and month."), dash.at)
    if year is not None:
        last_year = last_year or year
        if (last_year, last_month, last_day) < (year, month, day):
            raise HoursError(_("This period ends before it begins."), token.at)
    return f"{_day_text(year, month, day)}-{_day_text(last_year, last_month, last_day)}"


def _checked(year: int | None, month: int, day: int, token: Token) -> int:
    try:
        date(year or _LEAP_YEAR, month, day)
    except ValueError:
        part = f"{day} {MONTHS[month - 1]}" + (f" {year}" if year else "")
        raise HoursError(_("There is no such date: “%(part)s”.", part=part), token.at) from None
    return day


def _day_text(year: int | None, month: int, day: int | None) -> str:
    parts = (str(year) if year else "", MONTHS[month - 1], f"{day:02d}" if day is not None else "")
    return " ".join(part for part in parts if part)
