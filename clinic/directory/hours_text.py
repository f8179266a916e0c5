"""Reads what people type as working hours and turns it into rules of a strict subset of OSM `opening_hours`.

The subset is: rules joined by `;` (replaces) or `, ` (adds), each with optional dates, optional weekdays
or `PH`, times, `off | open | unknown` and a remark in quotes. What the specification
(wiki.openstreetmap.org/wiki/Key:opening_hours/specification) has beyond that is refused with a sentence,
because a page that guesses opening hours sends somebody to a locked door.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import flask_babel

from clinic.directory.hours_words import Token, tokens

_: Callable[..., Any] = flask_babel.lazy_gettext  # flask-babel has no types

LONGEST = 500
DAY = 24 * 60
LATEST_END = 30 * 60  # 06:00 of the next morning, where a service day ends
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LEAP_YEAR = 2028  # 29 February exists in some year, 30 February in none


class HoursError(Exception):
    """These hours cannot be used: `message` is a lazy sentence, `position` an index into the text,
    `offer` a text that would be accepted, or ""."""

    def __init__(self, message: Any, position: int, offer: str = "") -> None:
        super().__init__(message, position)
        self.message = message
        self.position = position
        self.offer = offer

    def __str__(self) -> str:
        return str(self.message)


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


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens = list(tokens(text))
        self.i = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.i]

    def ahead(self, n: int) -> Token:
        return self.tokens[min(self.i + n, len(self.tokens) - 1)]

    def take(self) -> Token:
        token = self.tokens[self.i]
        self.i = min(self.i + 1, len(self.tokens) - 1)
        return token

    def mark(self, value: str) -> bool:
        """Whether the next token is this mark; takes it if so."""
        if self.next.kind == "mark" and self.next.value == value:
            self.take()
            return True
        return False


def _refused(token: Token) -> HoursError:
    """The sentence for a token that cannot stand where it stands."""
    if token.kind == "refused":
        message = {
            "sun": _("Write clock times instead of sunrise or sunset."),
            "school": _("School holidays are not known here: write the dates."),
            "easter": _("Write the date itself: feasts that move are not known here."),
            "week": _("Week numbers are not possible: write dates."),
            "break": _("Write a break as two spans: 09:00-13:00,14:00-18:00"),
        }[token.value]
    elif token.kind == "open":
        message = _("A remark begins and ends with a straight quotation mark.")
    elif token.value == "||":
        message = _("A second choice after “||” is not possible: write one rule for each day.")
    elif token.value == "+":
        message = _("“+” leaves the end open: write when it closes.")
    elif token.value == "/":
        message = _("A step with “/” is not possible.")
    elif token.kind == "comment":
        message = _("Write “open”, “unknown” or “off” before a remark.")
    elif token.kind == "end":
        message = _("Something is missing at the end. An example: Mo-Fr 09:00-18:00; Sa 10:00-14:00")
    else:
        message = _(
            "“%(part)s” is not understood here. An example: Mo-Fr 09:00-18:00; Sa 10:00-14:00", part=token.text[:30]
        )
    return HoursError(message, token.at)


def read(text: str) -> tuple[Rule, ...]:
    """The rules a text holds, in order; `A,PH T` becomes two rules. Raises HoursError."""
    if len(text) > LONGEST:
        raise HoursError(_("Hours may have at most %(count)s characters.", count=LONGEST), LONGEST)
    r = _Reader(text)
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
            raise _refused(r.next)
    if not rules:
        raise _refused(r.next)
    return tuple(rules)


def _rule(r: _Reader, adds: bool) -> Rule:
    at = r.next.at
    dates = _dates(r)
    r.mark(":")
    days, holidays = _days(r)
    if holidays and dates:
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
            raise _refused(r.next)
        remark = r.take().value
    if not spans and not state:
        if (dates or days or holidays) and (r.next.kind == "end" or r.next.value in (",", ";")):
            raise HoursError(_("Write the hours of these days, or “off”."), r.next.at)
        raise _refused(r.next)
    if state == "open":
        spans = spans or ((0, DAY),)
        state = "open" if remark else ""
    return Rule(at, adds, dates, days, holidays, spans, state, remark)


def _dates(r: _Reader) -> tuple[str, ...]:
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


def _date(r: _Reader) -> tuple[int | None, int | None, int | None]:
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


def _range(r: _Reader, year: int | None, month: int, day: int | None) -> str:
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


def _days(r: _Reader) -> tuple[tuple[str, ...], bool]:
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
                else _refused(r.next)
            )
        else:
            break
    return tuple(found), holidays


def _nth(r: _Reader) -> str:
    """The inside of `Tu[1,3]`, `Th[-1]`, `We[2-4]`; takes both brackets."""
    r.take()
    parts: list[str] = []
    while True:
        minus = "-" if r.mark("-") else ""
        token = r.take()
        if token.kind != "number" or not 1 <= token.value <= 5:
            raise _refused(token)
        part = f"{minus}{token.value}"
        if not minus and r.mark("-"):
            last = r.take()
            if last.kind != "number" or not token.value < last.value <= 5:
                raise _refused(last)
            part += f"-{last.value}"
        parts.append(part)
        if r.mark("]"):
            return ",".join(parts)
        if not r.mark(","):
            raise _refused(r.next)


def _spans(r: _Reader) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    while r.next.kind in ("time", "number"):
        at = r.next.at
        start = _minutes(r)
        if not r.mark("-"):
            if r.next.kind in ("end", "time", "number", "state", "comment") or r.next.value in (",", ";"):
                raise HoursError(_("A time needs an end: 09:00-18:00"), r.next.at)
            raise _refused(r.next)
        if r.next.kind not in ("time", "number"):
            raise _refused(r.next)
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


def _minutes(r: _Reader) -> int:
    token = r.take()
    hour, minute = token.value if token.kind == "time" else (token.value, 0)
    wrong = hour > 99 or minute > 59
    if r.next.kind == "ampm":
        wrong = wrong or not 1 <= hour <= 12
        hour = hour % 12 + (12 if r.take().value[0] in "pP" else 0)
    if wrong:
        raise HoursError(_("“%(part)s” is not a time.", part=token.text[:30]), token.at)
    return int(hour * 60 + minute)
