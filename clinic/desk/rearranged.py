"""Visits that lose their time, on the pages of closures and hours: the choices of the preview, and what was done.

Pages name a visit by service day and ticket, never by its key.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from clinic import clock
from clinic.booking import showing, telling
from clinic.booking.appointments import DeskRow
from clinic.booking.rearranging import STOP, Rearranged, Touched, moves, to
from clinic.messaging import covers, window
from clinic.wording import language_now

Answers = dict[tuple[date, int], str]
_FIELD = re.compile(r"v:(\d{4}-\d\d-\d\d):(\d{1,6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Option:
    """A time to which a visit may be moved; `sms`: the words that tell it, "" where none reaches her."""

    value: str
    when: str
    earlier: bool
    sms: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A visit on the preview: what may be done with it."""

    name: str
    ticket: int
    when: str
    options: tuple["Option", ...]
    reachable: bool  # a message tells her, when it is taken off
    sms: str  # in its words
    chosen: str  # "": the desk has to decide


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
        if field is None or not (value == STOP or moves(value)):
            continue
        try:
            found[date.fromisoformat(field[1]), int(field[2])] = value
        except ValueError:
            continue
    return found


def choices(touched: Sequence[Touched], chosen: Answers, now: datetime) -> list[Choice]:
    """The rows of a preview: a later time of which she is told is proposed; all else needs a decision."""
    return [_choice(one, chosen, now) for one in touched]


def _choice(one: Touched, chosen: Answers, now: datetime) -> Choice:
    day, start = clock.service_day(one.row.start), one.row.start
    usual = to(one.proposed.start) if one.proposed else STOP if one.reachable and not one.options else ""
    language = language_now()
    return Choice(
        name=f"v:{day.isoformat()}:{one.row.ticket}",
        ticket=one.row.ticket,
        when=showing.day_and_time(start, now),
        options=tuple(
            Option(
                to(slot.start),
                showing.day_and_time(slot.start, now),
                slot.start < start,
                covers.moved(language, slot.start) if told else "",
            )
            for slot, told in zip(one.options, one.reachable_at, strict=True)
        ),
        reachable=one.reachable,
        sms=telling.stopped_words(language, start, window.next_opening(now)) if one.reachable else "",
        chosen=chosen.get((day, one.row.ticket), usual),
    )


def again_words() -> str:
    """Why a preview is shown once more."""
    return str(_("Each visit here needs a decision; somebody may have booked in the meantime. Look once more."))


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
