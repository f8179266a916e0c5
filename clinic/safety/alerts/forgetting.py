"""Forgetting signals: rows go when their 24 hours are over, duties and their messages two days later."""

from datetime import datetime

from clinic.booking.forgetting import truncate_log
from clinic.db import writing
from clinic.safety.alerts import duty, signals


def run(now: datetime) -> int:
    """Delete what is over; how many rows. Then SQLite's log is emptied, in which deleted rows live on."""
    with writing() as s:
        gone = signals.forget(s, now) + duty.forget(s, now)
    if gone:
        truncate_log()
    return gone
