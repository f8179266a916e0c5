"""The demo's day: invented visits, walk-ins, a queue, somebody late and orders to hand over, made anew each day.

Everything goes through the doors that people use, at the hours at which people would have come.
"""

from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic import clock
from clinic.booking import availability, book, lateness, line, marking
from clinic.booking.appointments import AppointmentView
from clinic.booking.models import Appointment
from clinic.booking.refusals import NotASlot, NoTimeLeft, SlotTaken
from clinic.directory import catalogue
from clinic.directory.catalogue import Catalogue, LocationInfo
from clinic.kits import catalogue as shelf
from clinic.kits import orders
from clinic.kits.models import KitOrder

ACTOR = "demo"
MOST = 14  # visits of a place in a day
MISSED = 0.1
AHEAD = timedelta(minutes=20)  # who comes soon may be here already
QUEUE = (20, 30)  # minutes of those who came without a time
LATE_MINUTES = 15
BUSY_DESKS = 3  # the first places also have a walk-in, a queue and a room that runs late


def load(s: Session, now: datetime) -> None:
    """Fill today's rosters and counters of the example places, where they are empty yet. `s` writes."""
    day = clock.service_day(now)
    cat, chance = catalogue.current(s), Random(day.toordinal())  # noqa: S311 - invented visits
    begun = set(s.scalars(select(Appointment.location_id).where(Appointment.day == day).distinct()))
    places = [place for place in cat.locations.values() if place.example and place.bookable and place.id not in begun]
    busy = 0
    for place in places:
        visits = _book(s, cat, place, day, chance)
        for visit in visits:
            _mark(s, visit, now, chance)
        coming = [visit for visit in visits if visit.start > now]
        if coming and len(coming) < len(visits) and busy < BUSY_DESKS:
            busy += 1
            _at_the_desk(s, cat, place, coming[0], now)
    _orders(s, cat, now)


def _book(s: Session, cat: Catalogue, place: LocationInfo, day: date, chance: Random) -> list[AppointmentView]:
    """Visits of one day as they were booked at its beginning, in the order of their starts."""
    morning = clock.service_day_start(day)
    offered = {number for room in place.rooms for number in room.services}
    services = [one for one in sorted(offered) if not cat.services[one].walk_in_only]
    visits = []
    for service in chance.choices(services, k=MOST) if services else []:
        wanted = frozenset({service})
        free = [slot for slot in availability.slots(s, cat, place, wanted, day, 2, morning)
                if clock.service_day(slot.start) == day]  # fmt: skip
        if not free:
            continue
        start = chance.choice(free).start
        request = book.Request(place, wanted, start, "ru", "plain", None, None, False, None)
        try:
            visits.append(book.confirm(s, cat, request, morning).appointment)
        except (SlotTaken, NotASlot):
            continue
    return sorted(visits, key=lambda visit: visit.start)


def _mark(s: Session, visit: AppointmentView, now: datetime, chance: Random) -> None:
    """Mark a visit as a desk would have marked it until now."""
    place, minute = visit.location.id, timedelta(minutes=1)
    steps = [("booked", "here", visit.start - 5 * minute), ("here", "in_room", visit.start)]
    if visit.end + 5 * minute <= now:
        steps.append(("in_room", "done", visit.end))
        if chance.random() < MISSED:
            steps = [("booked", "missed", visit.start + 15 * minute)]
    elif visit.start > now:
        steps = steps[:1] if visit.start - now < AHEAD and chance.random() < 0.5 else []
    for was, to, at in steps:
        marking.set_status(s, place, visit.rid, was, to, ACTOR, min(at, now))


def _at_the_desk(s: Session, cat: Catalogue, place: LocationInfo, late: AppointmentView, now: datetime) -> None:
    """Somebody without a time, a queue, and the room of a coming visit that runs late."""
    try:
        book.walk_in(s, cat, place, None, QUEUE[0], now, ACTOR)
        for minutes in QUEUE:
            line.wait(s, place, minutes, now - timedelta(minutes=minutes), ACTOR)
    except NoTimeLeft:
        return
    if late.room is not None:
        seen = [notice.ticket for notice in lateness.foresee(s, place.id, late.room.id, LATE_MINUTES, now)]
        lateness.run_late(s, place.id, late.room.id, LATE_MINUTES, seen, ACTOR, now)


def _orders(s: Session, cat: Catalogue, now: datetime) -> None:
    """One order of each kit to hand over at each point where nothing is ordered yet."""
    known = shelf.kits(s, cat)
    begun = set(s.scalars(select(KitOrder.point_id).where(KitOrder.status == "reserved").distinct()))
    for point in known.points.values():
        if not point.location.example or point.id in begun:
            continue
        for kit in known.kits:
            request = orders.Request(kit, 1, point, "ru", "plain", None, False, False, None)
            try:
                with s.begin_nested():
                    orders.place(s, cat, request, now)
            except (orders.OutOfStock, orders.NotOffered, orders.PointClosed):
                continue
