"""Moments that come even when the clock is set back: what this process has seen waiting runs out by itself."""

from collections.abc import Mapping
from datetime import datetime
from time import monotonic
from typing import cast

from flask import current_app

EXTENSION = "keshki.alerts.stopwatch"


class Stopwatch:
    """For each thing that waits: when it is due by a clock that nobody can set."""

    def __init__(self) -> None:
        self._due: dict[bytes, tuple[datetime, float]] = {}

    def run_out(self, waiting: Mapping[bytes, datetime], now: datetime) -> set[bytes]:
        """Those of `waiting` that are due by either clock; what no longer waits is forgotten."""
        reading = monotonic()
        known = {}
        for rid, at in waiting.items():
            kept = self._due.get(rid)
            if kept is None or kept[0] != at:  # new, or put off
                kept = (at, reading + (at - now).total_seconds())
            known[rid] = kept
        self._due = known
        return {rid for rid, (at, due) in known.items() if at <= now or due <= reading}


def stopwatch() -> Stopwatch:
    """The stopwatch of the current app in this process."""
    found = current_app.extensions.get(EXTENSION)
    if found is None:
        found = current_app.extensions[EXTENSION] = Stopwatch()
    return cast(Stopwatch, found)
