"""How she was treated: three answers and a line, once for each visit, as counters that lead to nobody.

That a visit has been answered is written inside its sealed details; who answered what is written nowhere.
Published are the counters as they stood at every tenth answer, so that no answer can be told from the
difference of two pages. The line is sealed, and read from the Monday after: a line that appeared at once
would tell whose visit it was about.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import appointments, placing
from clinic.booking.appointments import AppointmentView
from clinic.booking.models import Appointment, Feedback, FeedbackLine, FeedbackShown
from clinic.booking.refusals import Gone
from clinic.db import new_rid
from clinic.passes.passes import OpenPass
from clinic.privacy import sealing

QUESTIONS = ("respected", "private", "again")
ANSWERS = "answers"
STEP = 10
LONGEST_LINE = 200
LINE_KEPT = timedelta(days=30)  # from the Monday of its week on
LINE = "feedback_line.body"


class Answered(Exception):
    """About this visit she has answered before."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is published of a place: how many answered, how many of them said yes to what."""

    answers: int
    respected: int
    private: int
    again: int


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence for the coordinator: about which place, in which week."""

    location_id: int
    week: date
    text: str


def open_for(s: Session, views: Iterable[AppointmentView]) -> frozenset[bytes]:
    """Keys of those visits about which she may still answer: they are done, and she has not yet."""
    done = [view.rid for view in views if view.status == "done"]
    if not done:
        return frozenset()
    rows = s.execute(select(Appointment.rid, Appointment.details).where(Appointment.rid.in_(done)))
    return frozenset(rid for rid, details in rows if not placing.unseal(rid, details).felt)


def answer(s: Session, pass_: OpenPass, rid: bytes, answers: Mapping[str, bool], line: str, now: datetime) -> None:
    """Count what she says about a visit of hers. `s` writes.

    `answers` holds a yes or no for each of QUESTIONS, `line` may be empty. Raises Gone when it is no
    visit of hers that took place, Answered the second time.
    """
    # as whoever writes a note into the same box
    row = appointments.locked(s, appointments.hers(s, pass_, rid))
    if row.status != "done":
        raise Gone
    details = placing.unseal(rid, row.details)
    if details.felt:
        raise Answered
    sealed = placing.seal(row.forget_on, rid, replace(details, felt=True))
    s.execute(update(Appointment).where(Appointment.rid == rid).values(details=sealed))
    for what in (ANSWERS, *(question for question in QUESTIONS if answers[question])):
        _add_one(s, row.location_id, what)
    _publish(s, row.location_id)
    if line:
        _keep(s, row.location_id, line, now)


def shown(s: Session, location_id: int) -> Shown | None:
    """What is published of a place; None before its tenth answer."""
    row = s.execute(
        select(FeedbackShown.answers, FeedbackShown.respected, FeedbackShown.private, FeedbackShown.again).where(
            FeedbackShown.location_id == location_id
        )
    ).one_or_none()
    return None if row is None else Shown(*row)


def lines(s: Session, location_ids: Collection[int], now: datetime) -> tuple[Line, ...]:
    """The lines about these places of weeks that are over, the latest week first."""
    rows = s.execute(
        select(FeedbackLine.rid, FeedbackLine.location_id, FeedbackLine.week, FeedbackLine.body)
        .where(FeedbackLine.location_id.in_(location_ids), FeedbackLine.week < monday(now))
        .order_by(FeedbackLine.week.desc(), FeedbackLine.location_id, FeedbackLine.rid)
    )
    found = []
    for rid, location_id, week, body in rows:
        try:
            found.append(Line(location_id, week, sealing.open_(LINE, rid, body)))
        except sealing.Unreadable:
            continue  # its day has passed, its row goes with the next batch
    return tuple(found)


def forget_lines(s: Session, now: datetime) -> int:
    """Delete the lines whose day has passed; how many."""
    old = delete(FeedbackLine).where(FeedbackLine.forget_on < clock.local(now).date())
    return int(s.execute(old.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]


def monday(now: datetime) -> date:
    """The Monday of the week in which it is now."""
    day = clock.service_day(now)
    return day - timedelta(days=day.weekday())


def _add_one(s: Session, location_id: int, what: str) -> None:
    insert_: Any = sqlite.insert if s.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert_(Feedback).values(location_id=location_id, what=what, n=1)
    key = [Feedback.location_id, Feedback.what]
    s.execute(row.on_conflict_do_update(index_elements=key, set_={"n": Feedback.n + 1}))


def _publish(s: Session, location_id: int) -> None:
    """At every tenth answer, publish the counters as they stand."""
    counted = dict(s.execute(select(Feedback.what, Feedback.n).where(Feedback.location_id == location_id)).all())
    if counted[ANSWERS] % STEP:
        return
    values = {name: counted.get(name, 0) for name in (ANSWERS, *QUESTIONS)}
    s.execute(delete(FeedbackShown).where(FeedbackShown.location_id == location_id))
    s.execute(insert(FeedbackShown).values(location_id=location_id, **values))


def _keep(s: Session, location_id: int, line: str, now: datetime) -> None:
    rid, week = new_rid(), monday(now)
    s.execute(
        insert(FeedbackLine).values(
            rid=rid,
            location_id=location_id,
            week=week,
            body=sealing.seal(week + LINE_KEPT, LINE, rid, line),
            forget_on=week + LINE_KEPT,
        )
    )
