"""The times of a rule: `09:00-13:00,14:00-18:00` in the ways people write them, 9-30 and 9 am too."""

from collections.abc import Callable
from typing import Any

import flask_babel

from clinic.directory.hours_reader import HoursError, Reader, refused
from clinic.directory.hours_words import Token

_: Callable[..., Any] = flask_babel.lazy_gettext  # flask-babel has no types

DAY = 24 * 60
LATEST_END = 30 * 60  # 06:00 of the next morning, where a service day ends
DASHES = "-‐‑‒–—―−~"


def spans_of(r: Reader) -> tuple[tuple[int, int], ...]:
    """The spans that come next, in minutes from midnight; () when there is none. Raises HoursError."""
    found: list[tuple[int, int]] = []
    while r.next.kind in ("time", "number"):
        at, first = r.next.at, r.i
        start = _minutes(r)
        if not r.mark("-"):
            if r.i - first == 3:  # 9-30
                typed = "-".join(token.text for token in (r.tokens[first], r.tokens[first + 2]))
                raise HoursError(
                    _(
                        "“%(part)s” is a time, %(time)s, and its end is missing. "
                        "Write both, for example: %(time)s-%(end)s",
                        part=typed,
                        time=_clock(start),
                        end=_clock(max(start + 60, 18 * 60)),
                    ),
                    at,
                )
            if r.next.kind in ("end", "time", "number", "state", "comment", "day", "every") or r.next.value in (
                ",",
                ";",
            ):
                raise HoursError(_("A time needs an end: 09:00-18:00"), r.next.at)
            raise refused(r.next)
        if r.next.kind not in ("time", "number"):
            raise refused(r.next)
        end_at, last = r.next.at, r.i
        end = _minutes(r, hyphened=last - first == 4)
        _refuse_twelve_hours(r.tokens[first : r.i], start, end)
        if start >= DAY:
            raise HoursError(_("Hours begin before 24:00."), at)
        if end > LATEST_END:
            raise HoursError(_("After midnight hours can be written up to 30:00, or as 18:00-05:00."), end_at)
        if start == end != 0:
            raise HoursError(_("These hours begin and end at the same time: open day and night is 24/7."), end_at)
        found.append((start, end if end > start else end + DAY))
        if r.next.value == "," and r.ahead(1).kind in ("time", "number") and r.ahead(2).kind != "month":
            r.take()
        else:
            break
    return tuple(found)


def _refuse_twelve_hours(typed: list[Token], start: int, end: int) -> None:
    """`9-6`: until six in the evening for whoever counts twelve hours, until six in the morning for the others.

    Who writes a zero in front (`09:00-06:00`), or "am", counts twenty-four.
    """
    if any(token.kind == "ampm" or token.text.startswith("0") for token in typed):
        return
    if all(token.kind != "number" for token in typed) and end >= 10 * 60:
        return  # 12:00-11:00
    small_hours = start < end <= 12 * 60 and 60 <= start < 6 * 60
    if not small_hours and not (end <= start <= 12 * 60 and 60 <= end < 12 * 60):
        return
    text = "".join(token.text for token in typed)
    by_day = f"{_clock(start + 12 * 60 if small_hours else start)}-{_clock(end + 12 * 60)}"
    by_night = f"{_clock(start)}-{_clock(end)}"
    if start == end:
        by_night = "24/7"
    raise HoursError(
        _(
            "“%(part)s” can be read in two ways. Write %(first)s or %(second)s",
            part=text,
            first=by_day,
            second=by_night,
        ),
        typed[0].at,
    )


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _hyphened(r: Reader, expected: bool) -> bool:
    """Whether a number just taken is the hour of `9-30`: what follows its dash can't be an hour of closing."""
    dash, minute, after = r.next, r.ahead(1), r.ahead(2)
    if dash.value != "-" or dash.text not in DASHES or minute.kind != "number" or len(minute.text) != 2:
        return False
    if minute.value > 59:
        return False
    sure = minute.text.startswith("0") or minute.value > 24
    return sure or expected or (after.value == "-" and r.ahead(3).kind in ("time", "number"))


def _minutes(r: Reader, hyphened: bool = False) -> int:
    """Minutes from midnight of the time that comes next: 9, 9:00, 9.00, 9 am, and 9-00 where it is one."""
    token = r.take()
    hour, minute = token.value if token.kind == "time" else (token.value, 0)
    if token.kind == "number" and _hyphened(r, hyphened):
        r.take()
        minute = r.take().value
    wrong = hour > 99 or minute > 59
    if r.next.kind == "ampm":
        wrong = wrong or not 1 <= hour <= 12
        hour = hour % 12 + (12 if r.take().value[0] in "pP" else 0)
    if wrong:
        raise HoursError(_("“%(part)s” is not a time.", part=token.text[:30]), token.at)
    return int(hour * 60 + minute)
