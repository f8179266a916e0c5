"""What the worker does for messages; each function takes the time and says how much it did."""

from datetime import datetime

from sqlalchemy import update

from clinic import messaging
from clinic.db import writing
from clinic.messaging import erasing, reconciling, sending, urgent
from clinic.messaging.models import RANK, Message


def send_due(now: datetime) -> int:
    """Hand what is due to the provider."""
    return sending.work_once(now) if messaging.enabled() else 0


def send_urgent(now: datetime) -> int:
    """Hand messages to people on duty to the provider, without waiting for slow answers."""
    return urgent.lane().turn(now) if messaging.enabled() else 0


def reconcile(now: datetime) -> int:
    """Ask the provider about what is in doubt, and for news where no receipt came."""
    return reconciling.work_once(now) + reconciling.look_once(now) if messaging.enabled() else 0


def erase(now: datetime) -> int:
    """Delete the provider's copies that are due."""
    return erasing.work_once(now) if messaging.enabled() else 0


def expire(now: datetime) -> int:
    """What still waits at its last moment has lost its use: it expires, and the desk sees that."""
    with writing() as s:
        result = s.execute(
            update(Message)
            .where(Message.state == "waiting", Message.not_after <= now)
            .values(state="expired", rank=RANK["expired"])
            .execution_options(synchronize_session=False)
        )
        return int(result.rowcount)  # type: ignore[attr-defined]
