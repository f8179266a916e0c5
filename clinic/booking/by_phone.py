"""Consultations by phone: she calls at the hour. The number stands under her code; hers is not asked."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from clinic.booking.appointments import AppointmentView
from clinic.directory.catalogue import ServiceInfo

OPENS = timedelta(minutes=15)  # before the hour
LIVE = ("booked", "here", "in_room")


def is_call(services: Iterable[ServiceInfo]) -> bool:
    """Whether nobody comes to a visit for these services: all or none of them are done by phone."""
    return any(service.by_phone for service in services)


def opens(start: datetime) -> datetime:
    """From when on the number to call stands under her code."""
    return start - OPENS


def number(view: AppointmentView, now: datetime) -> str:
    """The number to call, while it is time to call it; "" before, after, and for a visit to which she comes."""
    if not is_call(view.services) or view.status not in LIVE or not opens(view.start) <= now < view.end:
        return ""
    if view.room is None:
        return view.location.phone
    return view.room.phone or view.location.phone
