"""Notes on a visit: sealed with its services, seen in the clinician's own room, forgotten with the visit."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from clinic import audit
from clinic.booking import appointments, placing
from clinic.booking.placing import APPOINTMENT
from clinic.booking.refusals import Gone

LONGEST = 500


def write(s: Session, location_id: int, rid: bytes, text: str, actor: str, now: datetime) -> None:
    """Put this note in place of the one before; "" takes it away. `s` writes. Raises Gone."""
    row = appointments.row_of(s, rid)
    if row.location_id != location_id:
        raise Gone
    row = appointments.locked(s, row)
    if row.status == "cancelled":
        raise Gone
    details = replace(placing.unseal(rid, row.details), notes=text[:LONGEST], lost=False)
    box = placing.seal(row.forget_on, rid, details)
    s.execute(update(APPOINTMENT).where(APPOINTMENT.c.rid == rid).values(details=box))
    audit.record(s, now, actor, "visit.note", row.day.isoformat(), location_id)
