"""What a desk's page shows, read in a few plain queries; its version tells whether anything has changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic import audit, clock
from clinic.booking import appointments, inside, lateness, line, rearranging, taken
from clinic.booking.appointments import DeskRow
from clinic.booking.models import Appointment
from clinic.booking.refusals import StatusChanged
from clinic.desk import roster
from clinic.directory import openness
from clinic.directory.catalogue import Catalogue, LocationInfo, RoomInfo
from clinic.directory.models import Location, Room
from clinic.messaging import outbox
from clinic.messaging.models import Message
from clinic.privacy import keys

LARGEST_TICKET = 99_999
UNVOUCHED = ("unknown", "failed", "undelivered", "expired")


@dataclass(frozen=True, slots=True)
class Unvouched:
    """A message of which nobody can say that it arrived, by the ticket it was about."""

    ticket: int
    state: str


@dataclass(frozen=True, slots=True)
class Board:
    """A location's service day for its desk."""

    roster: roster.Roster
    messages: tuple[Unvouched, ...]
    free_rooms: tuple[tuple[int, int], ...]  # (room, minutes): free now, for whoever waits in the line
    untold: tuple[DeskRow, ...]  # moved or taken off, and no message says so
    cancelled: tuple[tuple[int, datetime], ...]  # number and time of those that stood here and do not come
    held_up: str  # the provider's error for which no message goes out at all; "" when they do
    unsure: date | None  # today's date, while a person has to confirm it; nothing is sent before


def version(s: Session, cat: Catalogue, location_id: int, day: date, now: datetime) -> str:
    """Changes whenever the board would look different: with any write to the day or the catalogue, and each minute."""
    return f"{taken.version(s, location_id, day)}.{cat.version}.{int(now.timestamp()) // 60}"


def read(s: Session, cat: Catalogue, location: LocationInfo, day: date, now: datetime, whole: bool) -> Board:
    """The board of a day; `whole` unfolds the finished morning."""
    rows = lateness.promised(s, location.id, day, appointments.for_desk(s, cat, location.id, day).rows)
    busy = taken.load(s, [location.id], day, day)
    rooms = _rooms(s, location, rows)
    open_ = {r.id: openness.open_mask(cat, location, r, day) for r in location.rooms}
    today = day == clock.service_day(now)
    held = inside.held(rows, day, now) if today else {}
    masks = {r.id: busy.around(location.id, r.id, day) | held.get(r.id, 0) for r in rooms}
    late = lateness.of_day(s, location.id, day)
    built = roster.build(day, rooms, rows, open_, masks, location.grace_minutes, late, now, whole)
    at = clock.cell(now) - taken.first_cell(day)
    runs = [(r.id, line.free_run(open_[r.id], masks[r.id], at)) for r in location.rooms]
    free = tuple((room, cells * clock.CELL_MINUTES) for room, cells in runs if cells >= line.SHORTEST and today)
    untold = rearranging.untold(s, location.id, now) if today else ()
    return Board(
        built,
        _unvouched(s, rows),
        free,
        tuple(row for row in untold if row.status in ("booked", "cancelled")),
        _cancelled(s, location.id, day),
        outbox.held_up(s),
        clock.local(now).date() if keys.ring().has_leapt(clock.local(now).date()) else None,
    )


def _cancelled(s: Session, location_id: int, day: date) -> tuple[tuple[int, datetime], ...]:
    """Who had booked and has cancelled, or was: gone from the table, not from the desk's sight."""
    found = s.execute(
        select(Appointment.ticket, Appointment.start_cell)
        .where(Appointment.location_id == location_id, Appointment.day == day)
        .where(Appointment.status == "cancelled", Appointment.pass_id.is_not(None))
        .order_by(Appointment.start_cell, Appointment.ticket)
    )
    return tuple((ticket, clock.moment(cell)) for ticket, cell in found)


def _rooms(s: Session, location: LocationInfo, rows: Sequence[DeskRow]) -> tuple[RoomInfo, ...]:
    """The rooms in use, and those retired in which somebody still stands on the roster."""
    known = {r.id for r in location.rooms}
    lost = {row.room_id for row in rows if row.room_id is not None} - known
    if not lost:
        return location.rooms
    found = s.execute(select(Room).where(Room.id.in_(lost), Room.location_id == location.id)).scalars()
    return (
        *location.rooms,
        *(
            RoomInfo(
                id=r.id,
                location_id=r.location_id,
                name=r.name,
                hours=r.hours,
                hours_ph=r.hours_ph,
                pause=r.pause,
                services=frozenset(),
                retired_on=r.retired_on,
            )
            for r in found
        ),
    )


def _unvouched(s: Session, rows: Sequence[DeskRow]) -> tuple[Unvouched, ...]:
    about = {f"appointment:{row.rid.hex()}": row.ticket for row in rows}
    if not about:
        return ()
    found = s.execute(
        select(Message.about, Message.state).where(Message.about.in_(about), Message.state.in_(UNVOUCHED))
    )
    return tuple(sorted((Unvouched(about[a], state) for a, state in found), key=lambda u: (u.ticket, u.state)))


def rid_of(s: Session, location_id: int, day: date, ticket: int) -> bytes | None:
    """The visit behind a number of this location and day; None when there is none."""
    if not 0 < ticket <= LARGEST_TICKET:
        return None
    return s.scalar(
        select(Appointment.rid).where(
            Appointment.location_id == location_id, Appointment.day == day, Appointment.ticket == ticket
        )
    )


def give_up_walk_in(s: Session, location_id: int, day: date, rid: bytes, actor: str, now: datetime) -> None:
    """Take a walk-in off again who waits and does not want the time. `s` writes.

    Raises StatusChanged when the visit is no walk-in's or does not wait any more: nobody who booked is
    cancelled by ticket.
    """
    taken.bump(s, location_id, day, 0)
    row = s.execute(
        select(Appointment.rid, Appointment.status, Appointment.pass_id).where(
            Appointment.rid == rid, Appointment.location_id == location_id
        )
    ).one_or_none()
    if row is None or row.pass_id is not None or row.status != "here":
        raise StatusChanged(row.status if row else "")
    appointments.stop(s, row, now)
    audit.record(s, now, actor, "visit.walk_in_given_up", day.isoformat(), location_id)


def unseen_today(location: LocationInfo, now: datetime) -> bool:
    """Whether this is the first time today that somebody opens the roster of this location."""
    return location.desk_seen_on is None or location.desk_seen_on < clock.local(now).date()


def note_seen(s: Session, location_id: int, now: datetime) -> None:
    """Somebody looks at this roster: for the next seven days the place may give times."""
    s.get_one(Location, location_id).desk_seen_on = clock.local(now).date()
