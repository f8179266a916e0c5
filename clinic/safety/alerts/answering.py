"""A signal from the side of whoever is on duty: see that there is one, take it, read it, answer, end it.

The first to take it has it, by page or by telephone; what she told opens for the one who took it alone.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from clinic import audit
from clinic.safety.alerts import drills, duty, events, fairness, signals, standing, told
from clinic.safety.alerts.models import Alert, Drill
from clinic.safety.alerts.standing import Word
from clinic.safety.alerts.told import Told

UNTAKEN = ("calling", "unanswered")
ENDED = ("closed", "safe")
PAGE = 20  # of what nobody has taken; the others follow on further pages


class NotYours(Exception):
    """The signal is taken by somebody else, ended, or gone."""


@dataclass(frozen=True, slots=True)
class Line:
    """A signal in the list, without what it tells."""

    rid: bytes
    state: str
    fires_at: datetime
    taken_as: str
    mine: bool
    told: bool
    city: str  # key of her city, "" where nobody knows it
    drill: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everything that somebody on duty may look at; no part of it is ever cut off, the long one comes in pages."""

    mine: tuple[Line, ...]  # those that are hers, the latest first
    untaken: tuple[Line, ...]  # one page of what nobody has taken, in the order of `fairness`
    taken: tuple[Line, ...]  # by colleagues
    ended: tuple[Line, ...]  # hers that are over
    count: int  # of all that nobody has taken
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A signal as the one who took it sees it."""

    line: Line
    told: Told
    words: tuple[Word, ...]
    events: tuple[tuple[datetime, str], ...]
    seen_at: datetime | None  # when her page last asked


def waiting(s: Session, organization_id: int | None, staff_id: int, page: int = 1) -> Waiting:
    """What is hers, one page of what nobody has taken, what colleagues have, and what has ended of hers."""
    rids = [row.rid for row in fairness.fair(_untaken(s, organization_id), _heard(s))]
    pages = max(1, -(-len(rids) // PAGE))
    page = min(max(1, page), pages)
    shown = rids[(page - 1) * PAGE : page * PAGE]
    rows = {row.rid: row for row in s.scalars(select(Alert).where(Alert.rid.in_(shown)))}
    theirs = select(Alert).where(_theirs(organization_id)).outerjoin(Drill, Drill.id == Alert.drill_id)
    taken = s.scalars(theirs.where(Alert.state == "taken").order_by(Alert.taken_at.desc())).all()
    ended = s.scalars(
        select(Alert)
        .where(Alert.taken_by == staff_id, Alert.state.in_(ENDED))
        .order_by(Alert.taken_at.desc(), Alert.rid)
    ).all()
    return Waiting(
        mine=tuple(_line(row, staff_id) for row in taken if row.taken_by == staff_id),
        untaken=tuple(_line(rows[rid], staff_id) for rid in shown if rid in rows),
        taken=tuple(_line(row, staff_id) for row in taken if row.taken_by != staff_id),
        ended=tuple(_line(row, staff_id) for row in ended),
        count=len(rids),
        page=page,
        pages=pages,
    )


def count(s: Session, organization_id: int | None) -> int:
    """How many signals nobody has taken."""
    return len(_untaken(s, organization_id))


def take(s: Session, rid: bytes, staff_id: int, login: str, now: datetime) -> bool:
    """Take a signal that nobody has: False when somebody was faster. Needs a proved duty: raises NotYours."""
    shown_as = _on_duty(s, staff_id, now)
    done = s.execute(
        update(Alert)
        .where(Alert.rid == rid, Alert.state.in_(UNTAKEN))
        .values(state="taken", taken_by=staff_id, taken_as=shown_as, taken_at=now, next_at=None)
        .returning(Alert.drill_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if done is None:
        return False
    events.write(s, [rid], "taken", now)
    audit.record(s, now, login, "signal taken", "")
    if done.drill_id is not None:
        drills.ended(s, [done.drill_id], now, taken=True)
    return True


def take_first(s: Session, staff_id: int, login: str, now: datetime) -> bool:
    """Take the signal that stands first in the list: what the key of a voice call does. False when none waits."""
    organization = next((one.organization_id for one in duty.to_call(s, now) if one.staff_id == staff_id), None)
    if organization is None:
        return False
    return any(take(s, row.rid, staff_id, login, now) for row in fairness.fair(_untaken(s, organization), _heard(s)))


def take_over(s: Session, rid: bytes, was: str, staff_id: int, login: str, now: datetime) -> bool:
    """Take a signal over from a colleague whom the page names; False when that has changed meanwhile."""
    shown_as = _on_duty(s, staff_id, now)
    done = s.execute(
        update(Alert)
        .where(Alert.rid == rid, Alert.state == "taken", Alert.taken_as == was, Alert.taken_by != staff_id)
        .values(taken_by=staff_id, taken_as=shown_as, taken_at=now)
        .execution_options(synchronize_session=False)
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        return False
    events.write(s, [rid], "taken_over", now)
    audit.record(s, now, login, "signal taken over", "")
    return True


def open_(s: Session, rid: bytes, staff_id: int) -> Opened:
    """What a signal tells, for the one who took it. Raises NotYours."""
    row = s.execute(
        select(Alert).where(Alert.rid == rid, Alert.taken_by == staff_id).execution_options(populate_existing=True)
    ).scalar()
    if row is None:
        raise NotYours
    return Opened(
        line=_line(row, staff_id),
        told=told.open_(told.ALERT, rid, row.body),
        words=standing.words(s, rid),
        events=events.of(s, rid),
        seen_at=row.seen_at,
    )


def note(s: Session, rid: bytes, staff_id: int, what: str, now: datetime) -> None:
    """Write down a step that was done for her. Raises NotYours."""
    _mine(s, rid, staff_id)
    events.write(s, [rid], what, now)


def answer(s: Session, rid: bytes, staff_id: int, text: str, now: datetime) -> bool:
    """Write a sentence to her page. Raises NotYours; False when it was empty or there are too many."""
    _mine(s, rid, staff_id)
    return signals.say(s, rid, "duty", text, now)


def close(s: Session, rid: bytes, staff_id: int, login: str, now: datetime) -> None:
    """End a signal of one's own. Raises NotYours."""
    done = s.execute(
        update(Alert)
        .where(Alert.rid == rid, Alert.taken_by == staff_id, Alert.state == "taken")
        .values(state="closed")
        .execution_options(synchronize_session=False)
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        raise NotYours
    events.write(s, [rid], "closed", now)
    audit.record(s, now, login, "signal closed", "")


def reopen(s: Session, rid: bytes, staff_id: int, login: str, now: datetime) -> None:
    """Go on with a signal that one has ended oneself. Raises NotYours, also for one that she has ended."""
    done = s.execute(
        update(Alert)
        .where(Alert.rid == rid, Alert.taken_by == staff_id, Alert.state == "closed")
        .values(state="taken")
        .execution_options(synchronize_session=False)
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        raise NotYours
    events.write(s, [rid], "reopened", now)
    audit.record(s, now, login, "signal reopened", "")


def _untaken(s: Session, organization_id: int | None):  # type: ignore[no-untyped-def]
    return s.execute(
        select(Alert.rid, Alert.fires_at, Alert.told, Alert.network)
        .outerjoin(Drill, Drill.id == Alert.drill_id)
        .where(Alert.state.in_(UNTAKEN), _theirs(organization_id))
    ).all()


def _heard(s: Session) -> dict[bytes, int]:
    """How many of each network somebody has taken."""
    rows = s.execute(
        select(Alert.network, func.count())
        .where(Alert.network.is_not(None), Alert.state.in_(("taken", "closed")))
        .group_by(Alert.network)
    )
    return {network: n for network, n in rows if network is not None}


def _theirs(organization_id: int | None) -> ColumnElement[bool]:
    """A drill is seen by its own organization alone."""
    return or_(Alert.drill_id.is_(None), Drill.organization_id == organization_id)


def _mine(s: Session, rid: bytes, staff_id: int) -> None:
    if s.scalar(select(Alert.rid).where(Alert.rid == rid, Alert.taken_by == staff_id, Alert.state == "taken")) is None:
        raise NotYours


def _on_duty(s: Session, staff_id: int, now: datetime) -> str:
    for one in duty.to_call(s, now):
        if one.staff_id == staff_id:
            return one.shown_as
    raise NotYours


def _line(row: Alert, staff_id: int) -> Line:
    city = told.open_(told.ALERT, row.rid, row.body).city
    mine = row.taken_by == staff_id
    return Line(row.rid, row.state, row.fires_at, row.taken_as, mine, row.told, city, row.drill_id is not None)
