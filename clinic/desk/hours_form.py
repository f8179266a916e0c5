"""What stands in the form of working hours: a week grid as typed, or the line itself, and what is wrong with it."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask import request

from clinic import wording
from clinic.directory import hours, hours_week
from clinic.directory.hours_reader import HoursError
from clinic.directory.hours_text import LONGEST, WEEKDAYS

_MONDAY = date(2026, 11, 23)
_LONGEST_CELL = 12

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day of the grid as it stands in the form: its pairs of from and until, and what is wrong with them."""

    key: str
    name: str
    pairs: Pairs
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of a place or a room: canonical expressions; a room's may be those of its place (None)."""

    week: str | None
    on_holidays: str | None


@dataclass(frozen=True, slots=True)
class Mistaken:
    """What could not be read, with its sentences: by day in `rows`, for the line, for holidays."""

    rows: list[DayRow] | None
    line: str
    line_wrong: str = ""
    holidays_wrong: str = ""


def read(act: str) -> Hours | Mistaken:
    """The hours of the form: from the grid, or from the line."""
    line, rows = (
        request.form.get("line", "").replace("\x00", "")[: 2 * LONGEST],
        typed_rows() if act == "look" else None,
    )
    line_wrong = holidays_wrong = week = on_holidays = ""
    try:
        on_holidays = hours.parse_on_holidays(sent("on_holidays")) or "off"
    except HoursError as error:
        holidays_wrong = _sentence(error)
    if rows is None:
        try:
            week = hours.parse(line)
        except HoursError as error:
            line_wrong = _sentence(error)
    else:
        found = []
        for n, row in enumerate(rows):
            try:
                found.append(hours_week.typed_day(n, row.pairs))
            except HoursError as error:
                rows[n] = DayRow(row.key, row.name, row.pairs, _sentence(error))
        if len(found) == len(rows):
            week = line = hours_week.expression_of(tuple(found))
    if line_wrong or holidays_wrong or any(row.wrong for row in rows or ()):
        if rows is None and not line_wrong:
            rows = grid(week)
        return Mistaken(rows, line, line_wrong, holidays_wrong)
    return Hours(week, on_holidays)


def _sentence(error: HoursError) -> str:
    offer = f" {error.offer}" if error.offer and error.offer not in str(error) else ""
    return f"{error}{offer}"


def sent(name: str) -> str:
    return request.form.get(name, "").replace("\x00", "")[: 2 * hours.LONGEST_ON_HOLIDAYS]


def typed_rows() -> list[DayRow]:
    """The grid as it was typed."""

    def cell(key: str, n: int, end: str) -> str:
        return request.form.get(f"{key}{n}{end}", "").replace("\x00", "")[:_LONGEST_CELL]

    return [
        DayRow(key, _day_name(n), tuple((cell(key, i, "a"), cell(key, i, "b")) for i in range(hours_week.MOST_SPANS)))
        for n, key in enumerate(WEEKDAYS)
    ]


def grid(expression: str) -> list[DayRow] | None:
    """An expression as rows of the grid; None when it can't be shown in one."""
    week = hours_week.week_of(expression)
    if week is None:
        return None
    rows = []
    for n, key in enumerate(WEEKDAYS):
        pairs = [hours_week.shown(start, end) for start, end in week[n]]
        pairs += [("", "")] * (hours_week.MOST_SPANS - len(pairs))
        rows.append(DayRow(key, _day_name(n), tuple(pairs)))
    return rows


def _day_name(n: int) -> str:
    name = wording.weekday_long(_MONDAY + timedelta(days=n))
    return name[:1].upper() + name[1:]
