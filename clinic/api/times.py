"""Moments as the JSON face writes them: RFC 3339 on a clock in Kazakhstan, offset and all."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from clinic import clock
from clinic.booking.availability import Slot


@lru_cache(maxsize=8192)
def iso(moment: datetime) -> str:
    """2026-12-14T19:00:00+05:00."""
    return clock.local(moment).isoformat(timespec="seconds")


def span(slot: Slot) -> dict[str, str]:
    """A slot as it stands in an answer."""
    return {"start": iso(slot.start), "end": iso(slot.end)}


def spans(slots: Iterable[Slot]) -> list[dict[str, str]]:
    """Slots as they stand in an answer."""
    return [span(slot) for slot in slots]
