"""Drills: a signal of nobody, on the same way, to measure how long the chain takes. Only what was measured is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from clinic import audit
from clinic.directory.models import Organization
from clinic.messaging.models import Attempt, Message
from clinic.safety.alerts import duty, signals
from clinic.safety.alerts.models import Alert, Drill
from clinic.safety.alerts.told import Told

LOOK_BACK = timedelta(days=90)
KEPT = timedelta(days=400)
SHOWN = 20


class DrillRuns(Exception):
    """One is under way already."""


class NobodyOnDuty(Exception):
    """There is nobody whom a drill would call."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the drills of the last 90 days measured, in whole seconds; None where nobody answered."""

    count: int
    missed: int
    half_seconds: int | None
    slowest_seconds: int | None


def start(s: Session, organization_id: int, actor: str, now: datetime) -> None:
    """Give a signal to whoever is on duty for this organization. Raises DrillRuns, NobodyOnDuty."""
    s.execute(select(Organization.id).where(Organization.id == organization_id).with_for_update())  # one at a time
    runs = select(Drill.id).where(Drill.organization_id == organization_id, Drill.ended_at.is_(None))
    if s.scalar(runs.where(Drill.began_at > now - timedelta(hours=1)).limit(1)) is not None:
        raise DrillRuns
    if not duty.to_call(s, now, organization_id):
        raise NobodyOnDuty
    drill_id = s.scalars(
        insert(Drill).values(organization_id=organization_id, began_at=now, actor=actor).returning(Drill.id)
    ).one()
    signals.put(s, Told(), now + signals.COUNTDOWN, now, drill_id=drill_id)
    audit.record(s, now, actor, "drill started", "")


def ended(s: Session, drill_ids: Sequence[int], now: datetime, taken: bool = False) -> None:
    """Write down the times of drills that somebody took, or that nobody took."""
    for drill_id in drill_ids:
        fires_at = s.scalar(select(Alert.fires_at).where(Alert.drill_id == drill_id))
        if fires_at is None:
            continue
        sent_at = s.scalar(
            select(func.min(Attempt.started_at))
            .join(Message, Message.rid == Attempt.message_id)
            .where(
                Message.kind == "duty",
                Message.due_at >= fires_at,
                Message.due_at <= now,
                Attempt.sid.is_not(None),
            )
        )
        s.execute(
            update(Drill)
            .where(Drill.id == drill_id, Drill.ended_at.is_(None))
            .values(
                ended_at=now,
                sent_seconds=(sent_at - fires_at).total_seconds() if sent_at else None,
                taken_seconds=(now - fires_at).total_seconds() if taken else None,
            )
        )


def figures(s: Session, now: datetime) -> Figures | None:
    """What may be said of how fast the chain is; None while nothing has been measured."""
    rows = s.scalars(
        select(Drill.taken_seconds).where(Drill.began_at > now - LOOK_BACK, Drill.ended_at.is_not(None))
    ).all()
    if not rows:
        return None
    answered = sorted(seconds for seconds in rows if seconds is not None)
    return Figures(
        len(rows),
        len(rows) - len(answered),
        round(answered[(len(answered) - 1) // 2]) if answered else None,
        round(answered[-1]) if answered else None,
    )


def lately(s: Session, organization_ids: Sequence[int]) -> tuple[Drill, ...]:
    """The last drills of these organizations, newest first."""
    rows = s.scalars(
        select(Drill).where(Drill.organization_id.in_(organization_ids)).order_by(Drill.began_at.desc()).limit(SHOWN)
    )
    return tuple(rows)
