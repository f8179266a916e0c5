"""The calendar file of a visit: a plain entry that names nobody (RFC 5545).

Made only when she gives her code. Times are UTC, right on phones with old zone tables too. No METHOD:
PUBLISH and CANCEL would need an ORGANIZER, which would name us. The UID is derived from code and
appointment and stored nowhere; SEQUENCE grows with each move and once more when the visit is cancelled,
so that calendars keep the newest.
"""

from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

from clinic.booking.appointments import AppointmentView
from clinic.privacy import codes

ALLOWED = frozenset(
    ("PRODID", "VERSION", "UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "CLASS", "STATUS", "SEQUENCE")
) | {"BEGIN", "END", "ACTION", "DESCRIPTION", "TRIGGER"}  # the last three: of the alarm
ALARMS_BEFORE = (timedelta(hours=2), timedelta(minutes=30))  # the first that still lies ahead


def alarm_at(start: datetime, now: datetime) -> datetime | None:
    """When the entry of a visit at `start` rings; None when every such moment has passed."""
    return next((start - before for before in ALARMS_BEFORE if start - before > now), None)


def event(code: str, view: AppointmentView, cover_word: str, now: datetime, rings: bool = True) -> bytes:
    """A VCALENDAR with one VEVENT, whose title is her cover's word.

    `rings`: with an alarm, if one still lies ahead; once cancelled it has none.
    """
    # 5.5 MB that only this page needs
    from icalendar import Alarm, Calendar, Event

    cancelled = view.status == "cancelled"
    entry = Event()
    entry.add("uid", str(uid(code, view.rid)))
    entry.add("dtstamp", now.replace(microsecond=0))
    entry.add("dtstart", view.start)
    entry.add("dtend", view.end)
    entry.add("summary", cover_word)
    entry.add("class", "PRIVATE")
    entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    entry.add("sequence", view.moves + cancelled)
    at = alarm_at(view.start, now)
    if rings and at is not None and not cancelled:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", cover_word)
        alarm.add("trigger", at - view.start)
        entry.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", "-//C//1//EN")
    calendar.add("version", "2.0")
    calendar.add_component(entry)
    return bytes(calendar.to_ical())


def uid(code: str, rid: bytes) -> UUID:
    """The entry's name in her calendar: the same after every move, and nothing in the database makes it."""
    normal = codes.normal(code)
    if normal is None:
        raise ValueError("not a code")
    return UUID(bytes=blake2b(rid, key=normal.encode(), digest_size=16, person=b"calendar").digest(), version=4)
