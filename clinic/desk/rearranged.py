"""Visits that lose their time, on the pages of closures and hours: the choices of the preview, and what was done.

Pages name a visit by service day and ticket, never by its key.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from clinic import clock
from clinic.booking import showing
from clinic.booking.appointments import DeskRow
from clinic.booking.rearranging import MOVE, STOP, Rearranged, Touched

Answers = dict[tuple[date, int], str]
_FIELD = re.compile(r"v:(\d{4}-\d\d-\d\d):(\d{1,6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Choice:
    """A visit on the preview: what may be done with it."""

    name: str
    ticket: int
    when: str
    to: str  # the time it could be moved to; "" when there is none
    reachable: bool  # a message tells her, when it is taken off
    reachable_there: bool  # and when it is moved
    chosen: str


@dataclass(frozen=True, slots=True)
class Deed:
    """A visit after it: `to` "" when it was taken off, `ticket` and `new_ticket` as she knows and will know it."""

    ticket: int
    when: str
    new_ticket: int
    to: str
    told: bool


def answers(sent: MultiDict[str, str]) -> Answers:
    """What was chosen for each visit on the page."""
    found: Answers = {}
    for name, value in sent.items():
        field = _FIELD.fullmatch(name)
        if field is None or value not in (MOVE, STOP):
            continue
        try:
            found[date.fromisoformat(field[1]), int(field[2])] = value
        except ValueError:
            continue
    return found


def choices(touched: Sequence[Touched], chosen: Answers, now: datetime) -> list[Choice]:
    """The rows of a preview: moving is proposed wherever there is a time."""
    found = []
    for one in touched:
        day = clock.service_day(one.row.start)
        to = showing.day_and_time(one.nearest.start, now) if one.nearest else ""
        answer = chosen.get((day, one.row.ticket), MOVE if to else STOP)
        found.append(
            Choice(
                f"v:{day.isoformat()}:{one.row.ticket}",
                one.row.ticket,
                showing.day_and_time(one.row.start, now),
                to,
                one.reachable,
                one.reachable_there,
                answer,
            )
        )
    return found


def kept(done: Rearranged) -> dict[str, Any]:
    """What was done, as the answer that a form sent twice gets again."""
    untold = {row.rid for row in done.untold}

    def told(row: DeskRow) -> bool:
        return row.rid not in untold

    def was(row: DeskRow) -> list[Any]:
        return [done.was[row.rid].ticket, done.was[row.rid].start.isoformat()]

    return {
        "moved": [[*was(row), row.ticket, row.start.isoformat(), told(row)] for row in done.moved],
        "stopped": [[*was(row), told(row)] for row in done.stopped],
    }


def deeds(answer: Mapping[str, Any], now: datetime) -> list[Deed]:
    """The same for the page, in order of time."""

    def when(text: str) -> str:
        return showing.day_and_time(datetime.fromisoformat(text), now)

    rows = [(start, Deed(ticket, when(start), new, when(to), told)) for ticket, start, new, to, told in answer["moved"]]
    rows += [(start, Deed(ticket, when(start), ticket, "", told)) for ticket, start, told in answer["stopped"]]
    return [deed for _start, deed in sorted(rows, key=lambda row: (row[0], row[1].ticket))]
