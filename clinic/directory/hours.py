"""Hours: a strict subset of OSM `opening_hours`, one expression for the week and one for public holidays.

The library `opening-hours-py` evaluates them. It is never asked about holidays (its calendar of
Kazakhstan is wrong) nor about a night whose next day has a rule of its own (it cuts such a night at
midnight): the date alone chooses between the two expressions, and what runs past midnight is
evaluated apart, as belonging to the date on which it began.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import flask_babel
from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]  # its stub forgets one

from clinic.directory.hours_doubts import refuse_doubtful
from clinic.directory.hours_reader import HoursError
from clinic.directory.hours_spans import DAY
from clinic.directory.hours_text import LONGEST, Rule, read, text_of

__all__ = (
    "HoursError", "Intervals", "evaluable", "intervals", "joined", "meaning", "merged", "parse", "parse_on_holidays",
    "split_holidays",
)  # fmt: skip

_: Callable[..., Any] = flask_babel.lazy_gettext  # flask-babel has no types

Intervals = tuple[tuple[int, int], ...]
LONGEST_ON_HOLIDAYS = 200


def parse(text: str) -> str:
    """Forgiving input as a canonical expression without holidays; blank text stays "" (not published).

    Raises HoursError with a sentence for the person who typed it.
    """
    if not text.strip():
        return ""
    rules = read(text)
    for rule in rules:
        if rule.holidays:
            raise HoursError(_("Holidays have a field of their own."), rule.at)
    return _checked(rules)


def parse_on_holidays(text: str) -> str:
    """As `parse`, for the shorter field that says what holds on public holidays."""
    if not text.strip():
        return ""
    return _checked(tuple(replace(rule, holidays=False) for rule in read(text)), LONGEST_ON_HOLIDAYS)


def split_holidays(text: str) -> tuple[str, str]:
    """A whole `opening_hours` value as (week, on holidays), both canonical.

    The second is "" when the text says nothing of holidays: whoever stores it decides (`intervals`
    takes "" for closed). Raises HoursError.
    """
    if not text.strip():
        return "", ""
    rules = read(text)
    week = tuple(rule for rule in rules if not rule.holidays)
    holidays = tuple(
        replace(rule, holidays=False, adds=rule.adds and i > 0)
        for i, rule in enumerate(rule for rule in rules if rule.holidays)
    )
    return _checked(week) if week else "off", _checked(holidays, LONGEST_ON_HOLIDAYS) if holidays else ""


def joined(week: str, on_holidays: str) -> str:
    """Both expressions as one `opening_hours` value for export; "" when the week is not published."""
    if not week or on_holidays == week:
        return week
    rules = read(on_holidays or "off")
    if any(rule.dates or rule.days for rule in rules):
        # "PH Mo-Fr …" is read differently by every program; closed is what nobody is misled by
        return f"{week}; PH off"
    return f"{week}; " + text_of(tuple(replace(rule, holidays=True) for rule in rules))


def _checked(rules: tuple[Rule, ...], longest: int = LONGEST) -> str:
    refuse_doubtful(rules)
    text = text_of(rules)
    if len(text) > longest:
        raise HoursError(_("Hours may have at most %(count)s characters.", count=longest), rules[-1].at)
    try:
        hours = OpeningHours(text)
    except ParserError:
        raise HoursError(_("These hours are not understood."), rules[0].at) from None
    if hours.warnings:
        raise HoursError(_("These hours are not understood."), rules[0].at)
    return text


@lru_cache(maxsize=2048)
def _evaluators(expression: str) -> tuple[OpeningHours, OpeningHours | None]:
    """The library's reading of what begins on a date up to midnight, and of what of it runs past midnight.

    The second is the same expression moved back by 24 hours: spans without a part after midnight fall
    away, and a rule left without spans still replaces the ones before it.
    """
    rules = read(parse(expression))
    today = tuple(replace(rule, spans=tuple((s, min(e, DAY)) for s, e in rule.spans)) for rule in rules)
    tails: list[Rule] = []
    for rule in rules:
        spans = tuple((0, e - DAY) for s, e in rule.spans if e > DAY)
        if spans:
            tails.append(replace(rule, spans=spans))
        elif rule.state == "off" and not rule.spans:
            tails.append(rule)
        elif rule.state != "off" and not rule.adds:
            tails.append(replace(rule, spans=(), state="off", remark=""))
    some = any(rule.spans for rule in tails)
    return OpeningHours(text_of(today)), OpeningHours(text_of(tuple(tails))) if some else None


@lru_cache(maxsize=16384)
def intervals(expression: str, on_holidays: str, day: date, holiday: bool) -> Intervals:
    """When it is open, for what begins on `day`: minutes from local midnight of `day`, sorted, merged.

    An end may exceed 1440. "" means that nothing is published: (). On a holiday `on_holidays` holds,
    and "" there means closed. Only "open" counts, "unknown" is not open. Raises HoursError.
    """
    if not expression:
        return ()
    holding = on_holidays if holiday else expression
    if not holding:
        return ()
    today, tails = _evaluators(holding)
    found = _open(today, day, 0)
    if tails is not None:
        found += _open(tails, day, DAY)
    return merged(found)


def _open(hours: OpeningHours, day: date, shift: int) -> list[tuple[int, int]]:
    midnight = datetime.combine(day, time(0))
    return [
        (int((start - midnight).total_seconds()) // 60 + shift, int((end - midnight).total_seconds()) // 60 + shift)
        for start, end, state, _remark in hours.intervals(midnight, midnight + timedelta(days=1))
        if state == State.OPEN
    ]


def merged(spans: Iterable[tuple[int, int]]) -> Intervals:
    """Spans sorted, those that touch or overlap made one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def evaluable(expression: str) -> None:
    """Raises HoursError where `intervals` would."""
    if expression:
        _evaluators(expression)


def meaning(
    expression: str, on_holidays: str, first_day: date, days: int = 7, *, is_holiday: Callable[[date], bool]
) -> list[tuple[date, Intervals]]:
    """What two expressions mean on the days from `first_day`, to be shown to who typed them."""
    found = []
    for n in range(days):
        day = first_day + timedelta(days=n)
        found.append((day, intervals(expression, on_holidays, day, is_holiday(day))))
    return found
