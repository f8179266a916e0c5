"""Reads what people type as working hours and turns it into rules of a strict subset of OSM `opening_hours`.

The subset is: rules joined by `;` (replaces) or `, ` (adds), each with optional dates, optional weekdays
or `PH`, times, `off | open | unknown` and a remark in quotes. What the specification
(wiki.openstreetmap.org/wiki/Key:opening_hours/specification) has beyond that is refused with a sentence,
because a page that guesses opening hours sends somebody to a locked door.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import flask_babel

from clinic.directory.hours_dates import dates
from clinic.directory.hours_reader import HoursError, Reader, refused
from clinic.directory.hours_spans import DAY, spans_of

_: Callable[..., Any] = flask_babel.lazy_gettext  # flask-babel has no types

LONGEST = 500
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


_NARROWS = re.compile(
    r"[0-9]|кроме|только|перв|втор|трет|посл|через|ч[её]т|басқа|ғана|except|only|first|last|every", re.I
)


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
    _refuse_brackets(text, r)
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
        spans = spans_of(r)
    if spans and not (when or days or holidays) and r.next.kind in ("day", "every", "holidays"):
        days, holidays = _days_behind(r)
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


def _days_behind(r: Reader) -> tuple[tuple[str, ...], bool]:
    """The days of `9:00-18:00 Пн-Пт`. Raises HoursError where they may belong to the next hours."""
    at = r.next.at
    days, holidays = _days(r)
    if r.next.kind in ("time", "number", "state", "always"):
        raise HoursError(
            _("Write the days before their hours, with “;” between: Mo-Fr 09:00-18:00; Sa 10:00-14:00"), at
        )
    return days, holidays


def _refuse_brackets(text: str, r: Reader) -> None:
    """What stands in brackets may be a remark, or say on which Fridays only: the second must not be lost."""
    opened = next((token for token in r.tokens if token.value == "("), None)
    if opened is None:
        return
    closed = text.find(")", opened.at)
    end = closed + 1 if closed >= 0 else len(text)
    part = text[opened.at : end]
    if _NARROWS.search(part):
        raise HoursError(_("Write without brackets what “%(part)s” says of days and hours.", part=part[:60]), opened.at)
    offer = re.sub(r"\s+([,;:]|$)", r"\1", text[: opened.at] + text[end:])
    raise HoursError(
        _("Leave out “%(part)s”: only days and hours stand here.", part=part[:60]), opened.at, offer.strip()
    )


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
