"""Hours as a week grid: days × spans, read from an expression and written as one.

An expression that says more than a plain week (dates, remarks, the second Tuesday) is no grid: `week_of`
gives None, and whoever edits it edits the line itself, so that nothing of it is lost.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import flask_babel

from clinic.directory import hours
from clinic.directory.hours_reader import HoursError
from clinic.directory.hours_spans import DAY
from clinic.directory.hours_text import WEEKDAYS, Rule, read

_: Callable[..., Any] = flask_babel.lazy_gettext  # flask-babel has no types

Spans = tuple[tuple[int, int], ...]
Week = tuple[Spans, ...]  # seven, from Monday on; minutes from midnight, an end may lie beyond 1440

CLOSED: Week = ((),) * 7
MOST_SPANS = 3  # that a page offers for one day
_A_MONDAY = date(2026, 11, 23)


def week_of(expression: str) -> Week | None:
    """The grid of an expression ("" is a week without hours), or None when a grid can't show all of it."""
    if not expression:
        return CLOSED
    days: list[list[tuple[int, int]]] = [[] for _day in range(7)]
    for rule in read(expression):
        if rule.dates or rule.remark or rule.state not in ("", "off") or (rule.state == "off" and rule.spans):
            return None
        for n in _numbers(rule):
            if not rule.adds:
                days[n] = []
            days[n].extend(rule.spans)
        if any("[" in day for day in rule.days):
            return None
    week = tuple(hours.merged(spans) for spans in days)
    if any(len(spans) > MOST_SPANS for spans in week):
        return None
    # the library has the last word on what an expression means
    return week if _meaning(expression) == _meaning(expression_of(week)) else None


def expression_of(week: Week) -> str:
    """A grid as a canonical expression; days in a row with the same hours stand together."""
    parts: list[str] = []
    first = 0
    for n in range(1, 8):
        if n < 7 and week[n] == week[first]:
            continue
        if week[first]:
            days = WEEKDAYS[first] if n - first == 1 else f"{WEEKDAYS[first]}-{WEEKDAYS[n - 1]}"
            spans = ",".join(f"{_clock(start)}-{_clock(end)}" for start, end in week[first])
            parts.append(f"{days} {spans}")
        first = n
    return hours.parse("; ".join(parts) or "off")


def typed_day(day: int, pairs: Sequence[tuple[str, str]]) -> Spans:
    """What was typed for one day (0 is Monday) as from and until, in any of the ways an hour is written.

    Raises HoursError with a sentence for the day.
    """
    filled = [(start.strip(), end.strip()) for start, end in pairs if start.strip() or end.strip()]
    if not filled:
        return ()
    if any(not start or not end for start, end in filled):
        raise HoursError(_("A time needs a beginning and an end."), 0)
    rules = read(f"{WEEKDAYS[day]} " + ",".join(f"{start}-{end}" for start, end in filled))
    if len(rules) != 1 or rules[0].state or rules[0].dates or rules[0].days != (WEEKDAYS[day],):
        raise HoursError(_("Write an hour, for example 9:00."), 0)
    return hours.merged(rules[0].spans)


def shown(start: int, end: int) -> tuple[str, str]:
    """A span as the grid shows it: ("18:00", "02:00"); ("06:00", "30:00") where 06:00 would say nothing."""
    return _clock(start), _clock(end - DAY if end > DAY and end - DAY < start else end)


def span_words(spans: Spans) -> str:
    """Spans of a day in a line: "09:00–13:00, 14:00–02:00"; "" for none."""
    return ", ".join("–".join(shown(start, end)) for start, end in spans)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _numbers(rule: Rule) -> list[int]:
    found: list[int] = []
    for item in rule.days or ("Mo-Su",):
        ends = [WEEKDAYS.index(day[:2]) for day in item.split("[")[0].split("-")]
        found += [(ends[0] + n) % 7 for n in range((ends[-1] - ends[0]) % 7 + 1)]
    return sorted(set(found))


def _meaning(expression: str) -> list[hours.Intervals]:
    days = (_A_MONDAY + timedelta(days=n) for n in range(7))
    return [hours.intervals(expression, "off", day, False) for day in days]
