"""A signal from the side of whoever is on duty: see that there is one, take it, read it, answer, end it.

The first to take it has it, by page or by telephone; what she told opens for the one who took it alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from clinic import audit
from clinic.safety.alerts import drills, duty, events, signals, told
from clinic.safety.alerts.models import OPEN, Alert, Drill
from clinic.safety.alerts.signals import Word
from clinic.safety.alerts.told import Told

UNTAKEN = ("calling", "unanswered")
SHOWN = 200
ENDED_SHOWN = timedelta(hours=24)


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


@dataclass(frozen=True, slots=True)
class Opened:
    """A signal as the one who took it sees it."""

    line: Line
    told: Told
    words: tuple[Word, ...]
    events: tuple[tuple[datetime, str], ...]
    drill: bool


def waiting(s: Session, organization_id: int | None, staff_id: int) -> tuple[Line, ...]:
    """What nobody has taken, those with something written first, each the oldest first; then what is taken."""
    rows = s.execute(
        select(Alert)
        .outerjoin(Drill, Drill.id == Alert.drill_id)
        .where(Alert.state.in_(OPEN))
        .where(or_(Alert.drill_id.is_(None), Drill.organization_id == organization_id))
        .order_by(Alert.taken_at.is_not(None), Alert.told.is_(False), Alert.fires_at)
        .limit(SHOWN)
    ).scalars()
    return tuple(_line(row, staff_id) for row in rows)


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


def take_oldest(s: Session, staff_id: int, login: str, now: datetime) -> bool:
    """Take the signal that has waited longest: what the key of a voice call does. False when none waits."""
    organization = next((one.organization_id for one in duty.to_call(s, now) if one.staff_id == staff_id), None)
    if organization is None:
        return False
    for line in waiting(s, organization, staff_id):
        if line.state in UNTAKEN and take(s, line.rid, staff_id, login, now):
            return True
    return False


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
        words=signals.words(s, rid),
        events=events.of(s, rid),
        drill=row.drill_id is not None,
    )


def note(s: Session, rid: bytes, staff_id: int, what: str, now: datetime) -> None:
    """Write down a step that was done for her. Raises NotYours."""
    _mine(s, rid, staff_id)
    events.write(s, [rid], what, now)


def answer(s: Session, rid: bytes, staff_id: int, text: str, now: datetime) -> bool:
    """Write a sentence to her page. Raises NotYours; False when there are too many."""
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


def _mine(s: Session, rid: bytes, staff_id: int) -> None:
    if s.scalar(select(Alert.rid).where(Alert.rid == rid, Alert.taken_by == staff_id, Alert.state == "taken")) is None:
        raise NotYours


def _on_duty(s: Session, staff_id: int, now: datetime) -> str:
    for one in duty.to_call(s, now):
        if one.staff_id == staff_id:
            return one.shown_as
    raise NotYours


def _line(row: Alert, staff_id: int) -> Line:
    return Line(row.rid, row.state, row.fires_at, row.taken_as, row.taken_by == staff_id, row.told)
