"""Reads what people type as working hours and turns it into rules of a strict subset of OSM `opening_hours`.

The subset is: rules joined by `;` (replaces) or `, ` (adds), each with optional dates, optional weekdays
or `PH`, times, `off | open | unknown` and a remark in quotes. What the specification
(wiki.openstreetmap.org/wiki/Key:opening_hours/specification) has beyond that is refused with a sentence,
because a page that guesses opening hours sends somebody to a locked door.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import flask_babel

from clinic.directory.hours_dates import dates
from clinic.directory.hours_reader import HoursError, Reader, refused

_: Callable[..., Any] = flask_babel.lazy_gettext  # flask-babel has no types

LONGEST = 500
DAY = 24 * 60
LATEST_END = 30 * 60  # 06:00 of the next morning, where a service day ends
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `spans` are minutes from midnight, an end may lie beyond 1440; none means the whole day."""

    at: int
    adds: bool = False  # joined by a comma: adds to the rules before it instead of replacing them
    dates: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    holidays: bool = False
    spans: tuple[tuple[int, int], ...] = ()
    state: str = ""
    remark: str = ""

    def text(self) -> str:
        """The rule as canonical `opening_hours`."""
        days = ("PH", *self.days) if self.holidays else self.days
        spans = ",".join(f"{s // 60:02d}:{s % 60:02d}-{_end(s, e)}" for s, e in self.spans)
        if self.spans == ((0, DAY),) and not self.dates and not days:
            spans = "24/7"
        remark = f'"{self.remark}"' if self.remark else ""
        return " ".join(part for part in (",".join(self.dates), ",".join(days), spans, self.state, remark) if part)


def _end(start: int, end: int) -> str:
    if end > DAY and end - DAY < start:  # 02:00-26:00 stays, it would read as nothing
        end -= DAY
    return f"{end // 60:02d}:{end % 60:02d}"


def text_of(rules: tuple[Rule, ...]) -> str:
    """Rules as one canonical expression."""
    return "".join((("" if i == 0 else ", " if rule.adds else "; ") + rule.text()) for i, rule in enumerate(rules))


def read(text: str) -> tuple[Rule, ...]:
    """The rules a text holds, in order; `A,PH T` becomes two rules. Raises HoursError."""
    if len(text) > LONGEST:
        raise HoursError(_("Hours may have at most %(count)s characters.", count=LONGEST), LONGEST)
    r = Reader(text)
    rules: list[Rule] = []
    adds = False
    while r.next.kind != "end":
        if r.mark(";"):
            adds = False
            continue
        rule = _rule(r, adds)
        if adds and not (rule.dates or rule.days or rule.holidays):
            raise HoursError(_("Name the days after this comma."), rule.at)
        if rule.holidays and rule.days:
            rules += [replace(rule, holidays=False), replace(rule, days=())]
        else:
            rules.append(rule)
        adds = r.mark(",")
        if not adds and r.next.kind != "end" and not r.mark(";"):
            if r.next.kind in ("day", "month", "holidays", "every"):
                raise HoursError(_("Put “;” before “%(part)s”.", part=r.next.text), r.next.at)
            raise refused(r.next)
    if not rules:
        raise refused(r.next)
    return tuple(rules)


def _rule(r: Reader, adds: bool) -> Rule:
    at = r.next.at
    when = dates(r)
    r.mark(":")
    days, holidays = _days(r)
    if holidays and when:
        raise HoursError(_("Write holidays as a rule of their own: PH off"), at)
    r.mark(":")
    if r.next.kind == "always":
        r.take()
        spans: tuple[tuple[int, int], ...] = ((0, DAY),)
    else:
        spans = _spans(r)
    if r.next.value == "-" and r.ahead(1).kind == "state":  # "Вс – выходной"
        r.take()
    state = r.take().value if r.next.kind == "state" else ""
    remark = ""
    if r.next.kind == "comment":
        if not state:
            raise refused(r.next)
        remark = r.take().value
    if not spans and not state:
        if (when or days or holidays) and (r.next.kind == "end" or r.next.value in (",", ";")):
            raise HoursError(_("Write the hours of these days, or “off”."), r.next.at)
        raise refused(r.next)
    if state == "open":
        spans = spans or ((0, DAY),)
        state = "open" if remark else ""
    return Rule(at, adds, when, days, holidays, spans, state, remark)


def _days(r: Reader) -> tuple[tuple[str, ...], bool]:
    found: list[str] = []
    holidays = False
    while r.next.kind in ("day", "holidays", "every"):
        token = r.take()
        if token.kind == "holidays":
            holidays = True
        elif token.kind == "every":
            found.append(token.value)
        elif r.next.value == "[":
            found.append(f"{token.value}[{_nth(r)}]")
        elif r.next.value == "-" and r.ahead(1).kind == "day":
            r.take()
            found.append(f"{token.value}-{r.take().value}")
        else:
            found.append(token.value)
        if r.next.value == "+" or (
            r.next.value == "-" and r.ahead(1).kind == "number" and (token.kind == "holidays" or found[-1][-1] == "]")
        ):
            raise HoursError(_("Days counted from another day are not possible: write dates."), r.next.at)
        if r.next.value == "," and r.ahead(1).kind in ("day", "holidays", "every"):
            r.take()
        elif r.next.kind in ("day", "holidays"):
            raise (
                HoursError(_("Write holidays as a rule of their own: PH off"), r.next.at)
                if (holidays or r.next.kind == "holidays")
                else refused(r.next)
            )
        else:
            break
    return tuple(found), holidays


def _nth(r: Reader) -> str:
    """The inside of `Tu[1,3]`, `Th[-1]`, `We[2-4]`; takes both brackets."""
    r.take()
    parts: list[str] = []
    while True:
        minus = "-" if r.mark("-") else ""
        token = r.take()
        if token.kind != "number" or not 1 <= token.value <= 5:
            raise refused(token)
        part = f"{minus}{token.value}"
        if not minus and r.mark("-"):
            last = r.take()
            if last.kind != "number" or not token.value < last.value <= 5:
                raise refused(last)
            part += f"-{last.value}"
        parts.append(part)
        if r.mark("]"):
            return ",".join(parts)
        if not r.mark(","):
            raise refused(r.next)


def _spans(r: Reader) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    while r.next.kind in ("time", "number"):
        at = r.next.at
        start = _minutes(r)
        if not r.mark("-"):
            if r.next.kind in ("end", "time", "number", "state", "comment") or r.next.value in (",", ";"):
                raise HoursError(_("A time needs an end: 09:00-18:00"), r.next.at)
            raise refused(r.next)
        if r.next.kind not in ("time", "number"):
            raise refused(r.next)
        end_at = r.next.at
        end = _minutes(r)
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


def _minutes(r: Reader) -> int:
    token = r.take()
    hour, minute = token.value if token.kind == "time" else (token.value, 0)
    wrong = hour > 99 or minute > 59
    if r.next.kind == "ampm":
        wrong = wrong or not 1 <= hour <= 12
        hour = hour % 12 + (12 if r.take().value[0] in "pP" else 0)
    if wrong:
        raise HoursError(_("“%(part)s” is not a time.", part=token.text[:30]), token.at)
    return int(hour * 60 + minute)
