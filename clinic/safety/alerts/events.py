"""The log of a signal: what happened and when, never what was written. It commits with the deed itself."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from clinic.safety.alerts.models import Alert, AlertEvent

# What somebody on duty notes of what was done; each at most a word, none says where or who.
NOTES = ("called_back", "called_103", "called_102", "handed_on")


def write(s: Session, alert_ids: Sequence[bytes], what: str, now: datetime) -> None:
    """Add one event to each signal; its row is locked, so that numbers follow one another."""
    if not alert_ids:
        return
    s.execute(select(Alert.rid).where(Alert.rid.in_(alert_ids)).order_by(Alert.rid).with_for_update()).all()
    counted = s.execute(
        select(AlertEvent.alert_id, func.max(AlertEvent.n))
        .where(AlertEvent.alert_id.in_(alert_ids))
        .group_by(AlertEvent.alert_id)
    ).all()
    last = {row[0]: row[1] for row in counted}
    s.execute(
        insert(AlertEvent), [{"alert_id": rid, "n": last.get(rid, 0) + 1, "at": now, "what": what} for rid in alert_ids]
    )


def of(s: Session, alert_id: bytes) -> tuple[tuple[datetime, str], ...]:
    """The events of a signal, in their order."""
    rows = s.execute(
        select(AlertEvent.at, AlertEvent.what).where(AlertEvent.alert_id == alert_id).order_by(AlertEvent.n)
    )
    return tuple((at, what) for at, what in rows)
