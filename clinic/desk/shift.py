"""The hand-over note: what one shift writes down for the next, sealed, and gone after a long weekend."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from clinic import clock
from clinic.db import new_rid
from clinic.desk.models import ShiftNote
from clinic.privacy import sealing

BODY = "shift_note.body"
KEPT_DAYS = 3
LONGEST = 600


@dataclass(frozen=True, slots=True)
class Note:
    """A note as the next shift reads it; `key` is its handle on the page."""

    key: str
    by: str
    at: datetime
    text: str


def write(s: Session, location_id: int, by: str, text: str, now: datetime) -> None:
    """Leave a note for the shifts to come. `s` writes."""
    rid, day = new_rid(), clock.service_day(now)
    forget_on = day + timedelta(days=KEPT_DAYS)
    body = json.dumps({"by": by, "at": int(now.timestamp()), "text": text[:LONGEST]}, ensure_ascii=False)
    box = sealing.seal(forget_on, BODY, rid, body)
    s.execute(insert(ShiftNote).values(rid=rid, location_id=location_id, day=day, body=box, forget_on=forget_on))


def of_location(s: Session, location_id: int, today: date) -> tuple[Note, ...]:
    """The notes of a location that are still kept, the newest first."""
    rows = s.execute(
        select(ShiftNote.rid, ShiftNote.body).where(ShiftNote.location_id == location_id, ShiftNote.forget_on >= today)
    )
    found = []
    for rid, box in rows:
        try:
            body = json.loads(sealing.open_(BODY, rid, box))
        except sealing.Unreadable:
            continue
        at = datetime.fromtimestamp(body["at"], clock.ZONE)
        found.append(Note(rid.hex(), body["by"], at, body["text"]))
    return tuple(sorted(found, key=lambda note: (note.at, note.key), reverse=True))


def remove(s: Session, location_id: int, key: str) -> None:
    """Take a note away; one that is gone already stays gone. `s` writes."""
    s.execute(delete(ShiftNote).where(ShiftNote.location_id == location_id, ShiftNote.rid == bytes.fromhex(key)))


def forget(s: Session, today: date) -> int:
    """Delete the notes whose last day has passed; how many."""
    return int(s.execute(delete(ShiftNote).where(ShiftNote.forget_on < today)).rowcount)  # type: ignore[attr-defined]
