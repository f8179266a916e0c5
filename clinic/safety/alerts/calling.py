"""Firing, calling, calling the next: what the worker does for signals, twice a second.

Every step is claimed by a conditional UPDATE in one transaction with the messages it causes: a worker
that dies has done a step whole or not at all, two workers do it once. Each person gets one message in
two minutes with the number of signals, however many there are.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, or_, select, update
from sqlalchemy.orm import Session

from clinic import messaging
from clinic.db import reading, writing
from clinic.directory import catalogue
from clinic.messaging import outbox, urgent
from clinic.privacy import sealing
from clinic.safety.alerts import check_ins, drills, duty, events, fairness, offering, texts, told
from clinic.safety.alerts.models import Alert, CheckIn, Drill, Duty
from clinic.safety.alerts.signals import STEP
from clinic.safety.alerts.stopwatch import stopwatch

PAGE_EVERY = timedelta(minutes=2)  # at most one message to a person in this time; repeats are rarer and rarer
PAGE_LASTS = timedelta(minutes=2)
GIVE_UP = timedelta(minutes=30)  # of calling; the signal stays in the list, her page says it plainly
BATCH = 500

log = logging.getLogger(__name__)


def turn(now: datetime) -> int:
    """Do what is due for signals and check-ins; how many steps were taken."""
    with reading() as s:
        todo = _due(s, now)
    if not any((todo.counting, todo.check_ins, todo.steps, todo.waiting, todo.beat)):
        return 0
    done = 0
    if todo.beat:
        done += _step("beat", lambda s: duty.beat(s, now))
    if todo.counting:
        done += _step("fire", lambda s: fire(s, todo.counting, now))
    if todo.check_ins:
        done += _step("check-ins", lambda s: fire(s, check_ins.fire(s, todo.check_ins, now), now))
    done += _step("escalate", lambda s: escalate(s, now))
    return done + _step("page", lambda s: page(s, now))


def _step(name: str, act: Callable[[Session], int]) -> int:
    """One step in a transaction of its own: what fails in it is logged, and the others go on."""
    try:
        with writing() as s:
            return act(s)
    except Exception:
        log.exception("signals: the step %s failed", name)
        return 0


@dataclass(frozen=True, slots=True)
class Due:
    """What a look without a lock found."""

    counting: tuple[bytes, ...]
    check_ins: Mapping[bytes, datetime]  # until when each was seen to run
    steps: bool
    waiting: bool
    beat: bool


def _due(s: Session, now: datetime) -> Due:
    given = select(Alert.rid, Alert.fires_at).where(Alert.state == "counting").order_by(Alert.fires_at)
    promised = select(CheckIn.rid, CheckIn.due_at).where(CheckIn.alert_id.is_(None)).order_by(CheckIn.due_at)
    counting = {row.rid: row.fires_at for row in s.execute(given.limit(BATCH))}
    running = {row.rid: row.due_at for row in s.execute(promised.limit(BATCH))}
    run_out = stopwatch().run_out(counting | running, now)
    newest = _newest(s)
    return Due(
        counting=tuple(rid for rid in counting if rid in run_out),
        check_ins={rid: at for rid, at in running.items() if rid in run_out},
        steps=s.scalar(select(Alert.rid).where(_step_due(now)).limit(1)) is not None,
        waiting=newest is not None and any(_may_page(one, newest, now) for one in duty.to_call(s, now)),
        beat=duty.beat_due(s, now),
    )


def fire(s: Session, rids: tuple[bytes, ...], now: datetime) -> int:
    """End the countdown of these signals, unless somebody stopped them meanwhile; how many now call."""
    free = s.scalars(  # what she stops, or another worker fires, at this very moment is theirs
        select(Alert.rid)
        .where(Alert.rid.in_(rids), Alert.state == "counting")
        .order_by(Alert.rid)
        .with_for_update(skip_locked=True)
    ).all()
    if not free:
        return 0
    set_back = Alert.fires_at > now
    long_ago = (Alert.fires_at <= now - STEP) & Alert.drill_id.is_(
        None
    )  # no worker was there: the half hour begins now
    fired_at = case((set_back | long_ago, now), else_=Alert.fires_at)
    s.execute(
        update(Alert)
        .where(Alert.rid.in_(free))
        .values(state="calling", step=1, fires_at=fired_at, next_at=now + STEP)
        .execution_options(synchronize_session=False)
    )
    events.write(s, free, "fired", now)
    return len(free)


def escalate(s: Session, now: datetime) -> int:
    """Call the next person for signals that nobody has taken in 90 seconds; give up after half an hour."""
    rows = s.execute(
        select(Alert.rid, Alert.fires_at, Alert.drill_id)
        .where(_step_due(now))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    lost = [row.rid for row in rows if now - row.fires_at >= GIVE_UP]
    more = [row.rid for row in rows if now - row.fires_at < GIVE_UP]
    if lost:
        s.execute(
            update(Alert)
            .where(Alert.rid.in_(lost))
            .values(state="unanswered", next_at=None)
            .execution_options(synchronize_session=False)
        )
        events.write(s, lost, "unanswered", now)
        drills.ended(s, [row.drill_id for row in rows if row.rid in lost and row.drill_id is not None], now)
    if more:
        s.execute(
            update(Alert)
            .where(Alert.rid.in_(more))
            .values(step=Alert.step + 1, next_at=now + STEP)
            .execution_options(synchronize_session=False)
        )
        events.write(s, more, "next_called", now)
    return len(rows)


def page(s: Session, now: datetime) -> int:
    """Put a message to each person who is called for a signal and has had none in two minutes; how many."""
    s.execute(select(Duty.rid).where(Duty.ends_at > now).order_by(Duty.rid).with_for_update()).all()
    people, newest = duty.to_call(s, now), _newest(s)
    if newest is None or not any(_may_page(one, newest, now) for one in people):
        return 0
    called = _called(s, people)
    paged = 0
    for one in people:
        count = called[one.rid]
        if not count or not _may_page(one, newest, now):
            continue
        try:
            with s.begin_nested():
                _page_one(s, one, count, now)
        except sealing.Unreadable:  # which is in the log once, not at every turn
            continue
        except Exception:  # whoever cannot be called stands in nobody's way
            log.exception("signals: somebody on duty could not be called")
            continue
        paged += 1
    return paged


def _page_one(s: Session, one: duty.OnDuty, count: int, now: datetime) -> None:
    phone, day = sealing.open_(duty.PHONE, one.rid, one.sealed_phone), sealing.forget_day(one.sealed_phone)
    about, until = duty.page_about(one), now + PAGE_LASTS
    outbox.put(s, None, about, "duty", phone, texts.call(one.language, count), now, until, day)
    if messaging.voice():
        outbox.put(s, None, about, urgent.CALL, phone, texts.spoken(one.language), now, until, day)
    s.execute(update(Duty).where(Duty.rid == one.rid).values(paged_at=now, pages=one.pages + 1))


def _called(s: Session, people: Sequence[duty.OnDuty]) -> Counter[bytes]:
    """How many signals have come to each person: by city, and a drill only within its own organization."""
    cat = catalogue.current(s)
    orders: dict[tuple[str, int | None], tuple[duty.OnDuty, ...]] = {}
    called: Counter[bytes] = Counter()
    rows = s.execute(
        select(Alert.rid, Alert.body, Alert.step, Drill.organization_id)
        .outerjoin(Drill, Drill.id == Alert.drill_id)
        .where(Alert.state == "calling")
    )
    for rid, body, step, only in rows:
        key = (told.open_(told.ALERT, rid, body).city, only)
        if key not in orders:
            row = [one for one in people if only is None or one.organization_id == only]
            orders[key] = offering.in_order(cat, row, key[0])
        called.update(one.rid for one in orders[key][:step])
    return called


def _newest(s: Session) -> datetime | None:
    """When the newest of what calls was given; many of one network are no news. None while nothing calls."""
    rows = s.execute(select(Alert.rid, Alert.fires_at, Alert.told, Alert.network).where(Alert.state == "calling"))
    return fairness.newest_of_few(rows.all())


def _may_page(one: duty.OnDuty, newest: datetime, now: datetime) -> bool:
    """At once for what is new, then after 2, 4, 8 and 16 minutes, so that one signal does not use up the day's budget.

    A clock that was set back must not silence anybody.
    """
    if one.paged_at is None:
        return True
    return not timedelta(0) <= now - one.paged_at < max(PAGE_EVERY, (now - newest) / 2)


def _step_due(now: datetime):  # type: ignore[no-untyped-def]
    # … nor must it keep a signal at its step for longer
    return (Alert.state == "calling") & or_(Alert.next_at <= now, Alert.next_at > now + STEP)
